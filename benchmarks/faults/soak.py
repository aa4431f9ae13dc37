"""Ten minutes of everything at once: what is there at the end that was not there in the beginning?"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from operator import itemgetter
from statistics import median
from typing import Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Gateway, Origin, Stage
from benchmarks.load.clients import Caller
from benchmarks.load.said import percentile

_MIB: Final = 1 << 20
_LONG: Final = 300.0
_PARTS: Final = 20
_FEW: Final = 3
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
            before = gateway.descriptors() - await _kept(origin)
            seen = await _mixed(gateway, replace(gateway.caller, token=stage.material.forged), length, rate)
            left = await gateway.settled(before + 8) - await _kept(origin)
            active = await origin.active()
    return [
        exactly("soak: wrong answers", dict(seen.wrong), {}),
        *_memory(seen, length),
        at_most("soak: descriptors left over, but for kept connections to the upstream", left - before, 8, ""),
        exactly("soak: exchanges left at the upstream", active, 0),
        at_most("soak: p99 of the second half beside the first", _drift(seen, length), 1.2, "x", timing=True),
    ]


async def _kept(origin: Origin) -> int:
    """Return how many connections to the upstream there are, this question's left out."""
    return (await origin.state())["connections"] - 1


def _memory(seen: Seen, length: float) -> list[Figure]:
    """Return how memory grew. Within minutes, what is warmed up last looks like growth: that fails no test."""
    low = lows(seen.memory, length)[_PARTS // 5 :]
    short = length < _LONG
    return [
        at_most(
            f"soak: growth of memory after a fifth of {length:.0f} s", steady_slope(low), 1, "MiB/min", timing=short
        ),
        at_most(
            "soak: memory at the end beside then", _least(low[-_FEW:]) / _least(low[:_FEW]), 1.2, "x", timing=short
        ),
    ]


def _least(points: list[tuple[float, float]]) -> float:
    return min(level for _, level in points)


def lows(memory: list[tuple[float, int]], length: float) -> list[tuple[float, float]]:
    """Return the least memory of each twentieth of the time: (minutes, MiB). What is just under way is not growth."""
    parts: list[list[tuple[float, float]]] = [[] for _ in range(_PARTS)]
    for at, octets in memory:
        parts[min(int(at / length * _PARTS), _PARTS - 1)].append((at / 60, octets / _MIB))
    return [min(part, key=itemgetter(1)) for part in parts if part]


def steady_slope(points: list[tuple[float, float]]) -> float:
    """Return the median of the slopes between all points (Theil and Sen): one step does not look like a slope."""
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.combinations(points, 2) if b[0] > a[0]]
    return median(slopes or [0.0])


def _drift(seen: Seen, length: float) -> float:
    """Return how much slower the second half was: the median of its tenths, so that one bad moment is not all of it."""
    halves: tuple[list[float], list[float]] = ([], [])
    for number in range(_PARTS):
        begin, end = number * length / _PARTS, (number + 1) * length / _PARTS
        times = sorted(took for at, took in seen.times if begin <= at < end)
        if times:
            halves[number >= _PARTS / 2].append(percentile(times, 0.99))
    first, second = (median(half) for half in halves)
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
