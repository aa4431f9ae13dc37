"""Can another proxy hold what the routes say?"""

from __future__ import annotations

from collections.abc import Iterator

from ostiary.config.clauses import Clause, clauses
from ostiary.config.draft import Draft
from ostiary.config.problem import Path, Problem


def partial(draft: Draft) -> Iterator[Problem]:
    """Find what routes say and no decision enforces, unless the route accepts that in so many words."""
    dialects = sorted({one.decide.dialect for one in draft.listeners.values() if one.decide is not None})
    if not dialects:
        return
    for index, route in draft.routes.items():
        for clause in clauses(route, draft.upstreams.get(route.upstream)):
            if clause.never or route.decision is None:
                yield _unheld(draft, index, clause, ", ".join(dialects))


def _unheld(draft: Draft, index: int, clause: Clause, dialects: str) -> Problem:
    route = draft.routes[index]
    path: Path = ("routes", index, *clause.path)
    where = ""
    if clause.of_upstream:
        path = ("routes", index, "upstream")
        where = f" of upstream {route.upstream!r}"
    word = ".".join(str(part) for part in clause.path if not isinstance(part, int))
    message = f"route {route.name!r}: a decision for {dialects} does not hold `{word}`{where}: {clause.why}"
    if clause.never:
        return draft.problem("C383", message, path, key=True, help="inject a header, or take the decision listener out")
    return draft.problem(
        "C382", message, path, key=True,
        help="write `decision: allow-partial` on the route to let the proxy go without, or take it out",
    )  # fmt: skip
