"""`authenticate` and `authorize`, as policies of RBAC: each is one way in which a caller may.

Of `any:` each member is a way, which counts when the evidence of those before it is not there; of `all:` every member
is one way together, and the last is whom the rules are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from ostiary.authz.attributes import SUBJECT_TYPE
from ostiary.config.certificates import MtlsSpec
from ostiary.config.evidence import AuthenticatorSpec
from ostiary.config.rules import RuleSpec, SomeOf
from ostiary.config.schema import IssuerSpec, RouteSpec
from ostiary.export.envoy import condition, shapes
from ostiary.export.envoy.condition import NEVER
from ostiary.export.envoy.tokens import token_condition, token_expression
from ostiary.export.envoy.words import PEER, Block
from ostiary.export.plan import Plan


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a caller may.

    Attributes:
        proven: what must hold of the evidence.
        subject: the one name that everybody has, where nobody is authenticated.
        certificate: whether the URI of the certificate is the subject.
        issuer: whose token it is that the rules are about, or None when it is of no token.
        times: what must hold of tokens and the time.
    """

    proven: tuple[Block, ...]
    subject: str | None = None
    certificate: bool = False
    issuer: IssuerSpec | None = None
    times: tuple[Block, ...] = ()


def policies(route: RouteSpec, plan: Plan) -> Block:
    """Return the policies of a native route."""
    found = {}
    rules = () if route.authorize == "anyone" else route.authorize
    for number, way in enumerate(_ways(route, plan)):
        held = condition.every((*way.proven, *(_rule(rule, way) for rule in rules if rule.mode == "enforce")))
        policy: Block = {"permissions": [{"any": True}], "principals": [held]}
        if way.times:
            policy["condition"] = _together(way.times)
        found[f"{route.name}~{number}"] = policy
    return {"action": "ALLOW", "policies": found}


def _together(times: Sequence[Block]) -> Block:
    first, *rest = times
    for one in rest:
        first = {"call_expr": {"function": "_&&_", "args": [first, one]}}
    return first


def _ways(route: RouteSpec, plan: Plan) -> Iterator[Way]:
    spec = route.authenticate
    if spec.all is not None:
        yield from _joined(spec.all, plan)
        return
    before: list[Block] = []
    for one in spec.any or (spec,):
        for way in _of(one, plan):
            yield replace(way, proven=(*before, *way.proven))
        before.append(condition.no(_evidence(one)))


def _joined(members: Sequence[AuthenticatorSpec], plan: Plan) -> Iterator[Way]:
    """Return every way to prove all of them; the last member is the principal."""
    found = [Way(())]
    for one in members:
        found = [
            replace(way, proven=(*known.proven, *way.proven), times=(*known.times, *way.times))
            for known in found
            for way in _of(one, plan)
        ]
    yield from found


def _of(spec: AuthenticatorSpec, plan: Plan) -> Iterator[Way]:
    if spec.jwt is not None:
        for name in dict.fromkeys(spec.jwt.issuers):
            issuer = plan.issuers[name]
            yield Way((token_condition(issuer, spec.jwt),), issuer=issuer, times=(token_expression(issuer),))
    elif spec.mtls is not None:
        yield Way((_certificate(spec.mtls),), certificate=True)
    elif spec.anonymous is not None:
        yield Way((), subject=spec.anonymous.subject)
    else:
        raise AssertionError(f"{spec.kind} is not native")


def _evidence(spec: AuthenticatorSpec) -> Block:
    """Return whether a caller has shown what a member judges: more than the gateway would take for it, never less."""
    if spec.mtls is not None:
        return condition.shown()
    return condition.some((condition.there("authorization"), condition.is_there("iss")))


def _certificate(spec: MtlsSpec) -> Block:
    """Return that the only URI of the certificate is an accepted one: with a second one there is a comma."""
    shape = "|".join(map(shapes.uri, spec.allow or ()))
    return condition.every((condition.named(shape), condition.header(PEER, shape)))


# --- rules -------------------------------------------------------------------------------------


def _some(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _rule(rule: RuleSpec, way: Way) -> Block:
    """Return what a rule wants of a caller who came this way; a rule about tokens is never met without one."""
    if rule.source is not None:
        return condition.some(map(condition.network, rule.source))
    if rule.methods is not None:
        return _methods(rule.methods, way)
    if rule.subject is not None:
        return _subject(_some(rule.subject), way)
    if way.issuer is None:
        return NEVER
    return _OF_TOKENS[rule.kind](rule.value, way.issuer)


def _subject(names: tuple[str, ...], way: Way) -> Block:
    if way.issuer is not None:
        return condition.text_is(names, way.issuer.claims.subject)
    if way.certificate:
        return condition.header(PEER, "|".join(map(shapes.escaped, names)))
    return condition.ALWAYS if way.subject in names else NEVER


def _methods(wanted: Mapping[str, Any], way: Way) -> Block:
    def held(services: Any) -> Block:
        if services == "anyone":
            return condition.ALWAYS
        return NEVER if way.issuer is None else _permissions(services, way.issuer)

    return condition.some(
        condition.every((condition.method(method), held(services))) for method, services in wanted.items()
    )


def _permissions(services: Mapping[str, SomeOf], issuer: IssuerSpec) -> Block:
    return condition.every(
        _quantity(wanted, partial(_permission, issuer.claims.permissions, service))
        for service, wanted in services.items()
    )


def _permission(claim: str, service: str, name: str) -> Block:
    return condition.list_has(name, claim, service)


def _quantity(wanted: SomeOf, one: Any) -> Block:
    each = [one(name) for name in sorted(wanted.value)]
    return condition.every(each) if wanted.all is not None else condition.some(each)


def _scopes(wanted: SomeOf, issuer: IssuerSpec) -> Block:
    return _quantity(wanted, partial(_scope, issuer.claims.scope))


def _scope(claim: str, name: str) -> Block:
    """One word of a text, or one member of a list."""
    words = rf"(?:.* )?{shapes.escaped(name)}(?: .*)?"
    return condition.some((condition.text_like(words, claim), condition.list_has(name, claim)))


def _claims(wanted: Mapping[str, Any], _: IssuerSpec) -> Block:
    return condition.every(condition.says(_some(accepted), name) for name, accepted in wanted.items())


_OF_TOKENS: Final[Mapping[str, Callable[[Any, IssuerSpec], Block]]] = {
    "audience": lambda value, _: condition.says(_some(value), "aud"),
    "tenant": lambda value, issuer: condition.text_is(_some(value), issuer.claims.tenant),
    "environment": lambda value, issuer: condition.text_is(_some(value), issuer.claims.environment),
    "permissions": _permissions,
    "scopes": _scopes,
    "subject_type": lambda value, issuer: _claims({SUBJECT_TYPE: value}, issuer),
    "claims": _claims,
}
