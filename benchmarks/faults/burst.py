"""More at once than can be served at once: connections, then file descriptors."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.load.clients import Connection, crowd
from benchmarks.places import LOOPBACK


async def burst(stage: Stage, extent: Extent) -> list[Figure]:
    """Everybody connects in the same moment, shakes hands, and asks once."""
    count = extent(3000, 200)
    loop = asyncio.get_running_loop()
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            begun = loop.time()
            plain = await asyncio.gather(*(_connect(gateway.caller.port) for _ in range(count)))
            took = loop.time() - begun
            for _, writer in plain:
                writer.transport.abort()
            failures = [one for one in await asyncio.gather(*(_ask(gateway) for _ in range(count))) if one]
    return [
        at_most(f"burst: {count:,} connections taken", took, 3, "s", timing=True),
        exactly(f"burst: of {count:,} at once, not answered", f"{len(failures)} {failures[:1] or ''}".strip(), "0"),
    ]


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.wait_for(asyncio.open_connection(LOOPBACK, port), 10)


async def _ask(gateway: Gateway) -> str:
    """Return what went wrong, or nothing."""
    try:
        async with gateway.caller.connected() as connection:
            answer = await connection.ask("/small")
            return "" if answer.status == 200 else str(answer.status)
    except (OSError, EOFError) as error:
        return repr(error)


async def descriptors(stage: Stage, extent: Extent) -> list[Figure]:
    """There are more callers than file descriptors; who was there before is still served."""
    loop, watched = asyncio.get_running_loop(), extent(10.0, 1.0)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, before=("prlimit", "--nofile=256:256")) as gateway:
            early = await crowd(gateway.caller, 3, at_a_time=1)
            for connection in early:  # whoever was there before has asked before
                await connection.ask("/small")
            late = asyncio.gather(*(_try(gateway) for _ in range(400)))
            await asyncio.sleep(extent(5.0, 2.0))
            before = gateway.process.cpu_seconds()
            await asyncio.sleep(watched)
            cpu = (gateway.process.cpu_seconds() - before) / watched
            served = await asyncio.gather(*(_status(connection) for connection in early))
            late.cancel()
            with suppress(asyncio.CancelledError):
                await late
            begun = loop.time()
            recovered = await _recovered(gateway, begun)
            alive = gateway.process.process.poll() is None
    return [
        exactly("descriptors: 400 callers, 256 descriptors; it still runs", alive, wanted=True),
        at_most("descriptors: CPU while there are none", cpu * 100, 20, "%"),
        exactly("descriptors: callers who were there before are served", served, [200] * 3),
        at_most("descriptors: a new caller is served again", recovered, 2, "s"),
    ]


async def _try(gateway: Gateway) -> None:
    """Connect and stay, if it can be done."""
    connection: Connection | None = None
    with suppress(OSError, EOFError):
        connection = await gateway.caller.connect()
        await connection.ask("/small")
    try:
        await asyncio.sleep(3600)
    finally:
        if connection is not None:
            connection.abort()


async def _status(connection: Connection) -> int:
    try:
        return (await asyncio.wait_for(connection.ask("/slow?0.5"), 5)).status
    except (OSError, EOFError):
        return 0


async def _recovered(gateway: Gateway, begun: float) -> float:
    loop = asyncio.get_running_loop()
    while loop.time() - begun < 20:
        with suppress(OSError, EOFError):
            async with asyncio.timeout(1), gateway.caller.connected() as connection:
                if (await connection.ask("/small")).status == 200:
                    break
        await asyncio.sleep(0.05)
    return loop.time() - begun
