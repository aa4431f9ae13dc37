"""Callers who ask for much, read some of it fast, and then nothing more: what is kept for them, and where?

Whoever has read fast is trusted by kernels with large buffers. What the kernel keeps for each connection is asked by
ss(8), of the gateway's own ends only: that of the caller, and that of the upstream.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import Any, Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly, skipped
from benchmarks.faults.stage import Gateway, Origin, Stage
from benchmarks.load.clients import Connection

_MIB: Final = 1 << 20
_SIZE: Final = 64 * _MIB
_READ: Final = 4 * _MIB
_KEPT: Final = re.compile(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f\d+,w(\d+),")
_WHAT: Final = "paused: kept by the kernel for each"


def _patient(document: dict[str, Any]) -> None:
    document["upstreams"]["protected"]["connections"] = 1000
    document["listeners"]["public"]["timeouts"] = {"send": "5m"}


async def paused_callers(stage: Stage, extent: Extent) -> list[Figure]:
    """Let them read four megabytes of 64, and look at what is kept when nothing moves any more."""
    if shutil.which("ss") is None:
        return [skipped(_WHAT, "<= 1.5 MiB", "there is no ss (iproute2)")]
    count = extent(100, 10)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _patient) as gateway:
            before = gateway.process.resident()
            callers = [await _paused(gateway) for _ in range(count)]
            kept = await _settled(gateway, origin)
            own = gateway.process.resident() - before
            for connection in callers:
                connection.abort()
            left = await _left(origin)
    return [
        at_most(f"{_WHAT} of {count}", kept / count / _MIB, 1.5, "MiB"),
        at_most("paused: kept by the gateway for each", own / count / _MIB, 1, "MiB", timing=extent.quick),
        exactly("paused: exchanges left at the upstream when they have gone", left, 0),
    ]


async def _paused(gateway: Gateway) -> Connection:
    """Return a connection on which much is on its way, and nothing is read any more."""
    connection = await gateway.caller.connect()
    connection.writer.write(connection.head(f"/octets?{_SIZE}"))
    await connection.answer_head()
    await connection.reader.readexactly(_READ)
    return connection


async def _settled(gateway: Gateway, origin: Origin, patience: float = 20.0) -> int:
    """Return what the kernel keeps, once that does not change any more."""
    before, end = -1, asyncio.get_running_loop().time() + patience
    while before != (now := await _kept(gateway.caller.port, origin.port)):
        if asyncio.get_running_loop().time() > end:
            break
        before = now
        await asyncio.sleep(0.5)
    return now


async def _kept(own: int, upstream: int) -> int:
    """Return the octets that the kernel keeps at one port's end, and at that of whoever is connected to another."""
    process = await asyncio.create_subprocess_exec(
        *("ss", "-tmnH", f"( sport = :{own} or dport = :{upstream} )"), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    return sum(int(came) + int(goes) for came, goes in _KEPT.findall(told.decode()))


async def _left(origin: Origin) -> int:
    """Return how many exchanges are left, a moment later."""
    end = asyncio.get_running_loop().time() + 5
    while (left := await origin.active()) and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.1)
    return left
