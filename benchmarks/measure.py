"""One sample: what a peer does with one workload for some seconds.

It is a window in the middle of a run of the load generator: handshakes and warm-up are before it.
At both ends of the window three clocks are read: the CPU time of the gateway's processes, the requests that
the upstream has taken, and the wall. CPU per request is the one difference divided by the other.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkFailed, Unable
from benchmarks.load.running import loading
from benchmarks.load.said import Said
from benchmarks.places import Cores, Place
from benchmarks.processes import Running
from benchmarks.upstream import Upstream
from benchmarks.workloads import Workload

WARM_UP: Final = 1.0
"""Seconds of load before the window."""
_AFTER: Final = 0.2
"""Seconds of load after it, at least."""
_BROKEN: Final = 0.001
"""Share of requests that may break: wrk cuts off what is under way when it ends."""
_HELD: Final = 0.95
"""Share of a fixed rate that has to be answered, or it is not held."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A peer that runs."""

    name: str
    place: Place
    process: Running


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how often, how many."""

    rounds: int
    seconds: float
    connections: int
    cores: Cores

    def duration(self, peers: int, workloads: int) -> float:
        """Return about how many seconds it all takes."""
        return peers * workloads * self.rounds * (self.seconds + WARM_UP + 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks, at one moment. All of them count seconds, but for `requests`."""

    wall: float
    gateway: float
    core: float
    requests: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One window.

    Attributes:
        microseconds: CPU time of the gateway for one request, user and system.
        rate: requests a second.
        p50, p99: latency in seconds, over the whole run of the load generator.
        resident: octets of the gateway in RAM.
        busy: share of the window in which the gateway used a core; well below 1, it waited for the load or for others.
        foreign: share of the window in which something else used the gateway's core: noise.
    """

    microseconds: float
    rate: float
    p50: float
    p99: float
    resident: int
    busy: float
    foreign: float


def read(contestant: Contestant, upstream: Upstream, core: int) -> Reading:
    """Read the clocks."""
    return Reading(time.monotonic(), contestant.process.cpu_seconds(), core_seconds(core), upstream.requests())


def core_seconds(core: int) -> float:
    """Return the seconds that a core has been busy since boot (proc(5)): all but idle and iowait, steal included."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _, _, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def sample(contestant: Contestant, workload: Workload, upstream: Upstream, plan: Plan) -> Sample:
    """Measure one peer once.

    Raises:
        BenchmarkFailed: it refused requests, lost connections, or ended.
    """
    connections = workload.connections or plan.connections
    seconds = WARM_UP + plan.seconds + _AFTER
    with loading(workload, contestant.place, seconds=seconds, connections=connections, core=plan.cores.load) as load:
        time.sleep(WARM_UP)
        before = read(contestant, upstream, plan.cores.gateway)
        time.sleep(plan.seconds)
        after = read(contestant, upstream, plan.cores.gateway)
        resident = contestant.process.resident()
        said = load.said()
    _must_be_whole(contestant, workload, said)
    return between(before, after, workload, said, resident)


def between(before: Reading, after: Reading, workload: Workload, said: Said, resident: int) -> Sample:
    """Return what two readings and the load generator's words amount to.

    Raises:
        BenchmarkFailed: nothing was answered in between.
        Unable: it does not hold the rate that is asked for.
    """
    requests = (after.requests - before.requests - 1) / workload.counted  # the second question counts itself
    wall, gateway = after.wall - before.wall, after.gateway - before.gateway
    if requests <= 0:
        raise BenchmarkFailed("no request came through within the window")
    if requests / wall < workload.rate * _HELD:
        raise Unable(f"it answers {requests / wall:.0f} requests a second, of {workload.rate}")
    return Sample(
        microseconds=gateway / requests * 1e6,
        rate=requests / wall,
        p50=said.p50,
        p99=said.p99,
        resident=resident,
        busy=gateway / wall,
        foreign=max(0.0, (after.core - before.core - gateway) / wall),
    )


def _must_be_whole(contestant: Contestant, workload: Workload, said: Said) -> None:
    if said.refused or said.broken > said.requests * _BROKEN:
        told = f"{said.requests} answers, {said.refused} of them not 2xx, {said.broken} broken"
        raise BenchmarkFailed(f"{contestant.name} failed at {workload.name}: {told}")
