"""The connections to the endpoints of one upstream, kept and used again."""

from __future__ import annotations

import ssl

from ostiary.config.schema import UpstreamSpec
from ostiary.errors import GatewayError
from ostiary.model import Answer, Body, Outbound
from ostiary.upstream.base import Pool
from ostiary.upstream.http1.connection import Connection
from ostiary.upstream.http1.endpoint import Http1Endpoint
from ostiary.upstream.http1.exchange import Exchange, Patience
from ostiary.upstream.http1.head import request_head
from ostiary.upstream.route import RouteUpstream


class Http1Pool(Pool[Connection, Http1Endpoint, Exchange]):
    """One upstream that is spoken to in HTTP/1.1: a connection carries one exchange at a time."""

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        super().__init__(name, spec, context, Http1Endpoint)
        self._times = Patience(spec.timeouts.response, spec.timeouts.idle)

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        times = self._patience
        self._endpoints.watch(min(times.connect, times.response, times.idle, times.keep_alive))

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
        exchange = Exchange(outbound, body, answer, self._times, self._again)
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
        if isinstance(free, Http1Endpoint):
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

    async def _resend(self, exchange: Exchange) -> None:
        connection = await self._acquire(fresh=True)
        if exchange.done:
            self._give_back(connection)
        else:
            self._carry(exchange, connection)

    def _give_back(self, free: Connection | Http1Endpoint) -> None:
        if isinstance(free, Http1Endpoint):
            free.vacate()
        else:
            free.owner.released(free)
