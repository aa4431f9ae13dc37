"""The death of one of several workers."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly, skipped
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.faults.traffic import traffic
from benchmarks.load.clients import Connection, crowd
from benchmarks.peers import ostiary


async def worker_killed(stage: Stage, extent: Extent) -> list[Figure]:
    """One of two workers is killed under load."""
    if not await _knows_workers():
        return [skipped("worker killed: under load", "only its own fail", "`ostiary serve` does not know --workers")]
    with stage.origin() as origin:
        async with stage.gateway(origin.port, options=("--workers", "2")) as gateway:
            await _said(gateway, '"workers ready"', 20)
            return await _bereaved(gateway, extent)


async def _knows_workers() -> bool:
    command = [*ostiary.program(), "serve", "--help"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return b"--workers" in said


async def _bereaved(gateway: Gateway, extent: Extent) -> list[Figure]:
    kept = await crowd(gateway.caller, 40)
    async with traffic(gateway.caller, extent(200, 50)) as good:
        await asyncio.sleep(extent(5.0, 1.0))
        _, _, worker, *_ = gateway.process.pids()  # after the supervisor, and what they are copied from
        os.kill(worker, signal.SIGKILL)
        killed = asyncio.get_running_loop().time()
        back = await _said(gateway, '"worker ready"', 10)
        await asyncio.sleep(extent(5.0, 1.5))
    left = [connection for connection in kept if connection.open]
    answered = [await _status(connection) for connection in left]
    later = sum(one.status != 200 for one in good.seen if one.due > killed + 0.1)
    return [
        exactly("worker killed: connections of the other one stay", 0 < len(left) < len(kept), wanted=True),
        exactly("worker killed: and are answered", answered.count(200), len(left)),
        at_most("worker killed: requests that failed with it", good.failed() - later, 10, ""),
        exactly(f"worker killed: failures later than 0.1 s after it, of {len(good.seen):,}", later, 0),
        at_most("worker killed: until there is another", back, 1, "s", timing=True),
    ]


async def _said(gateway: Gateway, event: str, patience: float) -> float:
    """Wait until its log has an event; return the seconds."""
    begun = time.monotonic()
    while event not in gateway.process.log.read_text(errors="replace"):
        if time.monotonic() - begun > patience:
            return float("inf")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


async def _status(connection: Connection) -> int:
    try:
        return (await connection.ask("/small")).status
    except (OSError, EOFError):
        return 0
