"""What of a route cannot hold where another proxy forwards: found in the specs, clause by clause.

A decision is about a head, and its answer is headers. Whatever concerns bodies, connections to the upstream, or what
comes back from it remains with the proxy. What is not known to hold is named: a new word of the language is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ostiary.config.problem import Path
from ostiary.config.schema import InjectorSpec, RouteSpec, UpstreamSpec
from ostiary.config.spec import Spec


class Clause(NamedTuple):
    """Something that a route says, and that no decision enforces.

    Attributes:
        path: where it stands, seen from the route, or from the upstream.
        of_upstream: whether it is the upstream's.
        why: what will be done without it.
        never: whether the route is of no use without it.
    """

    path: Path
    of_upstream: bool
    why: str
    never: bool = False


_ROUTE: Final = frozenset(("name", "match", "authenticate", "authorize", "inject", "upstream", "decision"))
_UPSTREAM: Final = frozenset(("endpoints", "host", "plaintext", "tls"))
_TLS: Final = frozenset(("trusted", "server_name"))
_HELD: Final = frozenset(
    ("basic", "bearer", "header", "cookie", "oauth2", "token_exchange", "identity", "custom", "certificate")
)
"""Injectors that write headers, of which nothing else depends."""

_WHY: Final = {
    "upgrades": "the proxy changes protocols as its own configuration says",
    "timeouts": "the proxy waits for the upstream as long as its own configuration says",
    "connections": "the proxy makes as many connections as its own configuration says",
    "protocol": "the proxy speaks to the upstream in the HTTP that its own configuration says",
    "client": "the gateway's certificate is not shown to the upstream; the proxy needs one of its own",
    "rewrite": "the proxy writes paths and headers as its own configuration says, or not at all",
    "host": "the proxy sends the Host that its own configuration says",
    "on_reject": "the proxy does not come back when the upstream refuses the credential; `ignore` says so",
}
_UNKNOWN: Final = "it is about what the proxy does, not about the decision"


def clauses(route: RouteSpec, upstream: UpstreamSpec | None) -> Iterator[Clause]:
    """Return what of a route another proxy will not enforce.

    Args:
        route: the route.
        upstream: its upstream, or None when that is not known.
    """
    yield from _more(route, _ROUTE, (), of_upstream=False)
    for position, one in enumerate(route.inject):
        yield from _of_injector(one, ("inject", position, one.kind))
    if upstream is not None:
        yield from _of_upstream(upstream)


def _of_injector(injector: InjectorSpec, path: Path) -> Iterator[Clause]:
    if injector.kind == "query":
        why = "an answer has headers, and no query: the upstream would see the caller's own"
        yield Clause(path, of_upstream=False, why=why, never=True)
    elif injector.kind not in _HELD:
        yield Clause(path, of_upstream=False, why=_UNKNOWN)
    elif getattr(injector.value, "on_reject", "ignore") != "ignore":
        yield Clause((*path, "on_reject"), of_upstream=False, why=_WHY["on_reject"])


def _of_upstream(upstream: UpstreamSpec) -> Iterator[Clause]:
    if len(upstream.endpoints) > 1:
        yield Clause(("endpoints",), of_upstream=True, why="the proxy chooses among the endpoints in its own way")
    if upstream.host not in ("preserve", "endpoint"):
        yield Clause(("host",), of_upstream=True, why=_WHY["host"])
    yield from _more(upstream, _UPSTREAM, (), of_upstream=True)
    yield from _more(upstream.tls, _TLS, ("tls",), of_upstream=True)


def _more(spec: Spec, held: frozenset[str], path: Path, *, of_upstream: bool) -> Iterator[Clause]:
    """Return what a block says beyond what is known to hold."""
    for name in sorted(spec.model_fields_set - held):
        yield Clause((*path, name), of_upstream, _WHY.get(name, _UNKNOWN))
