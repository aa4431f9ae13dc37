"""Tokens: what jwt_authn verifies, and everything that it does not look at, as conditions.

It verifies signature, `iss`, `exp`, `nbf` and, nearly, `aud`: it takes `https://` and a last slash away first.
Algorithms are what the keys are for, `typ`, `crit` and `iat` mean nothing to it: these are conditions on the verified
token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from ostiary.authn.claims import normal_type
from ostiary.config.evidence import JwtSpec
from ostiary.config.schema import IssuerSpec, RouteSpec
from ostiary.export.clause import Judged
from ostiary.export.envoy import condition
from ostiary.export.envoy.words import HEAD, JWT, NATIVE, Block, extension, seconds
from ostiary.export.judge.evidence import members
from ostiary.export.plan import Plan

_PLAIN: Final = r"[^\p{Cc}\p{Zl}\p{Zp}]+"
_LONGEST: Final = 1024
_REMEMBERED: Final = 1000
_EXTENSIONS: Final = ("crit", "b64", "zip", "enc")


def native_tokens(plan: Plan) -> Iterator[JwtSpec]:
    """Return every block of a native route that judges tokens."""
    for one in plan.routes:
        if one.native:
            yield from (each.jwt for each in members(one.route.authenticate) if each.jwt is not None)


def native_issuers(plan: Plan) -> tuple[str, ...]:
    """Return the issuers whose tokens are verified natively, by name."""
    return tuple(dict.fromkeys(name for spec in native_tokens(plan) for name in spec.issuers))


def providers_of(names: Iterable[str], plan: Plan) -> list[str]:
    """Return what verifies tokens of these issuers: one for each spelling of `iss`."""
    return [f"{name}~{number}" for name in names for number, _ in enumerate(plan.issuers[name].identifiers)]


def jwt_authn(plan: Plan) -> Block:
    """Return the filter; which tokens a route needs is said there."""
    names = native_issuers(plan)
    made = {
        f"{name}~{number}": _provider(name, identifier, plan)
        for name in names
        for number, identifier in enumerate(plan.issuers[name].identifiers)
    }
    needed = {requirement(one): _needed(spec, plan) for one in plan.routes if one.native for spec in _of(one.route)}
    return extension(
        JWT,
        "filters.http.jwt_authn.v3.JwtAuthentication",
        providers=made,
        requirement_map=needed,
        strip_failure_response=True,  # it would repeat the whole URL as a realm
    )


def requirement(one: Judged) -> str:
    """Return under which name it stands what a route needs."""
    return f"{one.route.name}~{one.number}"


def _of(route: RouteSpec) -> Iterator[tuple[JwtSpec, bool]]:
    """Return the token of a route, and whether it may be missing."""
    spec = route.authenticate
    several = members(spec)
    yield from ((one.jwt, spec.any is not None and len(several) > 1) for one in several if one.jwt is not None)


def _needed(spec: tuple[JwtSpec, bool], plan: Plan) -> Block:
    """Return what has to be there. Where there is somebody to ask, a bad token is asked about."""
    names, optional = tuple(dict.fromkeys(spec[0].issuers)), spec[1]
    wanted: list[Block] = [{"provider_name": one} for one in providers_of(names, plan)]
    if plan.asked is not None:
        wanted.append({"allow_missing_or_failed": {}})
    elif optional:
        wanted.append({"allow_missing": {}})
    return wanted[0] if len(wanted) == 1 else {"requires_any": {"requirements": wanted}}


def _provider(name: str, identifier: str, plan: Plan) -> Block:
    spec = plan.issuers[name]
    made: Block = {
        "issuer": identifier,
        "forward": plan.asked is not None,  # whoever is asked judges it again; it is taken away on the way
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": NATIVE,
        "header_in_metadata": HEAD,
        "require_expiration": True,
        "clock_skew_seconds": int(spec.leeway),
        "jwt_cache_config": {"jwt_cache_size": _REMEMBERED, "jwt_max_token_size": spec.max_token},
    }
    if not spec.audience_unchecked:
        made["audiences"] = sorted(_audiences(spec))
    return made | _keys(name, spec, plan)


def _keys(name: str, spec: IssuerSpec, plan: Plan) -> Block:
    if spec.jwks_file is not None:
        return {"local_jwks": {"filename": plan.file(spec.jwks_file.path)}}
    return {
        "remote_jwks": {
            "http_uri": {"uri": spec.jwks_url, "cluster": keys_cluster(name), "timeout": seconds(spec.keys.timeout)},
            "cache_duration": seconds(spec.keys.refresh),
            "async_fetch": {"failed_refetch_duration": seconds(max(1.0, spec.keys.cooldown))},
        }
    }


def keys_cluster(name: str) -> str:
    """Return the name of the cluster of an issuer's key set."""
    return f"ostiary_keys_{name}"


def token_condition(spec: IssuerSpec, jwt: JwtSpec) -> Block:
    """Return what must hold of a verified token of an issuer."""
    held = [
        condition.text_is(spec.identifiers, "iss"),
        condition.text_is(spec.algorithms, "alg", part=HEAD),
        condition.type_is(map(normal_type, spec.types)),
        condition.text_like(".+", "kid", part=HEAD),
        *(condition.no(condition.is_there(one, part=HEAD)) for one in _EXTENSIONS),
        condition.text_like(_PLAIN, spec.claims.subject),
    ]
    if not spec.audience_unchecked:
        held.append(condition.says(_audiences(spec), "aud"))
    for name, value in ((spec.claims.tenant, spec.tenant), (spec.claims.environment, spec.environment)):
        held += [] if value is None else [condition.text_is((value,), name)]
    for name, wanted in spec.require.items():
        held.append(condition.text_is((wanted,) if isinstance(wanted, str) else wanted, name))
    if jwt.bound != "ignore":
        held.append(condition.no(condition.is_there("cnf")))
    return condition.every(held)


def _audiences(spec: IssuerSpec) -> set[str]:
    return (set(spec.audiences) - {"*"}) | ({"*"} if spec.audience_wildcard else set())


def token_expression(spec: IssuerSpec) -> Block:
    """Return what must hold of a token and the time (CEL): not issued in the future, a subject that is not too long.

    Without `iat` there is nothing to compare, and the token is in doubt.
    """
    claims = _index(_index(_index(_name("metadata"), "filter_metadata", field=True), JWT), NATIVE)
    now = _call("int", _index(_name("request"), "time", field=True))
    issued = _call("_<=_", _call("int", _index(claims, "iat")), _call("_+_", now, _const(int64_value=int(spec.leeway))))
    length = _call("size", _index(claims, spec.claims.subject))
    short = _call("_<=_", length, _const(int64_value=_LONGEST))
    return _call("_&&_", issued, short)


def _name(name: str) -> Block:
    return {"ident_expr": {"name": name}}


def _const(**value: Any) -> Block:
    return {"const_expr": value}


def _call(function: str, *arguments: Block) -> Block:
    return {"call_expr": {"function": function, "args": list(arguments)}}


def _index(of: Block, key: str, *, field: bool = False) -> Block:
    if field:
        return {"select_expr": {"operand": of, "field": key}}
    return _call("_[_]", of, _const(string_value=key))
