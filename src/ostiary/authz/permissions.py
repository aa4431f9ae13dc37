"""The caller holds permissions, by service: `{"permissions": {"accounts": ["read"]}}`.

The claim is exactly an object of lists of strings where it is read; anything else is refused, because
a string searched for a substring, or a wildcard, would grant what nobody wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from ostiary.authz.quantity import Wanted
from ostiary.config.schema import SomeOf
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


class PermissionsRule:
    """The principal holds what is wanted, for every service named.

    Args:
        services: what is wanted, by service.
    """

    __slots__ = ("_services",)
    lasting = True

    def __init__(self, services: Mapping[str, SomeOf]) -> None:
        self._services = tuple((service, Wanted.of(spec)) for service, spec in services.items())

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds.

        Raises:
            Forbidden: a permission is missing, or the permissions cannot be read.
        """
        for service, wanted in self._services:
            if not wanted.met_by(_held(principal.permissions, service)):
                raise Forbidden(f"permissions of {service} are missing", reason=Reason.PERMISSION_MISSING)


def _held(permissions: Any, service: str) -> list[str]:
    if permissions is None:
        return []
    if not isinstance(permissions, dict):
        _refuse("permissions is not an object")
    held = permissions.get(service, [])
    if not isinstance(held, list) or not all(isinstance(one, str) for one in held):
        _refuse(f"permissions of {service} are not a list of strings")
    return held


def _refuse(why: str) -> NoReturn:
    raise Forbidden(why, reason=Reason.PERMISSION_INVALID)


class MethodsRule:
    """The principal holds what is wanted for the request's method; methods that are not named are refused.

    Args:
        methods: what is wanted, by method and service; `anyone` wants nothing.
    """

    __slots__ = ("_methods",)

    def __init__(self, methods: Mapping[str, Mapping[str, SomeOf] | Literal["anyone"]]) -> None:
        self._methods = {
            method: None if wanted == "anyone" else PermissionsRule(wanted) for method, wanted in methods.items()
        }

    def check(self, principal: Principal, request: Request) -> None:
        """Return when the condition holds, or raise Forbidden."""
        if request.method not in self._methods:
            raise Forbidden(f"method {request.method[:16]}", reason=Reason.METHOD_NOT_PERMITTED)
        rule = self._methods[request.method]
        if rule is not None:
            rule.check(principal, request)
