"""How an explanation is shown: to people as a tree with lines, to programs as one document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ostiary.cli.frame import emit
from ostiary.cli.reasons import CAUSES
from ostiary.cli.terminal import show
from ostiary.reasons import Reason

REASONS: Final = {str(reason): reason for reason in Reason}
_SIGNS: Final = {"yes": "ok", "no": "NO", "pass": "--", "unknown": "??"}
_OFFLINE: Final = "--online fetches keys and opens credentials"
_RUNNING: Final = "/readyz?verbose of the admin listener says what cannot be had"
_STRANGE: Final = ("a reason that this version does not know", "`ostiary help` of the gateway's version explains it")


def causes_of(reason: str) -> tuple[str, str]:
    """Return what is behind a reason, and what to do: of a newer gateway it may be one that is unknown here."""
    return CAUSES.get(REASONS.get(reason, Reason.INTERNAL), _STRANGE) if reason in REASONS else _STRANGE


def show_told(told: dict[str, Any], *, as_json: bool, running: bool = False) -> None:
    """Show what was said of a request: by the file, or by the gateway that runs."""
    cause, remedy = causes_of(told["reason"])
    if as_json:
        emit({**told, "to_allow": "" if told["verdict"] == "allow" else remedy})
        return
    text = [*_lines(told["steps"]), *_claims(told["principal"]), ""]
    if told["verdict"] == "allow":
        answered = any(one["step"] == "answer" for one in told["steps"])
        who = "the gateway would answer it" if answered else f"{told['route']} would forward it"
        text.append(f"allowed: {who}")
    else:
        text.append(f"{told['status'] or 'unknown'} {told['reason']}: {cause}")
        known = told["status"] is not None
        text.append(f"to allow: {remedy}" if known else f"to know: {_RUNNING if running else _OFFLINE}")
    show("\n".join(text))


def _lines(steps: list[dict[str, str]]) -> Iterator[str]:
    width = max((len(one["what"]) for one in steps), default=0)
    for one in steps:
        where = f"  ({one['where']})" if one["where"] else ""
        yield f"{_SIGNS.get(one['verdict'], '??')}  {one['step']:<12}  {one['what']:<{width}}  {one['text']}{where}"


def _claims(principal: dict[str, Any] | None) -> Iterator[str]:
    claims = (principal or {}).get("claims", {})
    yield from (f"    claim {name}: {value!r}" for name, value in sorted(claims.items()))
