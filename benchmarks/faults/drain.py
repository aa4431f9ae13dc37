"""The end of the gateway: SIGTERM while requests are under way."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Change, Gateway, Stage
from benchmarks.load.clients import Connection, crowd
from benchmarks.places import LOOPBACK, free_port


async def _status(connection: Connection, path: str = "/small") -> int:
    try:
        return (await connection.ask(path)).status
    except (OSError, EOFError):
        return 0


async def drain(stage: Stage, extent: Extent) -> list[Figure]:
    """SIGTERM while requests are under way; SIGTERM again; SIGTERM with one that never ends."""
    long = extent(20, 1)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            figures = await _gentle(gateway, long)
        async with stage.gateway(origin.port) as gateway:
            figures.append(await _fast(gateway))
        async with stage.gateway(origin.port, _two_seconds) as gateway:
            figures.append(await _bounded(gateway))
        admin = free_port()
        async with stage.gateway(origin.port, _lame_duck(admin)) as gateway:
            figures.append(await _readiness_first(gateway, admin))
    return figures


async def _gentle(gateway: Gateway, long: int) -> list[Figure]:
    connections = await crowd(gateway.caller, 20)
    under_way = [_status(one, f"/slow?{long if number % 4 == 0 else 1}") for number, one in enumerate(connections)]
    ends = asyncio.gather(*under_way)
    await asyncio.sleep(0.5)
    begun = time.monotonic()
    gateway.process.process.terminate()
    refused = await _refused(gateway.caller.port, begun)
    statuses = await ends
    code = await asyncio.to_thread(gateway.process.process.wait, 15)
    took = time.monotonic() - begun
    return [
        at_most("drain: until new connections are refused", refused, 0.1, "s", slack=0.05, timing=True),
        exactly("drain: requests under way that end well, of 20", statuses.count(200), 20),
        at_most(f"drain: until it has ended, the longest taking {long} s", took, long, "s", slack=1.0),
        exactly("drain: exit code", code, 0),
    ]


async def _refused(port: int, begun: float) -> float:
    with suppress(OSError):
        while time.monotonic() - begun < 10:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.transport.abort()
            await asyncio.sleep(0.005)
    return time.monotonic() - begun


async def _fast(gateway: Gateway) -> Figure:
    """Tell it twice."""
    async with gateway.caller.connected() as connection:
        hung = asyncio.ensure_future(_status(connection, "/hang"))
        await asyncio.sleep(0.3)
        gateway.process.process.terminate()
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        gateway.process.process.terminate()
        await asyncio.to_thread(gateway.process.process.wait, 40)
        took = time.monotonic() - begun
        await hung
    return at_most("drain: until it has ended after a second signal", took, 1, "s", slack=0.5)


def _two_seconds(document: dict[str, Any]) -> None:
    document["drain_timeout"] = "2s"


async def _bounded(gateway: Gateway) -> Figure:
    async with gateway.caller.connected() as connection:
        hung = asyncio.ensure_future(_status(connection, "/hang"))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        gateway.process.process.terminate()
        await asyncio.to_thread(gateway.process.process.wait, 40)
        took = time.monotonic() - begun
        await hung
    return at_most("drain: until a request that never ends is cut off, drain_timeout 2 s", took, 2, "s", slack=1.0)


def _lame_duck(admin: int) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["admin"] = {"bind": f"{LOOPBACK}:{admin}"}
        document["lame_duck"] = "2s"

    return change


async def _readiness_first(gateway: Gateway, admin: int) -> Figure:
    """Look at `/readyz` and at the listener, after a signal and before the doors close."""
    before = await _ready(admin)
    gateway.process.process.terminate()
    await asyncio.sleep(0.5)
    after = await _ready(admin)
    async with gateway.caller.connected() as connection:
        let_in = await _status(connection, "/small")
    return exactly(
        "drain: /readyz before, after, and a new caller then (lame_duck)", (before, after, let_in), (200, 503, 200)
    )


async def _ready(admin: int) -> int:
    reader, writer = await asyncio.open_connection(LOOPBACK, admin)
    connection = Connection(reader, writer, None)
    try:
        return await _status(connection, "/readyz")
    finally:
        connection.abort()
