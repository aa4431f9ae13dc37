"""One endpoint, and the connections to it. The first with room is used; the next is made when all are full."""

from __future__ import annotations

import asyncio
import ssl
from typing import TypeAlias

from ostiary.config.upstreams import UpstreamSpec
from ostiary.config.values import Endpoint
from ostiary.errors import GatewayError, UpstreamTimeout, UpstreamUnreachable
from ostiary.upstream.http2.connection import Http2Connection
from ostiary.upstream.reaching import REST, EndpointState, Reaching
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.waiting import WaitingRoom

Free: TypeAlias = "Http2Connection | Http2Endpoint"
"""A place on a connection that is kept for whoever gets it; or where a connection can be made."""


class Http2Endpoint:
    """The connections to one endpoint.

    Attributes:
        name: scheme, host and port.
        scheme: of what is asked there.
        host: host and port, as its authority.
        rests_until: when it is tried in its turn again, on the loop's clock.
        trailers: which fields pass behind the bodies of requests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        spec: UpstreamSpec,
        context: ssl.SSLContext | None,
        waiting: WaitingRoom[Free],
        trailers: CallersTrailers,
    ) -> None:
        self._reaching = Reaching(endpoint, spec, context)
        self.name, self.host = self._reaching.name, self._reaching.host
        self.scheme: str = endpoint.scheme
        self.rests_until = 0.0
        self.trailers = trailers
        self._patience = spec.timeouts
        self._limit = spec.connections
        self._waiting = waiting
        self._open: list[Http2Connection] = []
        self._parting: set[Http2Connection] = set()  # they end with their exchanges
        self._dialling: asyncio.Task[None] | None = None
        self._closed: GatewayError | None = None

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open) + len(self._parting)

    @property
    def _crowded(self) -> bool:
        """Whether there are as many as may be. Those that are parting count when they are as many again."""
        return len(self._open) >= self._limit or self.connections >= 2 * self._limit

    def state(self, now: float) -> EndpointState:
        """Return what is known of it (the loop's clock)."""
        busy = sum(bool(one.exchanges) for one in self._open)
        dialling = int(self._dialling is not None)
        idle, parting = len(self._open) - busy, len(self._parting)
        return EndpointState(self.name, self.rests_until <= now, idle, busy + parting, dialling)

    def take(self) -> Http2Connection | None:
        """Return a connection with a place that is promised, or None."""
        for connection in self._open:
            if connection.room > 0:
                connection.promised += 1
                return connection
        return None

    async def obtain(self) -> Http2Connection | None:
        """Return a connection with a place that is promised, a new one if need be; None: there are as many as may be.

        Those who need one at the same time wait for the same one.

        Raises:
            UpstreamUnreachable: the endpoint refuses, is not who it should be, or does not speak HTTP/2.
            UpstreamTimeout: it did not accept in time.
            Overloaded: the gateway is stopping.
        """
        while (found := self.take()) is None:
            if self._closed is not None:
                raise self._closed
            if self._dialling is None or self._dialling.done():  # done: its callback has not been called yet
                if self._crowded:
                    return None
                self._dialling = asyncio.get_running_loop().create_task(self._dial())
                self._dialling.add_done_callback(self._dialled)
            await self._join(self._dialling)
        return found

    async def _join(self, task: asyncio.Task[None]) -> None:
        """Wait for a connection with whoever else waits for it."""
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if self._closed is not None and task.cancelled():  # it was the task that was cancelled, and not who waits
                raise self._closed from None
            raise

    def released(self, connection: Http2Connection) -> None:
        """There is room on a connection: those who wait longest get it."""
        while connection.room > 0:
            connection.promised += 1
            if not self._waiting.hand(connection):
                connection.promised -= 1
                return

    def parting(self, connection: Http2Connection) -> None:
        """A connection takes no more exchanges: there may be another. Its clock is watched until it is gone."""
        if connection in self._open:
            self._parting.add(connection)
            self._remove(connection)

    def lost(self, connection: Http2Connection) -> None:
        """A connection is gone: there may be another."""
        if connection in self._parting:
            self._parting.remove(connection)
        elif connection in self._open:
            self._remove(connection)

    def _remove(self, connection: Http2Connection) -> None:
        self._open.remove(connection)
        if self._closed is None:
            self._waiting.hand(self)

    def sweep(self, now: float) -> None:
        """Close what idles too long; end what takes too long."""
        times = self._patience
        for connection in (*self._open, *self._parting):
            connection.sweep(now, ping=times.ping, patience=times.connect)
            idle = not (connection.exchanges or connection.promised)
            if idle and connection.usable and connection.idle_since + times.keep_alive < now:
                connection.quit()

    async def aclose(self, error: GatewayError) -> None:
        """Break every connection off, and make no new one."""
        self._closed = error
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        for connection in (*self._open, *self._parting):
            connection.close(error)

    def _dialled(self, task: asyncio.Task[None]) -> None:
        if self._dialling is task:
            self._dialling = None
        if not task.cancelled():
            task.exception()  # those who wait are told; perhaps nobody does any more

    async def _dial(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection = await self._introduced(loop) or await self._introduced(loop)
            if connection is None:
                raise UpstreamUnreachable(f"{self.name}: ends new connections at once; does it speak HTTP/2?")
        except GatewayError:
            self.rests_until = loop.time() + REST
            raise
        self._open.append(connection)
        self.released(connection)

    async def _introduced(self, loop: asyncio.AbstractEventLoop) -> Http2Connection | None:
        """Return a new connection; None: whoever accepted it ends it at once.

        A server that makes way for its successor does so. Nothing was asked yet, and the successor may listen by now.
        """
        connection = await self._reaching.connect(loop, lambda: Http2Connection(self, loop))
        await self._greeted(connection)
        if connection.room > 0:
            return connection
        stays = connection.usable
        connection.close(UpstreamUnreachable("no place on a new connection"))
        if stays:
            raise UpstreamUnreachable(f"{self.name}: takes no requests on a new connection")
        return None

    async def _greeted(self, connection: Http2Connection) -> None:
        """Return when an upstream has shown that it speaks HTTP/2 (RFC 9113, sections 3.2 and 3.3), or is gone."""
        if self.scheme == "https" and connection.protocol != "h2":
            refusal = UpstreamUnreachable(f"{self.name}: does not choose h2 in the handshake")
            connection.close(refusal)
            raise refusal
        try:
            async with asyncio.timeout(self._patience.connect):
                await connection.greeted
        except TimeoutError as error:
            connection.close(UpstreamTimeout("no HTTP/2 in time"))
            raise UpstreamTimeout(f"{self.name}: no HTTP/2 in time") from error
        except BaseException:
            connection.close(UpstreamUnreachable("no HTTP/2"))
            raise
