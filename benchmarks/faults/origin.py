"""The protected side, in every mood: a process of its own, so that it can be killed.

    python -m benchmarks.faults.origin PORT FILE     each POST leaves a line in FILE, which outlives us

/small        1 KB                          /slow?S       1 KB, after S seconds
/octets?N     N octets                      /hang         nothing, ever
/drip?N       N octets, one a second        /garbage      what is no HTTP
/reset        half an answer, then RST      /cut          half a chunked answer, then FIN
/sink         takes the body                /later?S      takes the body, from S seconds on
/shown?NAME   that field of the request     /state        what goes on here, as JSON
/socket       octets come back, once the protocol has been changed to WebSocket
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import struct
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import uvloop

_PIECE: Final = bytes(1 << 16)


@dataclass(slots=True)
class State:
    """What goes on here.

    Attributes:
        posts: where each POST leaves a line.
        connections: open now.
        active: exchanges under way now.
        requests: taken so far.
        sent, taken: octets of content, both ways.
    """

    posts: Path
    connections: int = 0
    active: int = 0
    requests: int = 0
    sent: int = 0
    taken: int = 0


@dataclass(slots=True)
class Exchange:
    """One request, and how to answer it."""

    state: State
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    path: str
    argument: str
    fields: dict[str, str] = field(default_factory=dict)

    async def answer(self, content: bytes, status: str = "200 OK") -> None:
        """Write a whole answer."""
        self.writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        await self.writer.drain()

    async def take(self) -> int:
        """Read the body; return how long it was."""
        if self.fields.get("transfer-encoding") == "chunked":
            return await self._take_chunks()
        left = whole = int(self.fields.get("content-length", 0))
        while left:
            left -= await self._piece(left)
        return whole

    async def _take_chunks(self) -> int:
        whole = 0
        while size := int(await self.reader.readline() or b"x", 16):
            whole, left = whole + size, size
            while left:
                left -= await self._piece(left)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return whole

    async def _piece(self, most: int) -> int:
        data = await self.reader.read(min(most, 1 << 18))
        if not data:
            raise ConnectionResetError
        self.state.taken += len(data)
        return len(data)

    def break_off(self, *, reset: bool) -> None:
        """End the connection in the middle, with RST or with FIN."""
        if reset:
            own: socket.socket = self.writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        raise ConnectionResetError


async def small(exchange: Exchange) -> None:
    """Answer at once."""
    await exchange.take()
    await exchange.answer(b"x" * 1024)


async def slow(exchange: Exchange) -> None:
    """Answer after a while."""
    await exchange.take()
    await _sleep(exchange, float(exchange.argument))
    await exchange.answer(b"x" * 1024)


async def hang(exchange: Exchange) -> None:
    """Take the request, and answer never."""
    await exchange.take()
    await _sleep(exchange, 3600)


async def octets(exchange: Exchange) -> None:
    """Answer with as much as is asked for."""
    left = int(exchange.argument)
    exchange.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {left}\r\n\r\n".encode())
    while left:
        piece = _PIECE[:left]
        exchange.writer.write(piece)
        left -= len(piece)
        exchange.state.sent += len(piece)
        await exchange.writer.drain()


async def drip(exchange: Exchange) -> None:
    """Answer one octet a second."""
    count = int(exchange.argument)
    exchange.writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {count}\r\n\r\n".encode())
    for _ in range(count):
        await _sleep(exchange, 1)
        exchange.writer.write(b"x")


async def garbage(exchange: Exchange) -> None:
    """Answer with what is none."""
    exchange.writer.write(b"!! no such protocol\r\n\r\n")
    await exchange.writer.drain()
    exchange.break_off(reset=False)


async def reset(exchange: Exchange) -> None:
    """Break half an answer off."""
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(50_000))
    await exchange.writer.drain()
    await asyncio.sleep(0.2)
    exchange.break_off(reset=True)


async def cut(exchange: Exchange) -> None:
    """End half a chunked answer as if it were whole."""
    exchange.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8\r\nabcdefgh\r\n" * 1000)
    await exchange.writer.drain()
    await asyncio.sleep(0.2)
    exchange.break_off(reset=False)


async def sink(exchange: Exchange) -> None:
    """Take the body, say how long it was."""
    await exchange.answer(str(await exchange.take()).encode())


async def later(exchange: Exchange) -> None:
    """Take nothing for a while."""
    await asyncio.sleep(float(exchange.argument))
    await sink(exchange)


async def shown(exchange: Exchange) -> None:
    """Say what a field of the request held."""
    await exchange.take()
    await exchange.answer(exchange.fields.get(exchange.argument.lower(), "").encode())


async def socket_(exchange: Exchange) -> None:
    """Change the protocol, and send every octet back: what they mean is nobody's business on the way."""
    key = exchange.fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 4.2.2
    accept = b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    )
    exchange.writer.write("\r\n".join((*lines, "", "")).encode())
    while data := await exchange.reader.read(1 << 16):
        exchange.writer.write(data)
        await exchange.writer.drain()
    raise ConnectionResetError


async def state(exchange: Exchange) -> None:
    """Say what goes on."""
    await exchange.take()
    told = {name: getattr(exchange.state, name) for name in ("connections", "active", "requests", "sent", "taken")}
    await exchange.answer(json.dumps(told).encode())


MOODS: Final[dict[str, Callable[[Exchange], Awaitable[None]]]] = {
    mood.__name__.strip("_"): mood
    for mood in (small, slow, hang, octets, drip, garbage, reset, cut, sink, later, shown, socket_, state)
}


async def _sleep(exchange: Exchange, seconds: float) -> None:
    """Sleep, or wake at once when the other end goes away."""
    gone = asyncio.ensure_future(exchange.reader.read(1))
    done, _ = await asyncio.wait({gone}, timeout=seconds)
    if done:
        raise ConnectionResetError
    gone.cancel()
    await asyncio.wait({gone})


async def _exchanges(known: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        line, *rest = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ")
        path, _, argument = target.partition("?")
        fields = (one.partition(":") for one in rest if one)
        exchange = Exchange(known, reader, writer, path, unquote(argument))
        exchange.fields = {name.lower(): value.strip() for name, _, value in fields}
        known.requests += 1
        if method == "POST":
            with known.posts.open("a") as file:
                file.write(target + "\n")
        known.active += 1
        try:
            await MOODS[path.rpartition("/")[2]](exchange)
        finally:
            known.active -= 1


async def serve(port: int, posts: Path) -> None:
    """Answer for ever."""
    known = State(posts)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known.connections += 1
        try:
            await _exchanges(known, reader, writer)
        except (OSError, EOFError, ValueError, LookupError):
            pass
        finally:
            known.connections -= 1
            writer.close()

    server: Any = await asyncio.start_server(connected, "127.0.0.1", port, backlog=4096)
    for listener in server.sockets:
        _modest(listener)
    await server.serve_forever()


def _modest(listener: Any) -> None:
    """Have the kernel take little for a gateway that does not read: in earnest that is another machine's memory."""
    own = socket.socket(fileno=os.dup(listener.fileno()))
    with own:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 1 << 18)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
