"""`python -m benchmarks`: what is asked for, what is missing, the run, the file.

Exit codes: 0 measured, 1 a peer failed (the others are measured), 2 the command line makes no sense,
3 something is not installed, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from benchmarks import machine, options, report
from benchmarks.errors import BenchmarkFailed
from benchmarks.install import install, must_be_there, those_there
from benchmarks.load import wrk
from benchmarks.results import Results
from benchmarks.run import run


def main(arguments: list[str]) -> int:
    """Measure; return the exit code."""
    asked = options.parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else 110)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    folder = Path(tempfile.mkdtemp(prefix="ostiary-benchmark-"))
    code = 1
    try:
        code = _carry_out(asked, folder, console)
    except BenchmarkFailed as failure:
        console.print(f"failed: {failure}", markup=False, highlight=False, soft_wrap=True)
        code = failure.exit_code
    except KeyboardInterrupt:
        console.print("interrupted; everything has been ended")
        code = 130
    finally:
        _leave(folder, console, keep=asked.keep or code == 1)
    return code


def _carry_out(asked: options.Options, folder: Path, console: Console) -> int:
    if asked.install:
        install(asked.peers)
    results = Results()
    asked = _without_the_absent(asked, results, console)
    wrk.build_shim()
    facts = machine.facts(asked.peers)
    os.sched_setaffinity(0, {asked.plan.cores.load})
    _many_files()
    run(asked, folder, console, results)
    console.print(report.targets(results))
    for note in report.NOTES:
        console.print(f"- {note}", style="dim", highlight=False, soft_wrap=True)
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(report.document(facts, asked.plan, results), indent=1) + "\n")
    console.print(f"written: {asked.json}", highlight=False, soft_wrap=True)
    return 1 if results.failed else 0


def _without_the_absent(asked: options.Options, results: Results, console: Console) -> options.Options:
    """Leave out, loudly, who is not installed; who was asked for by name has to be.

    Raises:
        Missing: something that is wanted is not there.
    """
    there, lacking = (asked.peers, {}) if asked.named else those_there(asked.peers)
    must_be_there(there)
    for name, word in lacking.items():
        results.leave_out("", name, f"not installed: {word}")
        console.print(report.left_out("", name, f"not installed: {word} (--install gets it)"))
    return replace(asked, peers=there)


def _many_files() -> None:
    """Thousands of connections are held: take as many file descriptors as we may, for us and those we start."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End in order, once: a second Ctrl-C must not stop us from ending what we have started."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _leave(folder: Path, console: Console, *, keep: bool) -> None:
    if keep:
        console.print(f"kept: {folder}", highlight=False, soft_wrap=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
