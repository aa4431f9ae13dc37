"""One upstream, whichever HTTP is spoken there: its endpoints, those who wait, what is sent once more, and its end.

A connection is to the pool of HTTP/1.1 what a place on one is to that of HTTP/2.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, Protocol, TypeAlias, TypeVar

from ostiary.config.upstreams import UpstreamSpec
from ostiary.config.values import Endpoint as EndpointSpec
from ostiary.errors import GatewayError, Overloaded, UpstreamUnreachable
from ostiary.reasons import Reason
from ostiary.upstream.reaching import EndpointState
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.turns import Endpoint, Repeats, Turns
from ostiary.upstream.waiting import WaitingRoom


class Exchange(Protocol):
    """One request and its answer."""

    def fail(self, error: GatewayError) -> None:
        """End it."""


C = TypeVar("C")
E = TypeVar("E", bound=Endpoint)
X = TypeVar("X", bound=Exchange)

Make: TypeAlias = (
    "Callable[[EndpointSpec, UpstreamSpec, ssl.SSLContext | None, WaitingRoom[C | E], CallersTrailers], E]"
)
"""Makes what keeps the connections (C) to one endpoint (E)."""


class Pool(ABC, Generic[C, E, X]):
    """One upstream.

    Args:
        name: see below.
        spec: what the configuration says of it.
        context: the TLS that is spoken to endpoints that want it.
        make: makes each endpoint.

    Attributes:
        name: its name in the configuration.
    """

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None, make: Make[C, E]) -> None:
        self.name = name
        self._patience = spec.timeouts
        self._preserve = spec.host == "preserve"
        self._waiting: WaitingRoom[C | E] = WaitingRoom(self._give_back)
        self._trailers = CallersTrailers()
        common = (spec, context, self._waiting, self._trailers)
        self._endpoints = Turns([make(endpoint, *common) for endpoint in spec.endpoints])
        self._repeats = Repeats()
        self._closed: GatewayError | None = None

    async def aclose(self) -> None:
        """Close every connection; what is still under way ends with 503."""
        self._closed = Overloaded("the gateway is stopping", reason=Reason.STOPPING)
        self._endpoints.rest()
        await self._repeats.end()
        self._waiting.dismiss(self._closed)
        for endpoint in self._endpoints.each:
            await endpoint.aclose(self._closed)
        await self._endpoints.gone()

    @property
    def repeated(self) -> int:
        """How many requests were sent once more, because nobody had worked on them."""
        return self._repeats.count

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection, or for a place on one."""
        return len(self._waiting)

    def endpoints(self, now: float) -> list[EndpointState]:
        """Return what is known of each endpoint (the loop's clock)."""
        return self._endpoints.states(now)

    async def _repeat(self, exchange: X) -> None:
        """Send an exchange once more, or end it."""
        try:
            await self._resend(exchange)
        except GatewayError as error:
            exchange.fail(error)
        except asyncio.CancelledError:
            exchange.fail(self._closed or UpstreamUnreachable("not repeated"))
            raise

    @abstractmethod
    async def _resend(self, exchange: X) -> None:
        """Send an exchange on another connection, unless it has ended meanwhile.

        Raises:
            GatewayError: there is no connection to be had, or the head cannot be written.
        """

    @abstractmethod
    def _give_back(self, free: C | E) -> None:
        """Take back what was handed to somebody who needs it no more."""
