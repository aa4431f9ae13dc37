"""Whoever is proven is asked for in the list of what is revoked, on every request: also on connections that live."""

from __future__ import annotations

from collections.abc import Sequence

from ostiary.authn.compose import Every, First
from ostiary.model import Authenticator, Principal, Request
from ostiary.shared.revocations import Revocations


class Unrevoked:
    """The authenticators of a route, and the list.

    Args:
        inner: the authenticators.
        revocations: the list.

    Attributes:
        challenges: what to say in `WWW-Authenticate`.
    """

    def __init__(self, inner: First | Every, revocations: Revocations) -> None:
        self._inner = inner
        self._revocations = revocations
        self.challenges = inner.challenges

    @property
    def each(self) -> tuple[Authenticator, ...]:
        """The authenticators, in order."""
        return self._inner.each

    def over(self, authenticators: Sequence[Authenticator]) -> Unrevoked:
        """Return the same over others, for `explain`, which wraps them."""
        return Unrevoked(type(self._inner)(authenticators), self._revocations)

    async def authenticate(self, request: Request) -> Principal:
        """Return who was proven.

        Raises:
            GatewayError: nobody is, or is revoked, or nobody can know now.
        """
        principal = await self._inner.authenticate(request)
        self._revocations.check(principal, request.peer.certificate)
        return principal
