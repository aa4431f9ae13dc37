"""Callers who take their time, in a process of its own: `python -m benchmarks.faults.crowd`, which is told what
they do on its stdin.

Each of them costs that process more than it costs the gateway. It gives way to those whose patience is measured, so
that what is measured is the gateway's slowness and not ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, astuple, dataclass
from functools import partial
from math import inf
from typing import Any, Final, TypeVar

import uvloop

from benchmarks.errors import BenchmarkFailed
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.load.clients import PATIENCE, Caller, Connection
from benchmarks.places import LOOPBACK, ROOT

_NEVER: Final = 120.0
"""Seconds after which a connection counts as never closed."""
_STAYS: Final = 3600.0
_FASTER: Final = 5.0
"""How much faster those act who have come: a handshake costs more than all that they do."""
_THERE: Final = b"there\n"
T = TypeVar("T")
_HUMBLE: Final = 3
"""How nice that process is (nice(1))."""


@dataclass(frozen=True, slots=True)
class End:
    """How one of them was cut off; seconds.

    Attributes:
        told: until the gateway said something, or closed.
        gone: until the connection was closed.
    """

    told: float
    gone: float


@dataclass(frozen=True, slots=True)
class Order:
    """What a crowd does.

    Attributes:
        act: what they do, by the name of the function.
        count: how many there are.
        pace: how many come in a second.
        port: of the gateway.
        files: authority, certificate, key.
        token: what their requests carry.
    """

    act: str
    count: int
    pace: float
    port: int
    files: tuple[str, str, str]
    token: str

    def caller(self) -> Caller:
        """Return the right caller."""
        authority, *identity = self.files
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(*identity)
        return Caller(self.port, context, self.token)


class Crowd:
    """A crowd in its own process, which is there by now, and waits.

    Args:
        process: which one.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    async def act(self) -> list[End]:
        """Let them do what they came for; return how each of them ended.

        Raises:
            BenchmarkFailed: they did not find their way.
        """
        told, _ = await self._process.communicate(b"go\n")
        if self._process.returncode:
            raise BenchmarkFailed(f"a crowd ended with {self._process.returncode}")
        return [End(*one) for one in json.loads(told)]


@asynccontextmanager
async def crowd_of(stage: Stage, gateway: Gateway, act: str, count: int, pace: float) -> AsyncIterator[Crowd]:
    """Let a crowd come, one after the other, and wait until all are there; at the end of the block, it is no more.

    Raises:
        BenchmarkFailed: the crowd did not find its way.
    """
    pki = stage.material.pki
    files = (str(pki.ca), str(pki.client), str(pki.client_key))
    order = Order(act, count, pace, gateway.caller.port, files, stage.material.tokens[0])
    around = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    command = ("nice", "-n", str(_HUMBLE), sys.executable, "-m", "benchmarks.faults.crowd")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=around, limit=1 << 24)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        if await process.stdout.readline() != _THERE:
            raise BenchmarkFailed(f"a crowd of {count} ({act}) did not find its way")
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


# --- in its own process --------------------------------------------------------------------------


async def _until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, begun: float) -> End:
    """Wait until the other end closes; an answer before that is thrown away."""
    loop, told = asyncio.get_running_loop(), 0.0
    try:
        async with asyncio.timeout(_NEVER):
            while await reader.read(1 << 16):
                told = told or loop.time() - begun
    except TimeoutError:
        return End(told or inf, inf)
    except OSError:
        pass
    finally:
        writer.transport.abort()
    gone = loop.time() - begun
    return End(told or gone, gone)


async def mute(caller: Caller, _: Connection | None) -> End:
    """Connect, and say nothing."""
    reader, writer = await asyncio.open_connection(LOOPBACK, caller.port)
    return await _until_the_end(reader, writer, asyncio.get_running_loop().time())


async def half_a_handshake(caller: Caller, _: Connection | None) -> End:
    """Begin a handshake, and stop."""
    reader, writer = await asyncio.open_connection(LOOPBACK, caller.port)
    begun = asyncio.get_running_loop().time()
    writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
    return await _until_the_end(reader, writer, begun)


async def octet_by_octet(_: Caller, connection: Connection) -> End:
    """Send a head without an end, octet by octet."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    connection.writer.write(b"GET /small HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    end = asyncio.ensure_future(_until_the_end(connection.reader, connection.writer, begun))
    while not end.done() and loop.time() - begun < PATIENCE:
        connection.writer.write(b"x")
        await asyncio.wait({end}, timeout=4)
    return await end


async def half_a_body(_: Caller, connection: Connection) -> End:
    """Stop within a body."""
    connection.writer.write(connection.head("/sink", "POST", "Content-Length: 1000") + b"x" * 500)
    return await _until_the_end(connection.reader, connection.writer, asyncio.get_running_loop().time())


async def unread(_: Caller, connection: Connection) -> End:
    """Ask for 10 MB, read none of it, and stay. A caller who does not read cannot see that he was cut off."""
    transport: Any = connection.writer.transport
    transport.pause_reading()
    connection.writer.write(connection.head("/octets?10000000"))
    await asyncio.sleep(_STAYS)
    return End(inf, inf)


async def asked(caller: Caller) -> Connection:
    """Return a connection that has made a good request, and is kept; its receive buffer is small."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (LOOPBACK, caller.port))
    opening = asyncio.open_connection(sock=plain, ssl=caller.context, server_hostname=LOOPBACK)
    connection = Connection(*await opening, caller.token)
    await connection.ask("/small")
    return connection


STRANGERS: Final = (mute, half_a_handshake)
REGULARS: Final = (octet_by_octet, half_a_body, unread)


async def _all(order: Order) -> list[End]:
    """Come, one after the other; say so; and at a word, act, one after the other, but faster."""
    caller = order.caller()
    stranger = {act.__name__: act for act in STRANGERS}.get(order.act)
    if stranger is not None:
        await _at_a_word()
        return await _paced([partial(stranger, caller, None)] * order.count, order.pace)
    act = {act.__name__: act for act in REGULARS}[order.act]
    connections = await _paced([partial(asked, caller)] * order.count, order.pace)
    await _at_a_word()
    faster = 1.0 if act is unread else _FASTER  # what nobody reads is sent all the same, up to what buffers hold
    return await _paced([partial(act, caller, one) for one in connections], faster * order.pace)


async def _paced(acts: Sequence[Callable[[], Awaitable[T]]], pace: float) -> list[T]:
    async def one(number: int, act: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(number / pace)
        return await act()

    return await asyncio.gather(*(one(number, act) for number, act in enumerate(acts)))


async def _at_a_word() -> None:
    sys.stdout.write(_THERE.decode())
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)


def main() -> None:
    """Do what stdin says; tell on stdout how each of them ended."""
    told = json.loads(sys.stdin.readline())
    ends = uvloop.run(_all(Order(**told)))
    json.dump([astuple(end) for end in ends], sys.stdout)


if __name__ == "__main__":
    main()
