"""Callers in our own process, for what no load generator does: hold, stall, break off, count.

They are for correctness and for low rates; what they measure contains the time of this program.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from benchmarks.material import Material
from benchmarks.places import LOOPBACK

PATIENCE: Final = 60.0
"""Seconds that a handshake may take: a crowd of thousands shares one core with us."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer.

    Attributes:
        status: its status.
        headers: its header fields, names in lower case.
        body: its content.
    """

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


class Connection:
    """One HTTP/1.1 connection, with one exchange at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str | None) -> None:
        self.reader, self.writer, self.token = reader, writer, token
        self.forget: Callable[[], None] = lambda: None

    def head(self, path: str, method: str = "GET", *fields: str) -> bytes:
        """Return the head of a request with our token."""
        proof = () if self.token is None else (f"Authorization: Bearer {self.token}",)
        return "\r\n".join((f"{method} {path} HTTP/1.1", f"Host: {LOOPBACK}", *proof, *fields, "", "")).encode()

    async def ask(self, path: str, method: str = "GET", body: bytes = b"", *fields: str) -> Answer:
        """Make one request; return the answer.

        Raises:
            OSError, EOFError: the connection has ended before the answer has.
        """
        length = (f"Content-Length: {len(body)}",) if body or method == "POST" else ()
        self.writer.write(self.head(path, method, *length, *fields) + body)
        return await self.answer()

    async def answer(self) -> Answer:
        """Read one answer.

        Raises:
            OSError, EOFError: the connection has ended before it.
        """
        status, headers = await self.answer_head()
        body = bytearray()
        async for piece in self.content(headers):
            body += piece
        return Answer(status, headers, bytes(body))

    async def answer_head(self) -> tuple[int, dict[str, str]]:
        """Read the head of an answer.

        Raises:
            OSError, EOFError: the connection has ended before it.
        """
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), {name.lower(): value.strip() for name, _, value in fields}

    async def content(self, headers: dict[str, str]) -> AsyncIterator[bytes]:
        """Read the content of an answer, piece by piece.

        Raises:
            OSError, EOFError: the connection has ended before it.
        """
        if headers.get("transfer-encoding") != "chunked":
            async for piece in self._octets(int(headers.get("content-length", 0))):
                yield piece
            return
        while size := int(await self.reader.readline() or b"x", 16):
            async for piece in self._octets(size):
                yield piece
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)

    async def _octets(self, left: int) -> AsyncIterator[bytes]:
        while left:
            piece = await self.reader.read(min(left, 1 << 16))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece

    @property
    def open(self) -> bool:
        """Whether the other end has not closed it, as far as we have heard."""
        return not self.reader.at_eof() and not self.writer.is_closing() and self.reader.exception() is None

    def abort(self) -> None:
        """Break it off."""
        self.writer.transport.abort()
        self.forget()


@dataclass(frozen=True, slots=True)
class Caller:
    """How one caller reaches a gateway.

    Attributes:
        port: where the gateway is.
        context: with the authority, certificate and key.
        token: what its requests carry.
        opened: the connections that it has made and has not broken off.
    """

    port: int
    context: ssl.SSLContext
    token: str | None = field(repr=False)
    opened: set[Connection] = field(default_factory=set, repr=False, compare=False)

    @classmethod
    def of(cls, port: int, material: Material) -> Caller:
        """Return the right caller: certificate, and the first token."""
        context = ssl.create_default_context(cafile=str(material.pki.ca))
        context.load_cert_chain(material.pki.client, material.pki.client_key)
        return cls(port, context, material.tokens[0])

    async def connect(self, patience: float = PATIENCE) -> Connection:
        """Return a new connection, its handshake done.

        Raises:
            OSError: it is refused, broken off, or not ready in time.
        """
        opening = asyncio.open_connection(LOOPBACK, self.port, ssl=self.context, ssl_handshake_timeout=patience)
        reader, writer = await asyncio.wait_for(opening, patience)
        connection = Connection(reader, writer, self.token)
        self.opened.add(connection)
        connection.forget = partial(self.opened.discard, connection)
        return connection

    def leave(self) -> None:
        """Break off every connection."""
        for connection in tuple(self.opened):
            connection.abort()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """Keep a connection while the block runs."""
        connection = await self.connect()
        try:
            yield connection
        finally:
            connection.abort()


async def crowd(caller: Caller, count: int, path: str = "/small", *, at_a_time: int = 100) -> list[Connection]:
    """Return that many connections, each of which has made one request.

    Raises:
        OSError, EOFError: one of them could not.
    """
    gate = asyncio.Semaphore(at_a_time)

    async def one() -> Connection:
        async with gate:
            connection = await caller.connect()
            answer = await connection.ask(path)
            if answer.status != 200:
                raise ConnectionRefusedError(f"status {answer.status}")
            return connection

    return list(await asyncio.gather(*(one() for _ in range(count))))
