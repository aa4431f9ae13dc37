"""What a principal may, in the words that Python's frameworks have for it: one list of strings.

scopes       as the token has them (RFC 6749, section 3.3)
permissions  `service:permission` for each
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ostiary.model import Principal


def rights(principal: Principal) -> tuple[str, ...]:
    """Return the scopes and permissions of a principal. What has the wrong type grants nothing, and spoils the rest."""
    try:
        return (*_scopes(principal.scopes), *_permissions(principal.permissions))
    except TypeError:
        return ()


def _scopes(scopes: Any) -> list[str]:
    if scopes is None:
        return []
    return [one for one in (scopes.split(" ") if isinstance(scopes, str) else _strings(scopes)) if one]


def _permissions(permissions: Any) -> list[str]:
    if permissions is None:
        return []
    if not isinstance(permissions, dict):
        raise TypeError("permissions are an object")
    return [f"{service}:{one}" for service, several in permissions.items() for one in _strings(several)]


def _strings(several: Any) -> list[str]:
    if not isinstance(several, list) or not all(isinstance(one, str) for one in several):
        raise TypeError("a list of strings")
    return several


class User:
    """Who was proven; looks like Starlette's `BaseUser`.

    Args:
        principal: the proven one.
    """

    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    @property
    def is_authenticated(self) -> bool:
        """Whether there was evidence."""
        return self.principal.method != "anonymous"

    @property
    def display_name(self) -> str:
        """The subject."""
        return self.principal.subject

    @property
    def identity(self) -> str:
        """The subject; two issuers may have it both, see `principal.issuer`."""
        return self.principal.subject


class Auth:
    """What they may; looks like Starlette's `AuthCredentials`, so that `@requires("accounts:read")` works.

    Args:
        principal: the proven one.
    """

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    @cached_property
    def scopes(self) -> list[str]:
        """Scopes and permissions; and `authenticated`, unless nobody was asked for evidence."""
        known = ["authenticated"] if self._principal.method != "anonymous" else []
        return [*known, *rights(self._principal)]
