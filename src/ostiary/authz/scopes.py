"""The token has scopes: one string with spaces (RFC 6749, section 3.3; RFC 8693, section 4.2), or a list.

    exact        what is wanted is there, to the letter
    hierarchic   `accounts` grants `accounts.read` and `accounts:read:own`, whole parts only
    wildcard     `accounts.*` grants `accounts.read`; `*` stands for one whole part or, at the end, for any rest

Only what the token has can be wide; what the configuration wants is always meant as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.authz.quantity import Wanted
from ostiary.config.schema import ScopesSpec
from ostiary.errors import Forbidden
from ostiary.model import Principal, Request
from ostiary.reasons import Reason


class ScopesRule:
    """The principal's token has the scopes that are wanted.

    Args:
        scopes: what is wanted, and how what the token has grants it.
    """

    __slots__ = ("_grants", "_wanted")
    lasting = True

    def __init__(self, scopes: ScopesSpec) -> None:
        self._wanted = Wanted.of(scopes)
        self._grants = _GRANTS[scopes.match]

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds.

        Raises:
            Forbidden: a scope is missing, or the scopes cannot be read.
        """
        held = _held(principal.scopes)
        if self._grants is not None:
            held = [one for one in self._wanted.names if any(self._grants(scope, one) for scope in held)]
        if not self._wanted.met_by(held):
            raise Forbidden("scopes are missing", reason=Reason.SCOPE_MISSING)


def _held(scopes: Any) -> list[str]:
    if scopes is None:
        return []
    if isinstance(scopes, str):
        return scopes.split(" ")
    if isinstance(scopes, list) and all(isinstance(one, str) for one in scopes):
        return scopes
    raise Forbidden("the scopes are neither a string nor a list of strings", reason=Reason.PERMISSION_INVALID)


_PARTS: Final = re.compile(r"[.:/]")


def _contains(held: str, wanted: str) -> bool:
    """Whether a scope is the wanted one, or stands above it."""
    return held == wanted or (bool(held) and wanted.startswith(held) and wanted[len(held)] in ".:/")


def _matches(held: str, wanted: str) -> bool:
    """Whether a scope with stars stands for the wanted one."""
    if "*" not in held:
        return held == wanted
    stars, parts = _PARTS.split(held), _PARTS.split(wanted)
    if stars[-1] == "*" and len(parts) > len(stars):
        parts = parts[: len(stars)]
    fixed = [one if one == "*" or "*" not in one else None for one in stars]  # a star is a whole part or nothing
    return len(parts) == len(stars) and all(a in ("*", b) for a, b in zip(fixed, parts, strict=True))


_GRANTS: Final[Mapping[str, Callable[[str, str], bool] | None]] = {
    "exact": None,
    "hierarchic": _contains,
    "wildcard": _matches,
}
