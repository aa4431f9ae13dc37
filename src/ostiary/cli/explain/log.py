"""Explain a request that was: from its line in the access log, which holds no token and no secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ostiary.cli.explain.show import REASONS, causes_of
from ostiary.cli.frame import emit
from ostiary.reasons import Reason

_SHOWN: Final = (
    "time", "method", "host", "path", "address", "route", "subject", "issuer", "tenant", "upstream", "detail",
)  # fmt: skip


def show_line(facts: dict[str, Any], *, as_json: bool) -> None:
    """Show what the log says of a request, why it ended so, and what would have helped."""
    cause, remedy = causes_of(facts["reason"])
    allowed = facts["reason"] == str(Reason.ALLOWED)
    if as_json:
        emit({"request": facts, "cause": cause, "to_allow": "" if allowed else remedy})
        return
    for name in _SHOWN:
        if facts.get(name) not in (None, ""):
            print(f"{name:<9} {facts[name]}")
    print(f"\n{facts.get('status')} {facts['reason']}: {cause}")
    if not allowed:
        print(f"to allow: {remedy}")


def find(log: Path, wanted: str) -> dict[str, Any] | None:
    """Return the last line of that id."""
    if str(log) == "-":
        return _last(sys.stdin, wanted)
    with log.open(errors="replace") as lines:
        return _last(lines, wanted)


def _last(lines: Iterable[str], wanted: str) -> dict[str, Any] | None:
    found = None
    for line in lines:
        if wanted in line:
            facts = _read(line)
            found = facts if facts is not None and facts.get("id") == wanted else found
    return found


def _read(line: str) -> dict[str, Any] | None:
    """Return the facts of a line; None where it is none of ours."""
    try:
        facts = json.loads(line)
    except ValueError:
        return None
    return facts if isinstance(facts, dict) and facts.get("reason") in REASONS else None
