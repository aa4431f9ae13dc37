"""`python -m benchmarks.faults [NAME...] [--quick] [--soak SECONDS] [--json FILE] [--document PAGE]`: what holds?

Exit codes: 0 every figure is met or was skipped, 1 one is missed or a scenario broke, 2 no such scenario,
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure
from benchmarks.faults.play import SCENARIOS, play
from benchmarks.places import Cores

BEGIN: Final = "<!-- fault figures: written by `make faults` -->"
END: Final = "<!-- end of the fault figures -->"
_SOAK: Final = 600.0
_AFTERWARDS: Final = 30.0


def main(arguments: list[str]) -> int:
    """Play the scenarios; return the exit code."""
    said = _parser().parse_args(arguments)
    unknown = [name for name in said.names if name not in SCENARIOS]
    if unknown:
        sys.stderr.write(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}\n")
        return 2
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.sched_setaffinity(0, {said.load_core})
    console = Console(width=None if sys.stdout.isatty() else 140, stderr=True)
    figures: list[Figure] = []
    end = time.monotonic() + 60 * said.within
    try:
        for name in said.names or SCENARIOS:
            console.print(f"{datetime.now(UTC):%H:%M:%S} {name}", highlight=False)
            soak = soaking(said.soak, end - time.monotonic(), quick=said.quick)
            figures += play(name, Extent(said.quick, soak), Cores(said.gateway_core, said.load_core))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("interrupted; everything has been ended")
        return 130
    Console(width=None if sys.stdout.isatty() else 140).print(table(figures))
    if said.document:
        write(said.document, figures, quick=said.quick)
    if said.json:
        said.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n")
    return int(any(figure.word == "missed" for figure in figures))


def soaking(asked: float | None, left: float, *, quick: bool) -> float | None:
    """Return for how many seconds to soak: as long as was asked, or in what is left of the time."""
    return asked if asked is not None or quick else min(_SOAK, max(_SOAK / 10, left - _AFTERWARDS))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description="What holds when something fails?")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(SCENARIOS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small and short: shows that it works, not how well")
    parser.add_argument(
        "--soak", type=float, metavar="SECONDS", help="how long the soak takes (600, or less: --within)"
    )
    parser.add_argument("--within", type=float, default=34.0, metavar="MINUTES", help="how long all of it takes (34)")
    parser.add_argument("--json", type=Path, help="where the figures are written")
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
