"""What does a condition read of a request? Of a token no more is shown than that, unless all of it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ostiary.config.rules import RuleSpec
from ostiary.model import Principal, Request

_LONGEST: Final = 200


def read_by(rule: RuleSpec, principal: Principal, request: Request) -> str:
    """Return what a condition reads, in words; "" where that cannot be told from its kind."""
    found = ", ".join(f"{name} {_shown(value)}" for name, value in _values(rule, principal, request).items())
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}..."


def _values(rule: RuleSpec, principal: Principal, request: Request) -> dict[str, Any]:
    reader = _READERS.get(rule.kind)
    return {} if reader is None else reader(rule.value, principal, request)


def _of_methods(value: Any, principal: Principal, request: Request) -> dict[str, Any]:
    wanted = value.get(request.method, {})
    services = () if isinstance(wanted, str) else wanted
    return {"method": request.method, "permissions": _of_services(principal.permissions, services)}


def _of_services(permissions: Any, services: Iterable[str]) -> Any:
    if not isinstance(permissions, Mapping):
        return permissions
    return {service: permissions.get(service) for service in services}


def _shown(value: Any) -> str:
    return "absent" if value is None else repr(value)


_READERS: Final[dict[str, Callable[[Any, Principal, Request], dict[str, Any]]]] = {
    "tenant": lambda _, principal, __: {"tenant": principal.tenant},
    "environment": lambda _, principal, __: {"environment": principal.environment},
    "subject": lambda _, principal, __: {"subject": principal.subject},
    "scopes": lambda _, principal, __: {"scopes": principal.scopes},
    "audience": lambda _, principal, __: {"aud": principal.claims.get("aud")},
    "subject_type": lambda _, principal, __: {"subjectType": principal.claims.get("subjectType")},
    "claims": lambda value, principal, _: {name: principal.claims.get(name) for name in value},
    "permissions": lambda value, principal, _: {"permissions": _of_services(principal.permissions, value)},
    "methods": _of_methods,
    "source": lambda _, __, request: {"address": request.peer.address},
}
"""By the kind of a condition. What a time, a certificate or an expression reads is in the file, not in the token."""
