"""Whoever is proven may ask so often (RFC 6585, section 4). Routes without `rate` know nothing of this."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, Protocol

from ostiary.authn.compose import Every, First
from ostiary.authn.rehearsal import is_rehearsal
from ostiary.authn.unrevoked import Unrevoked
from ostiary.config.rates import RateKey
from ostiary.errors import TooManyRequests
from ostiary.model import Authenticator, Principal, Request
from ostiary.reasons import Reason
from ostiary.shared.gcra import Pace


class Counter(Protocol):
    """Counts for each caller."""

    pace: Pace

    def ask(self, caller: str, *, rehearsal: bool = False) -> float | Awaitable[float]:
        """Return 0.0 when a caller may ask now, or the seconds until it may."""


def _certificate(principal: Principal, request: Request) -> str:
    shown = principal.certificate or request.peer.certificate
    return "" if shown is None else shown.thumbprint


_KEYS: Final[Mapping[RateKey, Callable[[Principal, Request], str]]] = {
    "subject": lambda principal, _: f"{principal.issuer}\0{principal.subject}",
    "tenant": lambda principal, _: f"{principal.issuer}\0{principal.tenant or ''}",
    "certificate": _certificate,
    "address": lambda _, request: request.peer.address,
    "route": lambda _, __: "",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a route.

    Attributes:
        per: who has a count of their own. Those who have none of it (no tenant, no certificate) have one together.
        counter: which counts.
    """

    per: RateKey
    counter: Counter

    def refusal(self, wait: float) -> TooManyRequests:
        """Return what to end a request with that comes too early, by so many seconds."""
        pace, seconds = self.counter.pace, max(1, ceil(wait))
        policy = f'"{self.per}";q={pace.limit};w={max(1, ceil(pace.period))}'
        told = (("RateLimit-Policy", policy), ("RateLimit", f'"{self.per}";r=0;t={seconds}'))
        detail = f"more than {pace.limit} in {pace.period:g} s per {self.per}"
        return TooManyRequests(detail, reason=Reason.RATE_EXCEEDED, retry_after=seconds, fields=told)


class Limited:
    """The authenticators of a route, and how often whoever they prove may ask.

    Args:
        inner: the authenticators.
        limits: all of which must have room.

    Attributes:
        challenges: what to say in `WWW-Authenticate`.
    """

    def __init__(self, inner: First | Every | Unrevoked, limits: Sequence[Limit]) -> None:
        self.inner = inner
        self.limits = tuple(limits)
        self.challenges = inner.challenges

    @property
    def each(self) -> tuple[Authenticator, ...]:
        """The authenticators, in order."""
        return self.inner.each

    def over(self, inner: First | Every | Unrevoked) -> Limited:
        """Return the same over others, for `explain`, which wraps them."""
        return Limited(inner, self.limits)

    async def authenticate(self, request: Request) -> Principal:
        """Return who was proven.

        Raises:
            TooManyRequests: whoever it is asks too often.
            GatewayError: nobody is proven.
        """
        principal = await self.inner.authenticate(request)
        rehearsal = is_rehearsal()
        for limit in self.limits:
            wait = limit.counter.ask(_KEYS[limit.per](principal, request), rehearsal=rehearsal)
            seconds = wait if isinstance(wait, float) else await wait
            if seconds > 0.0:
                raise limit.refusal(seconds)
        return principal
