"""One run: start everybody, verify everybody, measure everybody in turn, end everybody."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks import material, report, upstream
from benchmarks.errors import BenchmarkFailed, Unable
from benchmarks.first_sight import first_sight
from benchmarks.measure import Contestant, Sample, sample
from benchmarks.memory import hold
from benchmarks.options import Options
from benchmarks.peers import Peer
from benchmarks.places import Place, free_port
from benchmarks.processes import running
from benchmarks.results import Results
from benchmarks.rounds import Pair, alternate
from benchmarks.targets import OURS
from benchmarks.ticker import Ticker
from benchmarks.upstream import Upstream
from benchmarks.verify import unable, verify
from benchmarks.workloads import Workload

_HOURS = 7200.0
"""Seconds that tokens live beyond the time that measuring takes."""


def run(asked: Options, folder: Path, console: Console, results: Results) -> None:
    """Fill in the results; the tables are printed as they are ready.

    Raises:
        BenchmarkFailed: the upstream does not start, or nobody can be measured.
    """
    lifetime = _HOURS + asked.plan.duration(len(asked.peers), len(asked.workloads))
    made = material.make(folder / "certificates", lifetime)
    with ExitStack() as stack:
        behind = stack.enter_context(upstream.serving(folder / "upstream", asked.plan.cores.load, made))
        course = Course(asked, folder, console, results, made, behind, stack)
        pairs = course.start()
        if not pairs:
            raise BenchmarkFailed("there is nobody to measure")
        course.measure(pairs)
    if any(peer.name in OURS for peer in asked.peers):
        results.first_sight = first_sight(asked.plan.cores)


@dataclass(frozen=True, slots=True)
class Course:
    """Everything that is known while a run goes on."""

    asked: Options
    folder: Path
    console: Console
    results: Results
    material: material.Material
    upstream: Upstream
    stack: ExitStack

    def start(self) -> list[Pair]:
        """Start each peer once for each number of routes; return who does what."""
        pairs: list[Pair] = []
        for routes in dict.fromkeys(workload.routes for workload in self.asked.workloads):
            workloads = [workload for workload in self.asked.workloads if workload.routes == routes]
            for peer in self.asked.peers:
                pairs += self._enter(peer, workloads, routes)
        return pairs

    def _enter(self, peer: Peer, workloads: list[Workload], routes: int) -> list[Pair]:
        place = Place(self.folder / f"{peer.name}-{routes}", free_port(), self.upstream.port, self.material, routes)
        try:
            contestant = self._begin(peer, place)
            able = self._able(peer, place, workloads)
            verify(peer, place, able)
        except BenchmarkFailed as failure:
            self._give_up(peer.name, workloads, failure)
            return []
        told = "" if routes == 1 else f", {routes} routes"
        self.console.print(f"verified: {peer.name} ({peer.title}{told})", highlight=False)
        return [(contestant, workload) for workload in able]

    def _begin(self, peer: Peer, place: Place) -> Contestant:
        place.folder.mkdir()
        how = peer.prepare(place)
        with contextlib.ExitStack() as mine:
            cores, log = self.asked.plan.cores, place.folder / "output.log"
            process = mine.enter_context(
                running(peer.name, how.command, core=cores.gateway, log=log, environment=how.environment)
            )
            process.wait_for(place.port)
            self.stack.push(mine.pop_all())
        return Contestant(peer.name, place, process)

    def _able(self, peer: Peer, place: Place, workloads: list[Workload]) -> list[Workload]:
        reasons = {workload.name: unable(place, workload) for workload in workloads}
        for name, reason in reasons.items():
            if reason is not None:
                self._leave_out(name, peer.name, reason)
        return [workload for workload in workloads if reasons[workload.name] is None]

    def _give_up(self, peer: str, workloads: list[Workload], failure: BenchmarkFailed) -> None:
        self.results.failed |= not isinstance(failure, Unable)
        for workload in workloads:
            self._leave_out(workload.name, peer, str(failure))

    def _leave_out(self, workload: str, peer: str, reason: str) -> None:
        self.results.leave_out(workload, peer, reason)
        self.console.print(report.left_out(workload, peer, reason))

    def measure(self, pairs: list[Pair]) -> None:
        """Measure all pairs, workload by workload; those that are compared with one another in the same rounds."""
        with Ticker(self.console, len(pairs) * self.asked.plan.rounds) as ticker:
            for group in _groups(self.asked.workloads):
                if group[0].load == "hold":
                    self._hold([pair for pair in pairs if pair[1] in group], ticker)
                else:
                    self._rounds(group, [pair for pair in pairs if pair[1] in group], ticker)

    def _rounds(self, group: list[Workload], pairs: list[Pair], ticker: Ticker) -> None:
        def take(pair: Pair) -> Sample:
            ticker.tell(f"{pair[1].name} {pair[0].name}")
            return sample(*pair, self.upstream, self.asked.plan)

        def give_up(pair: Pair, failure: BenchmarkFailed) -> None:
            self._give_up(pair[0].name, [pair[1]], failure)

        taken = alternate(pairs, self.asked.plan.rounds, take, give_up)
        for workload in group:
            found = {one.name: samples for (one, what), samples in taken.items() if what is workload}
            if found:
                self.results.samples[workload.name] = found
                self.console.print(report.table(workload, found))

    def _hold(self, pairs: list[Pair], ticker: Ticker) -> None:
        for contestant, workload in pairs:
            ticker.tell(f"{workload.name} {contestant.name}")
            try:
                self.results.held[contestant.name] = hold(contestant, workload)
            except BenchmarkFailed as failure:
                self._give_up(contestant.name, [workload], failure)
        if self.results.held:
            self.console.print(report.memory(self.results.held))


def _groups(workloads: list[Workload]) -> list[list[Workload]]:
    names = [workload.name for workload in workloads]
    firsts = [workload for workload in workloads if workload.beside not in names]
    return [[first, *(other for other in workloads if other.beside == first.name)] for first in firsts]
