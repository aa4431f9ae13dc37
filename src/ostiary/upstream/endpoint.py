"""One endpoint, and the connections to it. The one used last is used next: it is the least likely to be stale."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final

from ostiary.config.schema import UpstreamSpec
from ostiary.config.values import Endpoint
from ostiary.eager import in_a_task
from ostiary.errors import GatewayError, UpstreamTimeout, UpstreamUnreachable
from ostiary.upstream.connection import Connection
from ostiary.upstream.trailers import CallersTrailers
from ostiary.upstream.waiting import WaitingRoom

_REST: Final = 1.0  # seconds in which an endpoint that could not be reached is tried last


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What is known of an endpoint now.

    Attributes:
        name: scheme, host and port.
        up: whether it could be reached when it was last tried, or has not been for a while.
        idle, busy, connecting: how many connections of each state.
    """

    name: str
    up: bool
    idle: int
    busy: int
    connecting: int


class EndpointPool:
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
        waiting: WaitingRoom[Connection | EndpointPool],
        trailers: CallersTrailers,
    ) -> None:
        self.name = str(endpoint)
        self.host = _host(spec.host, self.name.partition("://")[2])
        self.rests_until = 0.0
        self.trailers = trailers
        self._endpoint = endpoint
        self._context = context if endpoint.scheme == "https" else None
        self._server_name = (spec.tls.server_name or endpoint.host) if self._context else None
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
        """Return a new connection in the place of one that may be stale."""
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

    def close(self, error: GatewayError) -> None:
        """Break every connection off, and make no new one."""
        self._closed = error
        self._idle.clear()
        for connection in tuple(self._open):
            connection.close(error)

    async def _dial(self) -> Connection:
        loop = asyncio.get_running_loop()
        await in_a_task()
        try:
            async with asyncio.timeout(self._patience.connect):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, loop),
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._context,
                    server_hostname=self._server_name,
                )
        except (OSError, ValueError) as error:
            self.rests_until = loop.time() + _REST
            raise _unreachable(self.name, error) from error
        if self._closed is not None:
            connection.abort()
            raise self._closed
        if not connection.usable:
            raise UpstreamUnreachable(f"{self.name}: closed at once")
        return connection


def _host(said: str, own: str) -> bytes:
    """Return what the Host field says where the caller's is not passed on."""
    return (own if said in ("preserve", "endpoint") else said).encode()


def _unreachable(name: str, error: Exception) -> GatewayError:
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(f"{name}: no connection in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        return UpstreamUnreachable(f"{name}: {error.verify_message}")
    return UpstreamUnreachable(f"{name}: {getattr(error, 'strerror', None) or type(error).__name__}")
