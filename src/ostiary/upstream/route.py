"""An upstream, as one route sees it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from ostiary.errors import BadRequest
from ostiary.model import Answer, Body, Outbound, Permit, Request
from ostiary.reasons import Reason
from ostiary.upstream.headers import Opening


class Forwarding(Protocol):
    """What sends."""

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set an exchange going; returns when it flows."""


class RouteUpstream:
    """Opens heads by the route's own rules, and sends them to a shared pool; keeps `pipeline.Upstream`."""

    __slots__ = ("_opening", "_pool", "_upgrades")

    def __init__(self, pool: Forwarding, strip: frozenset[bytes], upgrades: frozenset[bytes]) -> None:
        self._pool = pool
        self._upgrades = upgrades
        self._opening = Opening(strip)

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass.

        Raises:
            BadRequest: the caller wants to change to a protocol that this route does not pass on.
        """
        if request.upgrade is not None and request.upgrade not in self._upgrades:
            raise BadRequest(f"an upgrade to {request.upgrade.decode()}", reason=Reason.UPGRADE_UNSUPPORTED)
        return self._opening.open(request, permit)

    def forward(self, outbound: Outbound, body: Body, answer: Answer) -> Awaitable[None]:
        """Set the exchange going. Returns when it flows; the rest is between the two connections.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: no endpoint accepted a connection.
            Overloaded: as many connections as there may be are busy, or the gateway is stopping.
        """
        return self._pool.forward(outbound, body, answer)
