"""`ostiary audit`: is the chain of an audit log whole?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ostiary.cli.frame import Exit, Json, emit, group

if TYPE_CHECKING:
    from ostiary.observe.audit.chain import Verdict

app = group("Judge audit logs.")


@app.callback()
def _several() -> None:
    """Judge audit logs."""


@app.command()
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The oldest first, where there are several.")],
    *,
    as_json: Json = False,
) -> None:
    """Find lines that were changed, removed or moved. The exit code is 1 when there is one.

    What was cut off at the end leaves no trace: compare the last digest with one that you have kept elsewhere.
    """
    from ostiary.observe.audit.chain import verify as judge

    verdict = judge(line for file in files for line in _lines(file))
    if as_json:
        emit(_facts(verdict))
    else:
        _show(verdict)
    if verdict.faults:
        raise typer.Exit(int(Exit.NO))


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        for line in opened:
            yield line.removesuffix(b"\n")


def _facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "whole": not verdict.faults,
        "lines": verdict.lines,
        "first_names": verdict.first,
        "last": {"sequence": verdict.last.sequence, "digest": verdict.last.digest},
        "faults": [{"line": fault.line, "what": fault.what} for fault in verdict.faults],
    }


def _show(verdict: Verdict) -> None:
    for fault in verdict.faults:
        print(f"line {fault.line}: {fault.what}")
    state = "broken" if verdict.faults else "whole"
    print(f"{verdict.lines} lines, {state}; the last is number {verdict.last.sequence}, {verdict.last.digest}")
