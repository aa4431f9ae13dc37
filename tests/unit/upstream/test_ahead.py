"""How much does the kernel take from an upstream for a caller who reads nothing?"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import pytest
import uvloop

from ostiary.upstream.ahead import _AHEAD, bound

_MEMORY = 55  # SO_MEMINFO of Linux; the first of its numbers is what was received and not read
_SIZE = 64 << 20


class Reader(asyncio.Protocol):
    """Reads so much, and then nothing."""

    def __init__(self, much: int) -> None:
        self._left = much
        self.paused = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left <= 0 and not self.paused.is_set():
            self.transport.pause_reading()
            self.paused.set()


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    piece = bytes(1 << 16)
    try:
        for _ in range(_SIZE // len(piece)):
            writer.write(piece)
            await writer.drain()
        await reader.read()
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        writer.transport.abort()


async def _kept(much: int) -> int:
    """Return how many octets the kernel keeps once that much was read, and no more is."""
    server = await asyncio.start_server(_send, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    address = server.sockets[0].getsockname()[:2]
    transport, reader = await loop.create_connection(lambda: Reader(much), *address)
    bound(transport)
    async with asyncio.timeout(20):
        await reader.paused.wait()
    own, before = transport.get_extra_info("socket"), -1
    while before != (now := struct.unpack("=I", own.getsockopt(socket.SOL_SOCKET, _MEMORY, 4))[0]):
        before = now
        await asyncio.sleep(0.1)
    transport.abort()
    server.close()
    await asyncio.sleep(0.05)
    return int(now)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what its memory holds")
@pytest.mark.parametrize("much", [1, 1 << 20, _SIZE // 2])
def test_no_more_than_was_allowed_however_fast_was_read_before(much: int) -> None:
    assert 0 < uvloop.run(_kept(much)) <= 2 * _AHEAD + (1 << 16)


async def test_a_unix_socket_is_left_alone() -> None:
    one, other = socket.socketpair()
    with other:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=one)
        before = one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        bound(transport)
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == before
        transport.abort()
        await asyncio.sleep(0)


async def test_a_connection_that_is_gone_already_is_no_trouble() -> None:
    one, other = socket.socketpair()
    other.close()
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=one)
    transport.abort()
    await asyncio.sleep(0.01)
    bound(transport)


class _Nowhere(asyncio.BaseTransport):
    def get_extra_info(self, name: str, default: object = None) -> object:
        return default


def test_what_has_no_socket_is_left_alone() -> None:
    bound(_Nowhere())
