"""Explain a request that was: from its line in the access log, which holds no token and no secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ostiary.cli.frame import Exit, emit, fail
from ostiary.cli.reasons import CAUSES
from ostiary.reasons import Reason

_REASONS: Final = {str(reason): reason for reason in Reason}
_SHOWN = ("time", "method", "host", "path", "address", "route", "subject", "issuer", "tenant", "upstream", "detail")


def explain_line(log: Path, wanted: str, *, as_json: bool) -> None:
    """Print what the log says of a request id, why it ended so, and what would have helped."""
    facts = _find(log, wanted)
    if facts is None:
        fail("explain.unknown", f"the log has no request {wanted[:64]!r}", where=str(log), exit_code=Exit.UNKNOWN)
    reason = _REASONS[facts["reason"]]
    cause, remedy = CAUSES[reason]
    allowed = reason is Reason.ALLOWED
    if as_json:
        emit({"request": facts, "cause": cause, "to_allow": "" if allowed else remedy})
        return
    for name in _SHOWN:
        if facts.get(name) not in (None, ""):
            print(f"{name:<9} {facts[name]}")
    print(f"\n{facts.get('status')} {reason}: {cause}")
    if not allowed:
        print(f"to allow: {remedy}")


def _find(log: Path, wanted: str) -> dict[str, Any] | None:
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
    return facts if isinstance(facts, dict) and facts.get("reason") in _REASONS else None
