"""A gigabyte down and up, with an eye on memory; and who is slow holds up who is fast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Gateway, Origin, Stage
from benchmarks.load.clients import Connection

_MIB = 1 << 20


@dataclass(slots=True)
class Peak:
    """How far the memory of a process rises."""

    before: int
    most: int = 0

    @property
    def rise(self) -> float:
        """In MiB."""
        return max(0, self.most - self.before) / _MIB


@asynccontextmanager
async def watched(gateway: Gateway) -> AsyncIterator[Peak]:
    """Watch its memory while the block runs."""
    peak = Peak(gateway.process.resident())

    async def watch() -> None:
        while True:
            peak.most = max(peak.most, gateway.process.resident())
            await asyncio.sleep(0.02)

    task = asyncio.create_task(watch())
    try:
        yield peak
    finally:
        task.cancel()


async def streams(stage: Stage, extent: Extent) -> list[Figure]:
    """Down, up, and both of them with one end that stops for a while."""
    size, pause = extent(1 << 30, 48 << 20), extent(5.0, 1.0)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway, gateway.caller.connected() as connection:
            await _down(connection, 1 << 20)
            async with watched(gateway) as down:
                came = await _down(connection, size)
            async with watched(gateway) as up:
                went = await _up(connection, size)
            async with watched(gateway) as held:
                ahead = await _not_read(gateway, origin, size, pause)
                pushed = await _not_taken(gateway, size, pause)
    whole = f"{size >> 20:,} MiB"
    return [
        exactly(f"streams: {whole} down, octets", came, size),
        at_most(f"streams: {whole} down, memory", down.rise, 16, "MiB"),
        exactly(f"streams: {whole} up, octets", went, size),
        at_most(f"streams: {whole} up, memory", up.rise, 16, "MiB"),
        at_most("streams: sent ahead of a caller who does not read", ahead / _MIB, 16, "MiB"),
        at_most("streams: taken for an upstream that does not read", pushed / _MIB, 16, "MiB"),
        at_most("streams: memory meanwhile", held.rise, 16, "MiB"),
    ]


async def _down(connection: Connection, size: int) -> int:
    connection.writer.write(connection.head(f"/octets?{size}"))
    _, headers = await connection.answer_head()
    return sum([len(piece) async for piece in connection.content(headers)])


async def _up(connection: Connection, size: int) -> int:
    connection.writer.write(connection.head("/sink", "POST", f"Content-Length: {size}"))
    piece = bytes(1 << 18)
    for _ in range(size // len(piece)):
        connection.writer.write(piece)
        await connection.writer.drain()
    return int((await connection.answer()).body)


async def _not_read(gateway: Gateway, origin: Origin, size: int, pause: float) -> int:
    """Ask, and read nothing; return how many octets have left the origin meanwhile."""
    before = (await origin.state())["sent"]
    async with gateway.caller.connected() as connection:
        connection.writer.write(connection.head(f"/octets?{size}"))
        await asyncio.sleep(pause)
        return (await origin.state())["sent"] - before


async def _not_taken(gateway: Gateway, size: int, pause: float) -> int:
    """Send to an origin that reads nothing; return how many octets we are rid of meanwhile."""
    async with gateway.caller.connected() as connection:
        connection.writer.write(connection.head(f"/later?{pause + 0.5:g}", "POST", f"Content-Length: {size}"))
        sent, piece = 0, bytes(1 << 16)
        try:
            async with asyncio.timeout(pause):
                while sent < size:
                    connection.writer.write(piece)
                    sent += len(piece)
                    await connection.writer.drain()
        except TimeoutError:
            pass
        return sent - connection.writer.transport.get_write_buffer_size()
