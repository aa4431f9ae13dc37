"""Serves a key set, or what a broken or hostile issuer would serve instead."""

from __future__ import annotations

import asyncio
from typing import Self

from benchmarks.places import LOOPBACK


class IssuerStub:
    """An HTTP server of our own process.

    Args:
        document: the key set.

    Attributes:
        document: what it serves; may be changed.
        mood: "well", "refusing" (500), "hanging" or "breaking" (RST).
        fetches: how often it was asked.
    """

    def __init__(self, document: str) -> None:
        self.document = document.encode()
        self.mood = "well"
        self.fetches = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """Where the key set is."""
        assert self._server is not None
        return f"http://{LOOPBACK}:{self._server.sockets[0].getsockname()[1]}/jwks.json"

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
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.fetches += 1
                await self._answer(writer)
        except (OSError, EOFError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.mood == "hanging":
            await asyncio.sleep(3600)
        if self.mood == "breaking":
            raise ConnectionResetError
        status = "500 Internal Server Error" if self.mood == "refusing" else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(self.document)}\r\n\r\n"
        writer.write(head.encode() + self.document)
        await writer.drain()
