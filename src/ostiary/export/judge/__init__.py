"""Which clauses can an engine hold by itself? What is not known to be held is asked, a new word of the language too.

evidence.py   authenticate: tokens and certificates
rules.py      authorize
injectors.py  inject
upstreams.py  what is done on the way to the upstream
listeners.py  where callers come
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.problem import Path
from ostiary.config.schema import GatewaySpec, RouteSpec
from ostiary.export.clause import Clause
from ostiary.export.judge.evidence import Surroundings, judge_evidence
from ostiary.export.judge.injectors import judge_injector
from ostiary.export.judge.rules import judge_rule
from ostiary.export.judge.upstreams import judge_upstream

__all__ = ["Surroundings", "judge_route"]

_KNOWN: Final = frozenset(
    ("name", "match", "authenticate", "authorize", "inject", "upstream", "decision", "upgrades", "rate")
)


def judge_route(spec: GatewaySpec, number: int, around: Surroundings) -> Iterator[Clause]:
    """Return what a route says, clause by clause.

    Args:
        spec: the file.
        number: the route's position in it.
        around: what the judgement depends on beside it.
    """
    route = spec.routes[number]
    here: Path = ("routes", number)
    yield _match(route, (*here, "match"))
    yield from judge_evidence(route.authenticate, (*here, "authenticate"), around)
    if route.authorize == "anyone":
        yield Clause((*here, "authorize"), "native")
    else:
        for position, rule in enumerate(route.authorize):
            yield judge_rule(rule, (*here, "authorize", position, rule.kind))
    for position, one in enumerate(route.inject):
        yield from judge_injector(one, (*here, "inject", position, one.kind), route, spec)
    if "rate" in route.model_fields_set:
        yield Clause((*here, "rate"), "asked", "requests are counted by the gateway")
    if route.upgrades:
        yield Clause((*here, "upgrades"), "own", "an answer of the gateway says nothing of a change of protocols")
    for name in sorted(route.model_fields_set - _KNOWN):
        yield Clause(
            (*here, name), "impossible", "it is about what is forwarded, and the gateway forwards nothing here"
        )
    yield from judge_upstream(spec.upstreams[route.upstream], ("upstreams", route.upstream))
    if spec.audit is not None:
        yield Clause(("audit",), "asked", "what is decided elsewhere is not in the audit log")
    if spec.shared is not None and spec.shared.revocation is not None:
        yield Clause(("shared", "revocation"), "asked", "what is revoked is known to the gateway alone")
    if spec.tracing is not None:
        yield Clause(("tracing",), "asked", "the gateway writes the trace's headers")


def _match(route: RouteSpec, path: Path) -> Clause:
    """A path that needs escapes is never plain, and only plain ones are the engine's own."""
    plain = all(character.isascii() and character not in " ;" for character in route.match.path)
    dotted = any(part.startswith(".") for part in route.match.path.split("/"))
    if plain and not dotted:
        return Clause(path, "native")
    return Clause(path, "asked", "a path with escapes or dots has more than one spelling")
