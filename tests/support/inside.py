"""An ASGI server that consists of its messages: for applications behind the middleware."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.support.tokens import Signer, key_set

CANARY = "canary-of-the-vault-91c2"
POLICY = """
version: 1
listeners: {public: {bind: "127.0.0.1:0", plaintext: accepted}}
issuers:
  bank: {issuer: "https://id.example.com", jwks_file: file:jwks.json, audiences: [accounts], algorithms: [ES256]}
vaults: {folder: {type: files, path: secrets}}
credentials: {legacy: {vault: folder}, nowhere: {vault: folder}}
upstreams: {app: {endpoints: ["http://127.0.0.1:1"]}}
routes:
  - name: open
    match: {path: /open/**}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [header: {name: X-Subject, value: "{principal.subject}"}]
    upstream: app
  - name: accounts
    match: {path: /accounts/**, methods: [GET, HEAD]}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: [scopes: {all: [read]}]
    inject: [basic: {credential: legacy}, header: {name: X-Subject, value: "{principal.subject}"}]
    upstream: app
  - name: api
    match: {path: /api/accounts}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: anyone
    upstream: app
  - name: live
    match: {path: /live}
    authenticate: {jwt: {issuers: [bank]}}
    authorize: anyone
    upgrades: [websocket]
    upstream: app
  - name: broken
    match: {path: /broken}
    authenticate: {anonymous: {}}
    authorize: anyone
    inject: [basic: {credential: nowhere}]
    upstream: app
"""


class Policy:
    """A policy in a folder, with the key of its issuer.

    Args:
        folder: for the file, its keys and its vault.
        text: of the file.
    """

    def __init__(self, folder: Path, text: str = POLICY) -> None:
        self.file = folder / "gateway.yaml"
        self.file.write_text(text)
        self._signer = Signer("bank-1")
        (folder / "jwks.json").write_bytes(key_set(self._signer))
        place = folder / "secrets" / "legacy"
        place.mkdir(parents=True)
        for name, value in {"id": "svc", "secret": CANARY}.items():
            (place / name).write_text(value)
            (place / name).chmod(0o600)

    def bearer(self, **claims: Any) -> tuple[str, str]:
        """Return the field with a token."""
        now = time.time()
        whole = {"iss": "https://id.example.com", "aud": "accounts", "sub": "alice", "iat": now, "exp": now + 600}
        return "authorization", f"Bearer {self._signer.token({**whole, 'scope': 'read', **claims}).decode()}"


class Said:
    """What was sent.

    Args:
        messages: in order.
    """

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages
        self.kinds = [one["type"] for one in messages]

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def content(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.messages)

    @property
    def reason(self) -> str:
        return json.loads(self.content)["reason"]


def http(target: str = "/open/a", *headers: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return a scope, as servers write it."""
    path, _, query = target.partition("?")
    fields = [("host", "localhost"), *headers] if not any(name == "host" for name, _ in headers) else headers
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 80),
        "extensions": {},
        **more,
    }


def websocket(target: str = "/open/a", *headers: tuple[str, str], denial: bool = True, **more: Any) -> dict[str, Any]:
    """Return the scope of a WebSocket; `denial`: the server can answer it with a response."""
    scope = http(target, *headers, **{"type": "websocket", "scheme": "ws", "subprotocols": [], **more})
    del scope["method"]
    scope["extensions"] = {"websocket.http.response": {}} if denial else {}
    return scope


async def ask(app: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> Said:
    """Have a scope answered; the application may receive these messages, and no more."""
    coming = list(messages or ({"type": "websocket.connect"},) if scope["type"] == "websocket" else messages)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        assert coming, "somebody reads what is not there"
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    return Said(sent)


@asynccontextmanager
async def living(app: Any) -> AsyncIterator[None]:
    """Run an application's lifespan, as servers do."""
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, asked.get, said.put))
    for word in ("startup", "shutdown"):
        await asked.put({"type": f"lifespan.{word}"})
        assert (await asyncio.wait_for(said.get(), 10))["type"] == f"lifespan.{word}.complete"
        if word == "startup":
            yield
    await task


class Seen:
    """An application that remembers what it was shown."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            raise ValueError(scope["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"seen"})

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """What it was shown last."""
        return self.scopes[-1]["headers"]

    def values(self, name: bytes) -> list[bytes]:
        return [value for found, value in self.headers if found == name]
