"""One run: start everybody, verify everybody, measure everybody in turn, end everybody."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import material, report, upstream
from benchmarks.measure import Contestant, Plan, Sample, sample
from benchmarks.options import Options
from benchmarks.peers import Peer
from benchmarks.places import Cores, Place, free_port
from benchmarks.processes import running
from benchmarks.rounds import alternate
from benchmarks.upstream import Upstream
from benchmarks.verify import verify
from benchmarks.workloads import Workload

_HOUR = 3600.0


def run(asked: Options, folder: Path, console: Console) -> dict[str, dict[str, list[Sample]]]:
    """Return the samples, by workload and peer; the tables are printed as they are ready.

    Raises:
        BenchmarkFailed: a peer did not start, did not do its work, or could not be measured.
    """
    lifetime = _HOUR + asked.plan.duration(len(asked.peers), len(asked.workloads))
    made = material.make(folder / "certificates", lifetime)
    with ExitStack() as stack:
        behind = stack.enter_context(upstream.serving(folder / "upstream", asked.plan.cores.load, made))
        contestants = []
        for peer in asked.peers:
            place = Place(folder / peer.name, free_port(), behind.port, made)
            contestants.append(_start(peer, place, asked.plan.cores, stack))
            verify(peer, place, asked.workloads)
            console.print(f"verified: {peer.name} ({peer.title})", highlight=False)
        return _measure(asked, contestants, behind, console)


def _start(peer: Peer, place: Place, cores: Cores, stack: ExitStack) -> Contestant:
    place.folder.mkdir()
    how = peer.prepare(place)
    log = place.folder / "output.log"
    process = stack.enter_context(
        running(peer.name, how.command, core=cores.gateway, log=log, environment=how.environment)
    )
    process.wait_for(place.port)
    return Contestant(peer.name, place, process)


def _measure(
    asked: Options, contestants: list[Contestant], behind: Upstream, console: Console
) -> dict[str, dict[str, list[Sample]]]:
    results = {}
    with _Ticker(console, len(contestants) * len(asked.workloads) * asked.plan.rounds) as ticker:
        for workload in asked.workloads:
            results[workload.name] = _rounds(asked.plan, workload, contestants, behind, ticker)
            console.print(report.table(workload, results[workload.name]))
    return results


class _Ticker(Progress):
    """A progress bar that draws once a second: the load core has other work to do."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console, refresh_per_second=1, transient=True)
        self.only = self.add_task("", total=total)


def _rounds(
    plan: Plan, workload: Workload, contestants: list[Contestant], behind: Upstream, ticker: _Ticker
) -> dict[str, list[Sample]]:
    def take(contestant: Contestant) -> Sample:
        ticker.update(ticker.only, description=f"{workload.name} {contestant.name}")
        taken = sample(contestant, workload, behind, plan)
        ticker.advance(ticker.only)
        return taken

    return alternate(contestants, plan.rounds, take)
