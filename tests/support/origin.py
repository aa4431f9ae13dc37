"""A web server on loopback that answers exactly the octets that a test wrote."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

Script: TypeAlias = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def ok(body: bytes, *fields: str) -> bytes:
    """A plain 200."""
    head = "\r\n".join(("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *fields))
    return head.encode() + b"\r\n\r\n" + body


class Origin:
    """The server.

    Attributes:
        answers: what each path answers: octets, or something that writes them.
        asked: how often each path was asked for.
        heads: the heads of the requests, as received.
    """

    def __init__(self, scheme: str) -> None:
        self.answers: dict[str, Script] = {}
        self.asked: Counter[str] = Counter()
        self.heads: list[bytes] = []
        self.port = 0
        self._scheme = scheme

    def url(self, path: str = "") -> str:
        """Where a path of this server is."""
        return f"{self._scheme}://127.0.0.1:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            path = head.split(b" ")[1].decode()
            self.asked[path] += 1
            answer = self.answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had seen enough
        finally:
            writer.close()


@asynccontextmanager
async def origin(tls: ssl.SSLContext | None = None) -> AsyncIterator[Origin]:
    """Run a server for as long as the block lasts."""
    running = Origin("http" if tls is None else "https")
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
