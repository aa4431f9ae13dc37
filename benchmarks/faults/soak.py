"""Ten minutes of everything at once: what is there at the end that was not there in the beginning?"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from statistics import linear_regression
from typing import Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.load.clients import Caller
from benchmarks.load.said import percentile

_MIB: Final = 1 << 20
_LONG: Final = 300.0
_MIXTURE: Final = ("good",) * 14 + ("bad token",) * 2 + ("abort", "slow", "upload", "upload")


@dataclass(slots=True)
class Seen:
    """What was seen.

    Attributes:
        memory: octets, by seconds since the beginning.
        times: of good requests, by seconds since the beginning.
        wrong: answers that were not as they should have been.
    """

    memory: list[tuple[float, int]] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)


async def soak(stage: Stage, extent: Extent) -> list[Figure]:
    """Of twenty callers: fourteen good, two with a forged token, one breaks off, one is slow, two send 1 MB."""
    length, rate = extent.soak or extent(600.0, 6.0), extent(100, 40)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway:
            before = gateway.descriptors()
            seen = await _mixed(gateway, replace(gateway.caller, token=stage.material.forged), length, rate)
            left = await gateway.settled(before + 8)
            active = await origin.active()
    return [
        exactly("soak: wrong answers", dict(seen.wrong), {}),
        *_memory(seen, length),
        at_most("soak: descriptors left over", left - before, 8, ""),
        exactly("soak: exchanges left at the upstream", active, 0),
        at_most("soak: p99 of the second half beside the first", _drift(seen, length), 1.2, "x", timing=True),
    ]


def _memory(seen: Seen, length: float) -> list[Figure]:
    """Return how memory grew. Within minutes, what is warmed up last looks like growth: that fails no test."""
    late = [(at, octets) for at, octets in seen.memory if at >= length / 5]
    slope = linear_regression([at / 60 for at, _ in late], [octets / _MIB for _, octets in late]).slope
    growth = late[-1][1] / late[0][1]
    short = length < _LONG
    return [
        at_most(f"soak: growth of memory after a fifth of {length:.0f} s", slope, 1, "MiB/min", timing=short),
        at_most("soak: memory at the end beside then", growth, 1.2, "x", timing=short),
    ]


def _drift(seen: Seen, length: float) -> float:
    halves: tuple[list[float], list[float]] = ([], [])
    for at, took in seen.times:
        halves[at >= length / 2].append(took)
    first, second = (percentile(sorted(half), 0.99) for half in halves)
    return second / first


async def _mixed(gateway: Gateway, forger: Caller, length: float, rate: float) -> Seen:
    loop, seen = asyncio.get_running_loop(), Seen()
    begun, tasks = loop.time(), set()
    for number, kind in enumerate(itertools.cycle(_MIXTURE)):
        due = begun + number / rate
        if due - begun >= length:
            break
        await asyncio.sleep(due - loop.time())
        tasks.add(task := asyncio.create_task(_one(gateway.caller, forger, kind, begun, seen)))
        task.add_done_callback(tasks.discard)
        if number % max(1, round(rate)) == 0:
            seen.memory.append((loop.time() - begun, gateway.process.resident()))
    if tasks:
        await asyncio.wait(tasks, timeout=30)
    return seen


async def _one(caller: Caller, forger: Caller, kind: str, begun: float, seen: Seen) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(20):
            status = await _ask(forger if kind == "bad token" else caller, kind)
    except (OSError, EOFError) as error:
        status, kind = 0, f"{kind}: {error!r}"
    if status != {"bad token": 401, "abort": -1}.get(kind, 200):
        seen.wrong[f"{kind}: {status}"] += 1
    if kind == "good":
        seen.times.append((started - begun, loop.time() - started))


async def _ask(caller: Caller, kind: str) -> int:
    async with caller.connected() as connection:
        if kind == "abort":
            connection.writer.write(connection.head("/slow?5"))
            await asyncio.sleep(0.1)
            return -1
        if kind == "slow":
            return (await connection.ask("/slow?2")).status
        if kind == "upload":
            return (await connection.ask("/sink", "POST", bytes(_MIB))).status
        return (await connection.ask("/small")).status
