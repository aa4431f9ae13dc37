"""The judgement, clause by clause: for people, and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ostiary.config.problem import Path
from ostiary.export.clause import Held
from ostiary.export.plan import Plan

_WIDTH: Final = 40


def document(plan: Plan) -> dict[str, Any]:
    """Return the judgement as a document."""
    return {
        "listener": plan.name,
        "asked": None if plan.asked is None else str(plan.asked),
        "ok": not plan.refused,
        "routes": [
            {"route": one.route.name, "how": one.how, "clauses": [_row(held) for held in one.clauses]}
            for one in plan.routes
        ],
        "around": [_row(held) for held in plan.around],
        "refused": [_row(held) for held in plan.refused],
    }


def text(plan: Plan) -> str:
    """Return the judgement as lines."""
    return "\n".join([*_lines(plan), ""])


def _lines(plan: Plan) -> Iterator[str]:
    for one in plan.routes:
        yield f"{one.route.name}: {one.how}"
        yield from (_line(held, f"routes.{one.number}.") for held in one.clauses)
    yield f"listener {plan.name}"
    yield from (_line(held, f"listeners.{plan.name}.") for held in plan.around)
    if plan.refused:
        yield "refused, unless the route says `decision: allow-partial`, or there is a listener to ask"
        yield from (_line(held, "") for held in plan.refused)


def _line(held: Held, before: str) -> str:
    where = dotted(held.path).removeprefix(before)
    return f"  {where:<{_WIDTH}} {held.how:<11}{held.why}".rstrip()


def _row(held: Held) -> dict[str, str]:
    return {"clause": dotted(held.path), "how": held.how, "why": held.why}


def dotted(path: Path) -> str:
    """Return a path of the file in one word."""
    return ".".join(map(str, path))
