"""An issuer and a vault of our own process, and what broken or hostile ones would serve instead."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Self

from benchmarks.places import LOOPBACK


class Stub:
    """An HTTP server that answers every question with a document, as its mood is.

    Attributes:
        mood: "well", "refusing" (500), "hanging" or "breaking" (the connection ends without an answer).
        asked: the paths that were asked for, in order.
        announced: whether the length of an answer is said before; else the end of the connection is its end.
    """

    def __init__(self) -> None:
        self.mood = "well"
        self.announced = True
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def content(self, path: str) -> bytes:
        """Return what is served there."""
        raise NotImplementedError

    @property
    def address(self) -> str:
        """Where it is."""
        assert self._server is not None
        return f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError, EOFError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                self.asked.append(path)
                await self._answer(writer, path)
        self._open.discard(writer)
        writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter, path: str) -> None:
        if self.mood == "hanging":
            await asyncio.sleep(3600)
        if self.mood == "breaking":
            raise ConnectionResetError
        status = "500 Internal Server Error" if self.mood == "refusing" else "200 OK"
        content = b"{}" if self.mood == "refusing" else self.content(path)
        framing = f"Content-Length: {len(content)}" if self.announced else "Connection: close"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode() + content)
        await writer.drain()
        if not self.announced:
            raise EOFError


class IssuerStub(Stub):
    """Serves a key set.

    Attributes:
        document: the key set; may be changed.
    """

    def __init__(self, document: str) -> None:
        super().__init__()
        self.document = document.encode()

    def content(self, path: str) -> bytes:
        """Return the key set."""
        del path
        return self.document

    @property
    def url(self) -> str:
        """Where the key set is."""
        return f"{self.address}/jwks.json"


class VaultStub(Stub):
    """Serves one record as a KV engine (version 2) does, and a token that does not end."""

    def __init__(self, user: str, password: str) -> None:
        super().__init__()
        self._record = {"id": user, "secret": password}

    def content(self, path: str) -> bytes:
        """Return the record, or what the token is."""
        if path.endswith("/lookup-self"):
            return json.dumps({"data": {"ttl": 0, "renewable": False, "expire_time": None, "orphan": True}}).encode()
        metadata = {"version": 1, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False}
        return json.dumps({"data": {"data": self._record, "metadata": metadata}}).encode()

    def records(self) -> int:
        """Return how often a record was asked for."""
        return sum("/data/" in path for path in self.asked)
