"""Whoever is proven is asked for in the list of what is revoked, on every request: also on connections that live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ostiary.authn.compose import Every, First
from ostiary.model import Authenticator, Certificate, Principal, Request


class Revoked(Protocol):
    """What is revoked."""

    def check(self, principal: Principal, certificate: Certificate | None) -> None:
        """Return when nothing of a caller is revoked; raise the GatewayError that follows otherwise."""


class Unrevoked:
    """The authenticators of a route, and the list.

    Args:
        inner: the authenticators.
        revocations: the list.

    Attributes:
        challenges: what to say in `WWW-Authenticate`.
    """

    def __init__(self, inner: First | Every, revocations: Revoked) -> None:
        self._inner = inner
        self._revocations = revocations
        self.challenges = inner.challenges

    @property
    def each(self) -> tuple[Authenticator, ...]:
        """The authenticators, in order."""
        return self._inner.each

    @property
    def revocations(self) -> Revoked:
        """The list."""
        return self._revocations

    def over(self, authenticators: Sequence[Authenticator], revocations: Revoked) -> Unrevoked:
        """Return the same over others, for `explain`, which wraps them and the list."""
        return Unrevoked(type(self._inner)(authenticators), revocations)

    async def authenticate(self, request: Request) -> Principal:
        """Return who was proven.

        Raises:
            GatewayError: nobody is, or is revoked, or nobody can know now.
        """
        principal = await self._inner.authenticate(request)
        self._revocations.check(principal, request.peer.certificate)
        return principal
