"""What becomes of headers: which may come in, which are taken away, and which are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.schema import RouteSpec
from ostiary.export.envoy import shapes
from ostiary.export.envoy.words import JOINT, PEER, UPSTREAM, Block, literal, spelt
from ostiary.export.judge.evidence import members
from ostiary.export.plan import Plan
from ostiary.export.texts import constant
from ostiary.model import fold
from ostiary.recipes.plan import spellings
from ostiary.upstream.headers import HOP_BY_HOP, PRETENCE, PRETENCES

AUTHORIZATION: Final = "authorization"
_FRAMING: Final = ("Content-Length", "Transfer-Encoding", "X-Request-Id")
"""Headers that only count in this spelling."""

_MINE: Final = frozenset((b"connection", b"transfer-encoding", b"content-length", b"upgrade", b"te", b"x-request-id"))
"""What Envoy itself reads and writes, for each connection anew."""


def _shaped(name: str, regex: str, *, needed: bool) -> Block:
    match: Block = {"name": name, "string_match": {"safe_regex": {"regex": regex}}}
    return match if needed else {**match, "treat_missing_header_as_empty": True}


def authorization(route: RouteSpec) -> Block:
    """Return the shape of Authorization in requests that are native: the plainest, and never two."""
    spec = route.authenticate
    if evidence(route) and (spec.any is None or len(spec.any) == 1):
        return _shaped(AUTHORIZATION, shapes.TOKEN, needed=True)
    if AUTHORIZATION in evidence(route):
        return _shaped(AUTHORIZATION, f"(?:{shapes.TOKEN})?", needed=False)
    return _shaped(AUTHORIZATION, "[^,]*", needed=False)


def evidence(route: RouteSpec) -> tuple[str, ...]:
    """Return the headers in which callers of a native route show evidence: they end here."""
    return (AUTHORIZATION,) if any(one.jwt is not None for one in members(route.authenticate)) else ()


def injected(route: RouteSpec) -> Iterator[str]:
    """Return the headers that a native route writes."""
    for one in route.inject:
        yield AUTHORIZATION if one.kind in ("basic", "bearer") else one.value.name


def removed(route: RouteSpec | None, plan: Plan) -> list[str]:
    """Return what is taken away on the way to the upstream, after everything has been decided."""
    mine = [PEER, UPSTREAM] if plan.asked is not None else [PEER]
    if route is None:
        return mine
    written = {name.lower() for name in injected(route)}
    owned = [name.lower() for name in owned_evidence(plan)]
    return sorted({*mine, *(name for name in (*owned, *evidence(route)) if name not in written)})


def owned_evidence(plan: Plan) -> list[str]:
    """Return what the policy owns and may be evidence on some route: it is taken away later than the rest."""
    return [name for name in owned(plan) if fold(name.encode()).decode() in {*plan.evidence, AUTHORIZATION}]


def owned(plan: Plan) -> list[str]:
    """Return the headers that the policy writes, and nobody else, on any route."""
    names = {name.lower(): name for one in plan.spec.routes for each in one.inject for name in _names(each)}
    return sorted(names[key] for key in names if key != AUTHORIZATION)


def _names(one: object) -> Iterator[str]:
    kind, value = getattr(one, "kind", ""), getattr(one, "value", None)
    name = getattr(value, "header", None) or getattr(value, "name", None)
    if isinstance(name, str) and kind not in ("query", "cookie"):
        yield name


def said(route: RouteSpec | None) -> Iterator[Block]:
    """Return what is written: who is calling, and what every caller of a route is said to be."""
    yield overwritten("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")
    yield overwritten("x-forwarded-host", "%REQ(:AUTHORITY)%")
    if route is not None:
        texts = ((one.value, constant(one.value, route.authenticate)) for one in route.inject)
        yield from (overwritten(spec.name, literal(text)) for spec, text in texts if text is not None)


def scheme(plan: Plan) -> str:
    """Return what callers speak."""
    return "http" if plan.listener.tls is None else "https"


def overwritten(name: str, value: str) -> Block:
    """Return a header that is written over whatever is there."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def pretences(plan: Plan) -> str:
    """Return a regular expression for the headers that no caller sends on, in any spelling."""
    late = {name.lower() for name in owned_evidence(plan)}
    first = [name for name in owned(plan) if name.lower() not in late]
    others = [*spellings(owned_evidence(plan)), *spellings(_FRAMING)]
    whole = [one.decode() for one in sorted((PRETENCE | HOP_BY_HOP | {b"proxy"}) - _MINE)]
    families = [f"{spelt(one.decode().rstrip('-'))}(?:{JOINT}.*)?" for one in PRETENCES]
    mine = [f"{spelt(one)}{JOINT}.*" for one in ("ostiary", "x-ostiary", "x-envoy")]
    exact = [shapes.escaped(one.lower()) for one in others]
    return "|".join([*map(spelt, first), *map(spelt, whole), *families, f"{spelt('x-client-cert')}.*", *mine, *exact])
