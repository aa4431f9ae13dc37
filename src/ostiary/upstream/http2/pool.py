"""The connections to the endpoints of one upstream that is spoken to in HTTP/2.

What the pool of HTTP/1.1 is for connections, this is for places on them.
"""

from __future__ import annotations

import asyncio
import ssl
from math import inf

from ostiary.config.upstreams import UpstreamSpec
from ostiary.eager import in_a_task
from ostiary.errors import GatewayError, UpstreamTimeout
from ostiary.model import Answer, Body, Outbound
from ostiary.upstream.base import Pool
from ostiary.upstream.http2.connection import Http2Connection
from ostiary.upstream.http2.endpoint import Free, Http2Endpoint
from ostiary.upstream.http2.exchange import Http2Exchange
from ostiary.upstream.http2.fields import request_fields
from ostiary.upstream.route import RouteUpstream


class Http2Pool(Pool[Http2Connection, Http2Endpoint, Http2Exchange]):
    """One upstream that is spoken to in HTTP/2: a connection carries many exchanges, each in its place."""

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        super().__init__(name, spec, context, Http2Endpoint)

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        times = self._patience
        self._endpoints.watch(
            min(times.connect, times.response, times.idle, times.keep_alive, times.silence, times.ping)
        )

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
        self._carry(exchange, self._endpoints.next().take() or await self._acquire(exchange.until))

    async def _acquire(self, until: float) -> Http2Connection:
        """Return a connection with a place that is promised.

        Args:
            until: when whoever waits for it stops waiting, on the loop's clock; `inf` for not before we do.
        """
        if until == inf:
            return await self._place()
        await in_a_task()
        try:
            async with asyncio.timeout_at(until):
                return await self._place()
        except TimeoutError:
            raise _over() from None

    async def _place(self) -> Http2Connection:
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
            if left <= 0:
                raise _over()
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

    async def _resend(self, exchange: Http2Exchange) -> None:
        connection = await self._acquire(exchange.until)
        if exchange.done:
            self._give_back(connection)
        else:
            self._carry(exchange, connection)

    def _give_back(self, free: Free) -> None:
        if isinstance(free, Http2Connection):
            free.give_back()


def _over() -> UpstreamTimeout:
    return UpstreamTimeout("the caller of a call waits no longer")
