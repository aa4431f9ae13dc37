"""The connections to the endpoints of one upstream that is spoken to in HTTP/2.

What the pool of HTTP/1.1 is for connections, this is for places on them.
"""

from __future__ import annotations

import asyncio
import ssl

from ostiary.config.upstreams import UpstreamSpec
from ostiary.errors import GatewayError, Overloaded, UpstreamUnreachable
from ostiary.model import Answer, Body, Outbound
from ostiary.reasons import Reason
from ostiary.upstream.http2.connection import Http2Connection
from ostiary.upstream.http2.endpoint import Free, Http2Endpoint
from ostiary.upstream.http2.exchange import Http2Exchange
from ostiary.upstream.http2.fields import request_fields
from ostiary.upstream.reaching import EndpointState
from ostiary.upstream.route import RouteUpstream
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.turns import Repeats, Turns
from ostiary.upstream.waiting import WaitingRoom


class Http2Pool:
    """One upstream.

    Attributes:
        name: its name in the configuration.
    """

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        self.name = name
        self._patience = spec.timeouts
        self._preserve = spec.host == "preserve"
        self._waiting: WaitingRoom[Free] = WaitingRoom(self._give_back)
        self._trailers = CallersTrailers()
        common = (spec, context, self._waiting, self._trailers)
        self._endpoints = Turns([Http2Endpoint(endpoint, *common) for endpoint in spec.endpoints])
        self._repeats = Repeats()
        self._closed: GatewayError | None = None

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        times = self._patience
        self._endpoints.watch(
            min(times.connect, times.response, times.idle, times.keep_alive, times.silence, times.ping)
        )

    async def aclose(self) -> None:
        """Close every connection; what is still under way ends with 503."""
        self._closed = Overloaded("the gateway is stopping", reason=Reason.STOPPING)
        self._endpoints.rest()
        await self._repeats.end()
        self._waiting.dismiss(self._closed)
        for endpoint in self._endpoints.each:
            await endpoint.close(self._closed)
        await self._endpoints.gone()

    @property
    def repeated(self) -> int:
        """How many requests were sent once more, because nobody had worked on them."""
        return self._repeats.count

    @property
    def waiting(self) -> int:
        """How many requests wait for a place."""
        return len(self._waiting)

    def endpoints(self, now: float) -> list[EndpointState]:
        """Return what is known of each endpoint (the loop's clock)."""
        return self._endpoints.states(now)

    def for_route(self, strip: frozenset[bytes], upgrades: frozenset[bytes] = frozenset()) -> RouteUpstream:  # noqa: ARG002 - there is none in HTTP/2
        """Return this upstream as one route sees it.

        Args:
            strip: folded names of headers that must not pass.
            upgrades: protocols that may be changed to over HTTP/1.1; over HTTP/2 there are none.
        """
        self._trailers.strip(strip)
        return RouteUpstream(self, strip, frozenset())

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:
        """Set an exchange going; returns when it flows.

        Raises:
            BadRequest: the caller of a call says how long it may take, and that cannot be read.
            UpstreamUnreachable, UpstreamTimeout: no endpoint accepted a connection.
            Overloaded: as many exchanges as there may be are under way, or the gateway is stopping.
        """
        outbound.request.record.upstream = self.name
        if self._closed is not None:
            raise self._closed
        exchange = Http2Exchange(outbound, body, answer, self._patience, self._again)
        self._carry(exchange, self._endpoints.next().take() or await self._acquire())

    async def _acquire(self) -> Http2Connection:
        """Return a connection with a place that is promised."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience.connect
        while (found := await self._obtain()) is None:
            free = await self._waiting.wait(end - loop.time())
            if isinstance(free, Http2Connection):
                if free.usable:
                    return free
                free.give_back()  # it was lost between there and here
        return found

    async def _obtain(self) -> Http2Connection | None:
        """Return a place at the first endpoint that has one; None when all are full."""
        failure: GatewayError | None = None
        for endpoint in self._endpoints.in_turn():
            try:
                found = await endpoint.obtain()
            except GatewayError as error:
                failure = error
            else:
                if found is not None:
                    return found
        if failure is not None:
            raise failure
        return None

    def _carry(self, exchange: Http2Exchange, connection: Http2Connection) -> None:
        outbound, owner = exchange.outbound, connection.owner
        request = outbound.request
        host = request.authority if self._preserve else owner.host
        try:
            left = exchange.until - asyncio.get_running_loop().time()
            length = exchange.body.length
            fields = request_fields(outbound, owner.scheme, host, length, call=exchange.call, left=left)
        except GatewayError:
            connection.give_back()
            raise
        request.record.endpoint = owner.name
        connection.carry(exchange, fields)

    def _again(self, exchange: Http2Exchange) -> None:
        """Send again what nobody has worked on."""
        self._repeats.begin(self._repeat(exchange))

    async def _repeat(self, exchange: Http2Exchange) -> None:
        try:
            connection = await self._acquire()
            if exchange.done:
                connection.give_back()
            else:
                self._carry(exchange, connection)
        except GatewayError as error:
            exchange.fail(error)
        except asyncio.CancelledError:
            exchange.fail(self._closed or UpstreamUnreachable("not repeated"))
            raise

    def _give_back(self, free: Free) -> None:
        if isinstance(free, Http2Connection):
            free.give_back()
