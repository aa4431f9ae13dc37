"""One endpoint that is spoken to in HTTP/1.1, and the connections to it.

The one used last is used next: it is the least likely to be stale.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque

from ostiary.config.schema import UpstreamSpec
from ostiary.config.values import Endpoint
from ostiary.errors import GatewayError, UpstreamUnreachable
from ostiary.upstream.http1.connection import Connection
from ostiary.upstream.reaching import REST, EndpointState, Reaching
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.waiting import WaitingRoom


class Http1Endpoint:
    """The connections to one endpoint.

    Attributes:
        name: scheme, host and port.
        host: host and port, as its Host field.
        rests_until: when it is tried in its turn again, on the loop's clock.
        trailers: which fields pass behind the bodies of requests.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        spec: UpstreamSpec,
        context: ssl.SSLContext | None,
        waiting: WaitingRoom[Connection | Http1Endpoint],
        trailers: CallersTrailers,
    ) -> None:
        self._reaching = Reaching(endpoint, spec, context)
        self.name, self.host = self._reaching.name, self._reaching.host
        self.rests_until = 0.0
        self.trailers = trailers
        self._patience = spec.timeouts
        self._limit = spec.connections
        self._taken = 0  # connections, and places for those that are being made
        self._waiting = waiting
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()
        self._closed: GatewayError | None = None

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def state(self, now: float) -> EndpointState:
        """Return what is known of it (the loop's clock)."""
        idle, made = len(self._idle), len(self._open)
        return EndpointState(self.name, self.rests_until <= now, idle, made - idle, self._taken - made)

    def take(self) -> Connection | None:
        """Return an idle connection, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    def reserve(self) -> bool:
        """Take a place for a new connection. False: there are as many as there may be."""
        if self._taken >= self._limit:
            return False
        self._taken += 1
        return True

    def vacate(self) -> None:
        """Give a place up; who waits longest gets it."""
        self._taken -= 1
        if self._closed is None and self.reserve() and not self._waiting.hand(self):
            self._taken -= 1

    async def connect(self) -> Connection:
        """Return a new connection, in a place that was reserved.

        Raises:
            UpstreamUnreachable: the endpoint refuses, or is not who it should be.
            UpstreamTimeout: it did not accept in time.
        """
        try:
            connection = await self._dial()
        except BaseException:
            self.vacate()
            raise
        self._open.add(connection)
        return connection

    async def renew(self, connection: Connection) -> Connection:
        """Return a new connection in the place of one that may be stale, or has given its place up already."""
        if connection not in self._open:
            self._taken += 1
        self._open.discard(connection)
        connection.abort()
        return await self.connect()

    def released(self, connection: Connection) -> None:
        """A connection is free."""
        if not self._waiting.hand(connection):
            self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""
        if connection in self._open:
            self._open.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self.vacate()

    def sweep(self, now: float) -> None:
        """Close what idles too long; end what takes too long."""
        while self._idle and self._idle[0].idle_since + self._patience.keep_alive < now:
            self._idle.popleft().abort()
        for connection in tuple(self._open):
            connection.sweep(now)

    async def aclose(self, error: GatewayError) -> None:
        """Break every connection off, and make no new one."""
        self._closed = error
        self._idle.clear()
        for connection in tuple(self._open):
            connection.close(error)

    async def _dial(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            connection = await self._reaching.connect(loop, lambda: Connection(self))
        except GatewayError:
            self.rests_until = loop.time() + REST
            raise
        if self._closed is not None:
            connection.abort()
            raise self._closed
        if not connection.usable:
            raise UpstreamUnreachable(f"{self.name}: closed at once")
        return connection
