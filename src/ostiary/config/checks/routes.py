"""Is there exactly one route for a request?

The most specific route wins: an exact host before `*.`, that before any; a literal segment before `*`,
that before `**`. Two routes are equally specific only when host and path are written the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from ostiary.config.draft import Draft
from ostiary.config.problem import Problem
from ostiary.config.schema import MatchSpec


def repeated(draft: Draft) -> Iterator[Problem]:
    """Find names of routes that stand twice: logs and metrics could not tell them apart."""
    first: dict[str, int] = {}
    for index, route in draft.routes.items():
        other = first.setdefault(route.name, index)
        if other != index:
            path = ("routes", index, "name")
            first_line = draft.tree.line(("routes", other))
            yield draft.problem("C210", f"a second route is called {route.name!r}", path, first=first_line)


def colliding(draft: Draft) -> Iterator[Problem]:
    """Find pairs of routes that could both be the one for a request."""
    alike: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    for index, route in draft.routes.items():
        alike[route.match.host, route.match.path].append(index)
    for group in alike.values():
        for one, other in combinations(group, 2):
            shared = _shared(draft.routes[one].match, draft.routes[other].match)
            if shared is not None:
                yield _collision(draft, one, other, shared)


def _shared(one: MatchSpec, other: MatchSpec) -> str | None:
    """Return a method that both match, or None."""
    if one.methods is None or other.methods is None:
        return next(iter(one.methods or other.methods or ("GET",)))
    return next((method for method in one.methods if method in other.methods), None)


def _collision(draft: Draft, one: int, other: int, method: str) -> Problem:
    match = draft.routes[one].match
    path = match.path.replace("**", "1").replace("*", "1")
    host = (match.host or "any.example").replace("*.", "any.")
    lines = tuple((draft.tree.values["routes", index].line, _line(draft, index)) for index in (one, other))
    return draft.problem(
        "C311",
        "two routes match the same requests equally well",
        ("routes", other),
        lines=lines,
        example=f"{method} https://{host}{path} could go to either",
        help="narrow one of them (host, path, methods), or remove it",
    )


def _line(draft: Draft, index: int) -> str:
    route, mark = draft.routes[index], draft.tree.values["routes", index]
    methods = " ".join(route.match.methods or ("every method",))
    where = f"  ({draft.tree.names[mark.file]})" if mark.file else ""
    return f"{route.name:<28}  host {route.match.host or 'any'}  path {route.match.path}  {methods}{where}"
