"""The token has scopes: one string with spaces (RFC 6749, section 3.3; RFC 8693, section 4.2), or a list."""

from __future__ import annotations

from typing import Any

from ostiary.authz.quantity import Wanted
from ostiary.config.schema import SomeOf
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


class ScopesRule:
    """The principal's token has the scopes that are wanted.

    Args:
        scopes: what is wanted.
    """

    __slots__ = ("_wanted",)
    lasting = True

    def __init__(self, scopes: SomeOf) -> None:
        self._wanted = Wanted.of(scopes)

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds.

        Raises:
            Forbidden: a scope is missing, or the scopes cannot be read.
        """
        if not self._wanted.met_by(_held(principal.scopes)):
            raise Forbidden("scopes are missing", reason=Reason.SCOPE_MISSING)


def _held(scopes: Any) -> list[str]:
    if scopes is None:
        return []
    if isinstance(scopes, str):
        return scopes.split(" ")
    if isinstance(scopes, list) and all(isinstance(one, str) for one in scopes):
        return scopes
    raise Forbidden("the scopes are neither a string nor a list of strings", reason=Reason.PERMISSION_INVALID)
