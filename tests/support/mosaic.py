"""A double of Axinom's identity service, as its published client packages talk to it: metadata, a service account's
token, and the permissions of services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

CLIENT, SECRET, TOKEN = "ax-client", "ax-secret-c4n4ry", "ax-token-c4n4ry"


class Mosaic:
    """The service.

    Attributes:
        permissions: what services have said, by service: key -> title.
        asked: the operations, in order.
        down: how many of the next requests end without an answer.
        elsewhere: what it says of where permissions are kept, in place of itself.
    """

    def __init__(self) -> None:
        self.permissions: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.down = 0
        self.elsewhere: Any = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                if self.down > 0:
                    self.down -= 1
                    return
                status, document = self._answer(head[0].split()[1], fields, json.loads(body or b"{}"))
                content = json.dumps(document).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
                    + content
                )
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, fields: dict[str, str], asked: dict[str, Any]) -> tuple[int, Any]:
        if path == "/.well-known":
            self.asked.append("metadata")
            place = self.elsewhere if self.elsewhere is not None else f"{self.url}/access/graphql"
            return 200, {"accessManagementGraphQlEndpoint": place, "authEndpoint": self.url}
        given = asked.get("variables", {})
        if path == "/graphql" and "authenticateServiceAccount" in asked.get("query", ""):
            self.asked.append("token")
            return 200, self._token(given)
        if path == "/access/graphql" and "synchronizePermissions" in asked.get("query", ""):
            self.asked.append("permissions")
            return 200, self._synchronize(given["input"], fields.get("authorization"))
        return 404, {}

    def _token(self, given: dict[str, Any]) -> Any:
        if (given.get("clientId"), given.get("clientSecret")) != (CLIENT, SECRET):
            return {"errors": [{"message": f"{given} is not known", "code": "SERVICE_ACCOUNT_UNKNOWN"}], "data": None}
        token = {"accessToken": TOKEN, "expiresInSeconds": 3600, "tokenType": "Bearer", "__typename": "TokenPayload"}
        return {"data": {"authenticateServiceAccount": token}}

    def _synchronize(self, given: dict[str, Any], authorization: str | None) -> Any:
        if authorization != f"Bearer {TOKEN}":
            return {"errors": [{"message": "no", "extensions": {"code": "ACCESS_TOKEN_INVALID"}}]}
        offered = {one["key"]: one["title"] for one in given["permissions"]}
        before = self.permissions.get(given["serviceId"], {})
        self.permissions[given["serviceId"]] = offered
        done = {
            "added": sorted(offered.keys() - before.keys()),
            "removed": sorted(before.keys() - offered.keys()) or None,
        }
        return {"data": {"synchronizePermissions": {**done, "__typename": "SynchronizePermissionsPayload"}}}


@asynccontextmanager
async def mosaic() -> AsyncIterator[Mosaic]:
    """Run it for as long as the block lasts."""
    running = Mosaic()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
