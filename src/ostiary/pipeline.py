"""The product: what happens to a request.

    authenticate -> authorize -> prepare -> inject -> forward

Each step takes the ticket of the one before. Nothing awaits when nothing must be fetched.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from ostiary.model import Answer, Body, Injector, Outbound, Permit, Principal, Request


class Authenticators(Protocol):
    """Who is calling? The composed authenticators of a route."""

    async def authenticate(self, request: Request) -> Principal:
        """Return who was proven, or raise Unauthenticated."""


class Policy(Protocol):
    """May they? The composed rules of a route."""

    def permit(self, principal: Principal, request: Request) -> Permit:
        """Return the permit, or raise Forbidden."""


class Upstream(Protocol):
    """How does it get there? The protected side."""

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass."""

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going. Returns when it flows; the rest is between the two connections."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The steps of one route, compiled once."""

    authenticators: Authenticators
    policy: Policy
    injectors: tuple[Injector, ...]
    upstream: Upstream

    async def handle(self, request: Request, answer: Answer) -> None:
        """Carry one request through, or raise the GatewayError that it ends with."""
        principal = await self.authenticators.authenticate(request)
        request.record.principal = principal
        permit = self.policy.permit(principal, request)
        outbound = self.upstream.prepare(request, permit)
        for injector in self.injectors:
            await injector.inject(outbound)
        await self.upstream.forward(outbound, request.body, answer)
