"""The gateway changes: a new configuration under load, its end, the death of a worker."""

from __future__ import annotations

import asyncio
import copy
import os
import signal
import time
from contextlib import suppress
from typing import Any, Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly, skipped
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.faults.traffic import traffic
from benchmarks.load.clients import Connection, crowd
from benchmarks.peers import ostiary
from benchmarks.places import LOOPBACK

MARK: Final = "X-Generation"


def _generation(document: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a configuration that can be told from the others: it writes its number upstream."""
    changed = copy.deepcopy(document)
    changed["routes"][0]["inject"].append({"header": {"name": MARK, "value": f"generation-{number}"}})
    return changed


async def reload(stage: Stage, extent: Extent) -> list[Figure]:
    """New configurations under load, every fourth one broken; 200 callers keep their connections."""
    reloads, rate, kept = extent(20, 4), extent(300, 40), extent(200, 20)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            gateway.process.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(1)
            if gateway.process.process.poll() is not None:
                return [skipped("reload: under load", "0 requests fail", "`ostiary serve` does not know SIGHUP")]
            connections = await crowd(gateway.caller, kept)
            async with traffic(gateway.caller, rate) as good:
                taken, kept_out = await _reloaded(gateway, reloads, extent(60.0, 8.0) / reloads)
            answered = [await _status(connection) for connection in connections]
            alive = gateway.process.process.poll() is None
    broken = reloads // 4
    return [
        exactly(f"reload: requests that failed, of {len(good.seen):,}", f"{good.failed()} {good.told()}".strip(), "0"),
        exactly("reload: configurations taken up", taken, reloads - broken),
        exactly("reload: broken ones kept out", kept_out, broken),
        exactly(f"reload: kept connections that still answer, of {kept}", answered.count(200), kept),
        exactly("reload: it still runs", alive, wanted=True),
    ]


async def _reloaded(gateway: Gateway, reloads: int, every: float) -> tuple[int, int]:
    """Return how many new configurations were taken up, and how many broken ones were not."""
    loop, taken, kept_out = asyncio.get_running_loop(), 0, 0
    last = ""
    for number in range(reloads):
        begun = loop.time()
        if broken := number % 4 == 3:
            gateway.file.write_text("version: 1\nroutes: [\n")
        else:
            ostiary.write(gateway.file, _generation(gateway.document, number))
        gateway.process.process.send_signal(signal.SIGHUP)
        wanted = last if broken else f"generation-{number}"
        await asyncio.sleep(every / 2 if broken else 0)
        told = await _shown(gateway, wanted, every)
        taken, kept_out = taken + (told == wanted and not broken), kept_out + (told == wanted and broken)
        last = wanted
        await asyncio.sleep(max(0.0, begun + every - loop.time()))
    return taken, kept_out


async def _shown(gateway: Gateway, wanted: str, patience: float) -> str:
    """Return which configuration serves a new connection, as soon as it is the right one."""
    end = asyncio.get_running_loop().time() + patience
    while True:
        async with gateway.caller.connected() as connection:
            told = (await connection.ask(f"/shown?{MARK}")).body.decode()
        if told == wanted or asyncio.get_running_loop().time() > end:
            return told
        await asyncio.sleep(0.05)


async def _status(connection: Connection, path: str = "/small") -> int:
    try:
        return (await connection.ask(path)).status
    except (OSError, EOFError):
        return 0


async def drain(stage: Stage, extent: Extent) -> list[Figure]:
    """SIGTERM while requests are under way; SIGTERM again; SIGTERM with one that never ends."""
    long = extent(20, 2)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            figures = await _gentle(gateway, long)
        async with stage.gateway(origin.port) as gateway:
            figures.append(await _fast(gateway))
        async with stage.gateway(origin.port, _two_seconds) as gateway:
            figures.append(await _bounded(gateway))
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


async def worker_killed(stage: Stage, extent: Extent) -> list[Figure]:
    """One of two workers is killed under load."""
    if not await _knows_workers():
        return [skipped("worker killed: under load", "only its own fail", "`ostiary serve` does not know --workers")]
    with stage.origin() as origin:
        async with stage.gateway(origin.port, options=("--workers", "2")) as gateway:
            return await _bereaved(gateway, extent)


async def _bereaved(gateway: Gateway, extent: Extent) -> list[Figure]:
    async with traffic(gateway.caller, extent(200, 50)) as good:
        await asyncio.sleep(extent(5.0, 1.0))
        workers = [pid for pid in gateway.process.pids() if pid != gateway.process.process.pid]
        busy = len(good.under_way)
        os.kill(workers[-1], signal.SIGKILL)
        back = await _respawned(gateway, workers)
        await asyncio.sleep(extent(5.0, 2.0))
    return [
        exactly("worker killed: two of them before", len(workers) >= 2, wanted=True),
        at_most(f"worker killed: requests that failed, of {len(good.seen):,}", good.failed(), busy, "under way"),
        at_most("worker killed: until there is another", back, 1, "s", slack=0.5),
        exactly("worker killed: failures in the last second", _late_failures(good.seen), 0),
    ]


async def _knows_workers() -> bool:
    command = [*ostiary.program(), "serve", "--help"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return b"--workers" in said


async def _respawned(gateway: Gateway, workers: list[int]) -> float:
    begun = time.monotonic()
    while time.monotonic() - begun < 10:
        now = set(gateway.process.pids()) - {gateway.process.process.pid}
        if len(now) >= len(workers) and now - set(workers):
            break
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


def _late_failures(seen: list[Any]) -> int:
    """Return how many failed of those that were due in the last second."""
    last = max(one.due for one in seen)
    return sum(one.status != 200 for one in seen if one.due > last - 1)
