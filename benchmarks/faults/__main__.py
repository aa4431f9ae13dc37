"""`python -m benchmarks.faults [NAME...] [--quick] [--resume] [--soak SECONDS] [--document PAGE]`: what holds?

Figures are kept in a file as they come; what was interrupted is shown, and goes on with `--resume`.

Exit codes: 0 every figure is met or was skipped, 1 one is missed or a scenario broke, 2 no such scenario,
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure
from benchmarks.faults.play import SCENARIOS, play
from benchmarks.faults.record import DEFAULT, QUICK, Record
from benchmarks.faults.rounds import best_of
from benchmarks.places import Cores

BEGIN: Final = "<!-- fault figures: written by `make faults` -->"
END: Final = "<!-- end of the fault figures -->"
_SOAK: Final = 600.0
_ROUNDS: Final = 3
_AFTERWARDS: Final = 30.0


def main(arguments: list[str]) -> int:
    """Play the scenarios; return the exit code."""
    said = _parser().parse_args(arguments)
    names, unknown = chosen(said.names, said.only)
    if unknown or not names:
        sys.stderr.write(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}\n")
        return 2
    path = said.json or (QUICK if said.quick else DEFAULT)
    record = Record.resumed(path, quick=said.quick) if said.resume else Record(path, said.quick)
    _prepare(said.load_core)
    interrupted = _played([name for name in names if name not in record.played], record, said)
    figures = record.figures()
    Console(width=None if sys.stdout.isatty() else 140).print(table(figures))
    if interrupted:
        sys.stderr.write(f"interrupted, everything has been ended; the figures are in {path}: --resume goes on\n")
        return 130
    if said.document:
        write(said.document, figures, quick=said.quick)
    return int(any(figure.word == "missed" for figure in figures))


def chosen(names: list[str], words: list[str]) -> tuple[list[str], list[str]]:
    """Return the scenarios that are asked for, in the order of play, and the names that nobody has.

    Args:
        names: of scenarios.
        words: parts of names.
    """
    unknown = [name for name in names if name not in SCENARIOS]
    unknown += [word for word in words if not any(word in name for name in SCENARIOS)]
    if not names and not words:
        return list(SCENARIOS), unknown
    return [name for name in SCENARIOS if name in names or any(word in name for word in words)], unknown


def _prepare(core: int) -> None:
    """Have as many files as we may, on the core of those who ask."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {core})


def _played(names: list[str], record: Record, said: argparse.Namespace) -> bool:
    """Play scenarios one after the other; return whether that was interrupted."""
    console = Console(width=None if sys.stdout.isatty() else 140, stderr=True)
    cores, end = Cores(said.gateway_core, said.load_core), time.monotonic() + 60 * said.within
    try:
        for name in names:
            begun = time.monotonic()
            extent = Extent(said.quick, soaking(said.soak, end - begun, quick=said.quick))
            rounds = 1 if name == "soak" else said.rounds or (1 if said.quick else _ROUNDS)
            record.add(name, best_of(partial(play, name, extent, cores), rounds, end - _least_soak(names)))
            took = time.monotonic() - begun
            console.print(f"{datetime.now(UTC):%H:%M:%S} {name} took {took:.0f} s", highlight=False)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return True
    return False


def _least_soak(names: list[str]) -> float:
    """Return the seconds that no further round may use up."""
    return _SOAK / 2 if "soak" in names else 0.0


def soaking(asked: float | None, left: float, *, quick: bool) -> float | None:
    """Return for how many seconds to soak: as long as was asked, or in what is left of the time."""
    return asked if asked is not None or quick else min(_SOAK, max(_SOAK / 10, left - _AFTERWARDS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="What holds when something fails?")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SCENARIOS)} (default: all)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="those with this word in their name; repeatable"
    )
    parser.add_argument("--resume", action="store_true", help="go on after an interruption: what was played stays")
    parser.add_argument(
        "--rounds", type=int, help="how often a scenario is played while only figures of time are missed (3; quick: 1)"
    )
    parser.add_argument("--quick", action="store_true", help="small and short: shows that it works, not how well")
    parser.add_argument(
        "--soak", type=float, metavar="SECONDS", help="how long the soak takes (600, or less: --within)"
    )
    parser.add_argument("--within", type=float, default=34.0, metavar="MINUTES", help="how long all of it takes (34)")
    parser.add_argument("--json", type=Path, help=f"where the figures are kept ({DEFAULT.name})")
    parser.add_argument("--document", type=Path, help="page with a place for the table, between two marks: fill it in")
    parser.add_argument("--gateway-core", type=int, default=0, help="core of the gateway (0)")
    parser.add_argument("--load-core", type=int, default=1, help="core of everybody else (1)")
    return parser


def write(page: Path, figures: list[Figure], *, quick: bool) -> None:
    """Write the table into a page, between its two marks.

    Raises:
        ValueError: it has no such place.
    """
    before, _, rest = page.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page} has no place for the table")
    lines = ["| what | target | measured | verdict |", "|---|---|---|---|"]
    lines += [f"| {figure.what} | {figure.target} | {figure.measured} | {figure.word} |" for figure in figures]
    how = f"{datetime.now(UTC):%Y-%m-%d}{', small and short (--quick)' if quick else ''}, {machine.processor()}."
    page.write_text("\n".join([f"{before}{BEGIN}", "", how, "", *lines, "", f"{END}{after}"]))


def table(figures: list[Figure]) -> Table:
    """Return the figures, as they stand in docs/operations.md."""
    drawn = Table(box=box.MARKDOWN)
    for heading in ("what", "target", "measured", "verdict"):
        drawn.add_column(heading, overflow="fold")
    for figure in figures:
        drawn.add_row(figure.what, figure.target, figure.measured, figure.word)
    return drawn


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
