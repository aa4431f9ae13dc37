"""Callers who take their time: with the handshake, with a head, with a body, with reading."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Gateway, Origin, Stage
from benchmarks.faults.traffic import Traffic, quiet, traffic
from benchmarks.load.clients import PATIENCE, Caller, Connection
from benchmarks.places import LOOPBACK

_SLACK: Final = 1.0
"""Time-outs are looked at twice a second, and so is what came of them."""
_NEVER: Final = 120.0
"""Seconds after which a connection counts as never closed."""
_LINGERING: Final = 2.0
"""Seconds in which the gateway lets a caller read the answer that ends the connection."""
_PACE: Final = 100.0
"""Connections a second that a crowd makes: full handshakes, which cost us more than they cost the gateway."""


def _timeouts(**seconds: float) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["upstreams"]["protected"]["connections"] = 4000  # else the pool is full before the crowd has come
        document["listeners"]["public"]["timeouts"] = {name: f"{value:g}s" for name, value in seconds.items()}

    return change


async def handshakes(stage: Stage, extent: Extent) -> list[Figure]:
    """Half of them say nothing; half of them begin a handshake and stop."""
    count, bound = extent(2000, 100), extent(10.0, 1.0)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _timeouts(handshake=bound)) as gateway:
            before = await quiet(gateway.caller, extent(200, 50), extent(5.0, 1.0))
            async with traffic(gateway.caller, extent(200, 50)) as good:
                ends = await asyncio.gather(*(_stalled(gateway, number) for number in range(count)))
    longest = max(end.gone for end in ends)
    return [
        at_most(f"handshakes: {count:,} stalled, the last one closed", longest, bound, "s", slack=_SLACK),
        *_unharmed("handshakes", good, before),
    ]


async def _stalled(gateway: Gateway, number: int) -> End:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(number / (5 * _PACE))
    reader, writer = await asyncio.open_connection(LOOPBACK, gateway.caller.port)
    begun = loop.time()
    if number % 2:  # the others are mute
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
    return await _until_the_end(reader, writer, begun)


@dataclass(frozen=True, slots=True)
class End:
    """How one of them was cut off; seconds.

    Attributes:
        told: until the gateway said something, or closed.
        gone: until the connection was closed.
    """

    told: float
    gone: float


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


def _unharmed(name: str, good: Traffic, before: Traffic) -> list[Figure]:
    """Return what those have seen who did everything right."""
    return [
        exactly(
            f"{name}: good requests that failed, of {len(good.seen):,}", f"{good.failed()} {good.told()}".strip(), "0"
        ),
        at_most(f"{name}: p99 of good requests beside quiet", good.p99() / before.p99(), 2, "x", timing=True),
    ]


async def slowloris(stage: Stage, extent: Extent) -> list[Figure]:
    """A crowd sends heads octet by octet, some stop within a body, some do not read."""
    bounds = {"headers": extent(10.0, 2.0), "body": extent(30.0, 2.0), "send": extent(60.0, 2.0)}
    heads, others = extent(4000, 60), extent(500, 20)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _timeouts(**bounds)) as gateway:
            before = await quiet(gateway.caller, extent(200, 50), extent(5.0, 1.0))
            async with traffic(gateway.caller, extent(200, 50)) as good:
                partial, stalled, unread = await asyncio.gather(
                    _crowd(gateway.caller, heads, _octet_by_octet),
                    _crowd(gateway.caller, others, _half_a_body),
                    _unread(gateway.caller, origin, others, bounds["send"]),
                )
    return [
        *_cut(f"{heads:,} slow heads", partial, bounds["headers"]),
        *_cut(f"{others} stalled bodies", stalled, bounds["body"]),
        at_most(f"slowloris: {others} who do not read, the last one cut", unread, bounds["send"], "s", slack=_SLACK),
        *_unharmed("slowloris", good, before),
    ]


def _cut(who: str, ends: list[End], bound: float) -> list[Figure]:
    told, gone = max(end.told for end in ends), max(end.gone for end in ends)
    return [
        at_most(f"slowloris: {who}, the last one refused", told, bound, "s", slack=_SLACK),
        at_most(f"slowloris: {who}, the last one closed", gone, bound + _LINGERING, "s", slack=_SLACK),
    ]


async def _crowd(caller: Caller, count: int, act: Callable[[Connection], Awaitable[End]]) -> list[End]:
    """Let a crowd come, one after the other; return how each of them ended."""

    async def one(number: int) -> End:
        await asyncio.sleep(number / _PACE)
        return await act(await caller.connect())

    return await asyncio.gather(*(one(number) for number in range(count)))


async def _octet_by_octet(connection: Connection) -> End:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    connection.writer.write(b"GET /small HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    end = asyncio.ensure_future(_until_the_end(connection.reader, connection.writer, begun))
    while not end.done() and loop.time() - begun < PATIENCE:
        connection.writer.write(b"x")
        await asyncio.wait({end}, timeout=4)
    return await end


async def _half_a_body(connection: Connection) -> End:
    connection.writer.write(connection.head("/sink", "POST", "Content-Length: 1000") + b"x" * 500)
    return await _until_the_end(connection.reader, connection.writer, asyncio.get_running_loop().time())


async def _unread(caller: Caller, origin: Origin, count: int, bound: float) -> float:
    """Ask for 10 MB and read none of it; return when the protected side is rid of the last one.

    The caller cannot see that it was cut off, because it does not read: who writes to the gateway can.
    """
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(count):
        connections.append(await _narrow(caller))
        connections[-1].writer.write(connections[-1].head("/octets?10000000"))
        await asyncio.sleep(1 / _PACE)
    begun = loop.time()
    await asyncio.sleep(bound / 2)
    while await origin.active() and loop.time() - begun < 2 * bound:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.2)
    took = loop.time() - begun
    for connection in connections:
        connection.abort()
    return took


async def _narrow(caller: Caller) -> Connection:
    """Connect with a small receive buffer, and stop reading."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, (LOOPBACK, caller.port))
    opening = asyncio.open_connection(sock=plain, ssl=caller.context, server_hostname=LOOPBACK)
    reader, writer = await opening
    transport: Any = writer.transport
    transport.pause_reading()
    return Connection(reader, writer, caller.token)
