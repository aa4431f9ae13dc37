"""The connections to the endpoints of one upstream, kept and used again.

Patience is watched by one coarse timer for all exchanges, not by one for each: a deadline is met at
most a sweep late.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

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
from ostiary.upstream.waiting import WaitingRoom

_SWEEP: Final = 0.25
_FAREWELL: Final = 1.0  # seconds


class UpstreamPool:
    """One upstream.

    Attributes:
        name: its name in the configuration.
        repeated: how many requests were sent once more, because a kept connection lost them.
    """

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        self.name = name
        self.repeated = 0
        self._patience = spec.timeouts
        self._preserve = spec.host == "preserve"
        self._waiting: WaitingRoom[Connection | EndpointPool] = WaitingRoom(self._give_back)
        self._trailers = CallersTrailers()
        common = (spec, context, self._waiting, self._trailers)
        self._endpoints = [EndpointPool(endpoint, *common) for endpoint in spec.endpoints]
        self._turn = 0
        self._retries: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed: GatewayError | None = None

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        times = self._patience
        least = min(times.connect, times.response, times.idle, times.keep_alive)
        self._sweep(asyncio.get_running_loop(), max(0.01, min(_SWEEP, least / 10)))

    async def aclose(self) -> None:
        """Close every connection; what is still under way ends with 503."""
        self._closed = Overloaded("the gateway is stopping", reason=Reason.STOPPING)
        if self._timer is not None:
            self._timer.cancel()
        for task in tuple(self._retries):
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        self._waiting.dismiss(self._closed)
        for endpoint in self._endpoints:
            endpoint.close(self._closed)
        await self._gone()

    @property
    def waiting(self) -> int:
        """How many requests wait for a connection."""
        return len(self._waiting)

    def endpoints(self, now: float) -> list[EndpointState]:
        """Return what is known of each endpoint (the loop's clock)."""
        return [endpoint.state(now) for endpoint in self._endpoints]

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
        self._turn = (self._turn + 1) % len(self._endpoints)
        connection = self._endpoints[self._turn].take() or await self._acquire()
        self._carry(exchange, connection)

    async def _acquire(self, *, fresh: bool = False) -> Connection:
        failure: GatewayError | None = None
        for endpoint in self._in_turn():
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

    def _in_turn(self) -> list[EndpointPool]:
        """Return the endpoints, from the one whose turn it is; those that just failed come last."""
        now = asyncio.get_running_loop().time()
        turn = self._endpoints[self._turn :] + self._endpoints[: self._turn]
        return sorted(turn, key=lambda endpoint: endpoint.rests_until > now)

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
        """Repeat what a kept connection lost. The cold path: a task of its own is fine."""
        self.repeated += 1
        task = asyncio.get_running_loop().create_task(self._repeat(exchange))
        self._retries.add(task)
        task.add_done_callback(self._retries.discard)

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

    def _sweep(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        now = loop.time()
        for endpoint in self._endpoints:
            endpoint.sweep(now)
        self._timer = loop.call_later(pause, self._sweep, loop, pause)

    async def _gone(self) -> None:
        """Wait until the loop has let go of every connection, within a bound."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _FAREWELL
        while any(endpoint.connections for endpoint in self._endpoints) and loop.time() < end:  # noqa: ASYNC110 - bounded, once
            await asyncio.sleep(0.005)
