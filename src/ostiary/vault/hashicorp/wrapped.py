"""A secret that was handed over wrapped: it can be opened once, so that nobody else has read it on the way.

Where it comes from is looked at before it is opened: somebody who has put a wrapping of his own in its place
would otherwise choose whom we are. What was opened is kept in memory for later logins.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import structlog

from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied
from ostiary.vault.hashicorp.api import Api, Reply
from ostiary.vault.hashicorp.login import Method, Read, not_now, read_line

log = structlog.get_logger("ostiary.vault")


class Wrapped:
    """The secret of a role, wrapped.

    Args:
        source: where the wrapping token is.
        method: whose role it must have been made for.
    """

    def __init__(self, source: Read, method: Method) -> None:
        self._source = source
        self._method = method
        self._opened: tuple[Secret, Secret] | None = None

    async def secret(self, api: Api) -> Secret:
        """Return the secret, opening it the first time.

        Raises:
            AccessDenied: it was opened before, by somebody else; or it is something else.
            Unavailable: the server cannot say now.
        """
        wrapping = await read_line(self._source)
        if self._opened is None or self._opened[0] != wrapping:
            await self._look(api, wrapping)
            self._opened = wrapping, await self._open(api, wrapping)
        return self._opened[1]

    async def _look(self, api: Api, wrapping: Secret) -> None:
        reply = await self._ask(api, "lookup", {"token": wrapping}, None)
        path = _data(reply).get("creation_path")
        ours = isinstance(path, str) and path.startswith(f"auth/{self._method.mount}/role/")
        if not ours or not str(path).endswith("/secret-id"):
            log.error("wrapped secret is something else: somebody may have put it there", created_at=str(path))
            raise AccessDenied("what is wrapped was not made by the role's method")

    async def _open(self, api: Api, wrapping: Secret) -> Secret:
        value = _data(await self._ask(api, "unwrap", {}, wrapping)).get("secret_id")
        if not isinstance(value, str):
            raise AccessDenied("what was wrapped is no secret of a role")
        return Secret(value)

    async def _ask(self, api: Api, what: str, body: dict[str, Secret | str | int], token: Secret | None) -> Reply:
        namespace = self._method.namespace
        reply = await api.call("POST", f"sys/wrapping/{what}", token=token, body=body, namespace=namespace)
        if reply.status == HTTPStatus.OK and reply.spoken:
            return reply
        if reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN) and reply.spoken:
            log.error("wrapped secret cannot be opened: it has ended, or somebody else has opened it")
            raise AccessDenied("the wrapped secret was opened before, or has ended")
        raise not_now(reply)


def _data(reply: Reply) -> Mapping[str, object]:
    data = reply.body.get("data")
    return data if isinstance(data, Mapping) else {}
