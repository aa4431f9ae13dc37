"""What upstreams are shown: a credential that is everybody's, or text that is always the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ostiary.config.injectors import BasicSpec, BearerSpec, HeaderSpec, InjectorSpec
from ostiary.config.problem import Path
from ostiary.config.schema import GatewaySpec, RouteSpec
from ostiary.export.clause import Clause
from ostiary.export.texts import constant

_WHY: Final = {
    "cookie": "the caller's other cookies stay, and this one is taken out of them",
    "oauth2": "the gateway's own token is fetched and renewed by the gateway",
    "token_exchange": "each caller's token is exchanged for another one",
    "identity": "the gateway signs it",
    "sigv4": "the gateway signs it",
    "custom": "it is a plug-in of the gateway",
    "certificate": "it is written from the parsed certificate",
}
_WRITTEN: Final = frozenset(("credential", "name", "value", "on_reject", "reject_status"))
_QUERY: Final = "an answer of the gateway has headers, and no query; and the engine has no words for it"
_REPLAY: Final = "nobody comes back when the upstream refuses the credential; `on_reject: ignore` says so"


def judge_injector(one: InjectorSpec, path: Path, route: RouteSpec, spec: GatewaySpec) -> Iterator[Clause]:
    """Return whether something can be shown to the upstream without the gateway."""
    if one.kind == "query":
        yield Clause(path, "never", _QUERY)
    elif isinstance(one.value, BasicSpec | BearerSpec | HeaderSpec) and not one.value.model_fields_set - _WRITTEN:
        yield _written(one.value, path, route, spec)
        if one.value.on_reject != "ignore":
            yield Clause((*path, "on_reject"), "impossible", _REPLAY)
    else:
        yield Clause(path, "asked", _WHY.get(one.kind, "it is not known to hold without the gateway"))


def _written(one: BasicSpec | BearerSpec | HeaderSpec, path: Path, route: RouteSpec, spec: GatewaySpec) -> Clause:
    if one.credential is None:
        if constant(one, route.authenticate) is not None:
            return Clause(path, "native")
        return Clause(path, "asked", "it says something about the caller, encoded so that nobody can pretend with it")
    known = spec.credentials[one.credential]
    if known.for_each:
        return Clause(path, "asked", "each caller has another credential")
    if known.engine == "pki":
        return Clause(path, "asked", "a vault issues it")
    return Clause(path, "native")
