"""The connections to the endpoints of one upstream, kept and used again."""

from __future__ import annotations

import asyncio
import ssl

from ostiary.config.schema import UpstreamSpec
from ostiary.errors import GatewayError, Overloaded, UpstreamUnreachable
from ostiary.model import Answer, Body, Outbound
from ostiary.reasons import Reason
from ostiary.upstream.connection import Connection
from ostiary.upstream.endpoint import EndpointPool
from ostiary.upstream.exchange import Exchange
from ostiary.upstream.head import request_head
from ostiary.upstream.reaching import EndpointState
from ostiary.upstream.route import RouteUpstream
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.turns import Repeats, Turns
from ostiary.upstream.waiting import WaitingRoom


class UpstreamPool:
    """One upstream.

    Attributes:
        name: its name in the configuration.
    """

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        self.name = name
        self._patience = spec.timeouts
        self._preserve = spec.host == "preserve"
        self._waiting: WaitingRoom[Connection | EndpointPool] = WaitingRoom(self._give_back)
        self._trailers = CallersTrailers()
        common = (spec, context, self._waiting, self._trailers)
        self._endpoints = Turns([EndpointPool(endpoint, *common) for endpoint in spec.endpoints])
        self._repeats = Repeats()
        self._closed: GatewayError | None = None

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        times = self._patience
        self._endpoints.watch(min(times.connect, times.response, times.idle, times.keep_alive))

    async def aclose(self) -> None:
        """Close every connection; what is still under way ends with 503."""
        self._closed = Overloaded("the gateway is stopping", reason=Reason.STOPPING)
        self._endpoints.rest()
        await self._repeats.end()
        self._waiting.dismiss(self._closed)
        for endpoint in self._endpoints.each:
            endpoint.close(self._closed)
        await self._endpoints.gone()

    @property
    def repeated(self) -> int:
        """How many requests were sent once more, because a kept connection lost them."""
        return self._repeats.count

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection."""
        return len(self._waiting)

    def endpoints(self, now: float) -> list[EndpointState]:
        """Return what is known of each endpoint (the loop's clock)."""
        return self._endpoints.states(now)

    def for_route(self, strip: frozenset[bytes], upgrades: frozenset[bytes] = frozenset()) -> RouteUpstream:
        """Return this upstream as one route sees it.

        Args:
            strip: folded names of headers that must not pass.
            upgrades: protocols, in lower case, that may be changed to.
        """
        self._trailers.strip(strip)
        return RouteUpstream(self, strip, upgrades)

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:
        """Set an exchange going; returns when it flows.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: no endpoint accepted a connection.
            Overloaded: as many connections as there may be are busy, or the gateway is stopping.
        """
        outbound.request.record.upstream = self.name
        if self._closed is not None:
            raise self._closed
        exchange = Exchange(outbound, body, answer, self._patience, self._again)
        connection = self._endpoints.next().take() or await self._acquire()
        self._carry(exchange, connection)

    async def _acquire(self, *, fresh: bool = False) -> Connection:
        failure: GatewayError | None = None
        for endpoint in self._endpoints.in_turn():
            kept = None if fresh else endpoint.take()
            if kept is not None:
                return kept
            if endpoint.reserve():
                try:
                    return await endpoint.connect()
                except GatewayError as error:
                    failure = error
        if failure is not None:
            raise failure
        free = await self._waiting.wait(self._patience.connect)
        if isinstance(free, EndpointPool):
            return await free.connect()
        return await free.owner.renew(free) if fresh or not free.usable else free

    def _carry(self, exchange: Exchange, connection: Connection) -> None:
        outbound, owner = exchange.outbound, connection.owner
        request = outbound.request
        try:
            head = request_head(outbound, request.authority if self._preserve else owner.host, exchange.length)
        except GatewayError:
            owner.released(connection)
            raise
        request.record.endpoint = owner.name
        connection.carry(exchange, head)

    def _again(self, exchange: Exchange) -> None:
        """Repeat what a kept connection lost."""
        self._repeats.begin(self._repeat(exchange))

    async def _repeat(self, exchange: Exchange) -> None:
        try:
            connection = await self._acquire(fresh=True)
            if exchange.done:
                self._give_back(connection)
            else:
                self._carry(exchange, connection)
        except GatewayError as error:
            exchange.fail(error)
        except asyncio.CancelledError:
            exchange.fail(self._closed or UpstreamUnreachable("not repeated"))
            raise

    def _give_back(self, free: Connection | EndpointPool) -> None:
        if isinstance(free, EndpointPool):
            free.vacate()
        else:
            free.owner.released(free)
