"""Thousands of connections that have asked once, and are kept."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Stage
from benchmarks.load.clients import Connection, crowd
from benchmarks.load.said import percentile


def _patient(document: dict[str, Any]) -> None:
    document["listeners"]["public"]["timeouts"] = {"keep_alive": "10m"}


async def idle(stage: Stage, extent: Extent) -> list[Figure]:
    """Hold them, and ask on some of them meanwhile."""
    count = extent(5000, 200)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _patient) as gateway:
            for connection in await crowd(gateway.caller, 20):
                connection.abort()
            before = gateway.process.resident()
            connections = await crowd(gateway.caller, count)
            await asyncio.sleep(extent(2.0, 0.2))
            each = (gateway.process.resident() - before) / count
            held = sum(connection.open for connection in connections)
            slowest = await _asked(connections[:: max(1, count // 200)])
            for connection in connections:
                connection.abort()
    return [
        exactly(f"idle: of {count:,} connections held", held, count),
        at_most("idle: memory for each", each / 1024, 60, "KiB", timing=extent.quick),
        at_most("idle: p99 of a request meanwhile", slowest * 1e3, 50, "ms", timing=True),
    ]


async def _asked(connections: list[Connection]) -> float:
    loop, times = asyncio.get_running_loop(), []
    for connection in connections:
        begun = loop.time()
        await connection.ask("/small")
        times.append(loop.time() - begun)
    return percentile(sorted(times), 0.99)
