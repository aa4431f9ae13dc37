"""Connections to the endpoints of one upstream, kept and reused."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from pathlib import Path
from typing import Final

from ostiary.config.schema import UpstreamSpec
from ostiary.config.values import Endpoint
from ostiary.errors import Overloaded, UpstreamTimeout, UpstreamUnreachable
from ostiary.model import Answer, Body, Outbound, Permit, Request
from ostiary.upstream.connection import UpstreamConnection
from ostiary.upstream.headers import outbound_head, stripped
from ostiary.upstream.tls import client_context

_TICK: Final = 0.25
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that may be sent twice (RFC 9110, section 9.2.2)."""


class _Place:
    """One endpoint and its connections. The most recently used idle one is taken first."""

    def __init__(self, endpoint: Endpoint, authority: bytes) -> None:
        self.endpoint = endpoint
        self.name = str(endpoint)
        self.authority = authority
        self.idle: deque[tuple[UpstreamConnection, float]] = deque()
        self.open: set[UpstreamConnection] = set()
        self.opening = 0
        self.waiting: deque[asyncio.Future[None]] = deque()

    def take(self) -> UpstreamConnection | None:
        """Return an idle connection that is still open, or None."""
        while self.idle:
            connection, _ = self.idle.pop()
            if not connection.closed:
                return connection
        return None

    def wake(self) -> None:
        """Let the longest waiter try again."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


class UpstreamPool:
    """One upstream."""

    def __init__(self, name: str, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        self.name = name
        self._spec = spec
        self._times = spec.timeouts
        self._context = context
        self._places = [_Place(endpoint, _authority(endpoint)) for endpoint in spec.endpoints]
        self._turn = 0
        self._ticking: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to watch the clock. Connections are made when they are needed."""
        self._ticking = asyncio.get_running_loop().call_later(_TICK, self._tick)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._ticking is not None:
            self._ticking.cancel()
        for place in self._places:
            for connection in tuple(place.open):
                connection.abandon()
            place.idle.clear()

    def for_route(self, strip: frozenset[bytes]) -> RouteUpstream:
        """Return this upstream as one route sees it.

        Args:
            strip: folded names of headers that must not pass.
        """
        return RouteUpstream(self, stripped(strip))

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for place in self._places:
            while place.idle and now - place.idle[0][1] > self._times.keep_alive:
                place.idle.popleft()[0].abandon()
            for connection in tuple(place.open):
                if connection.closed:
                    place.open.discard(connection)
                else:
                    connection.tick(now)
        self._ticking = loop.call_later(_TICK, self._tick)

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:
        """Send a request to the first endpoint, in turn, that can be reached."""
        places = self._places
        turn = self._turn
        self._turn = (turn + 1) % len(places)
        record = outbound.request.record
        record.upstream = self.name
        trouble: UpstreamUnreachable | UpstreamTimeout | None = None
        for step in range(len(places)):
            place = places[(turn + step) % len(places)]
            record.endpoint = place.name
            connection = place.take()
            if connection is None:
                try:
                    connection = await self._connect(place)
                except (UpstreamUnreachable, UpstreamTimeout) as error:
                    trouble = error
                    continue
            self._send(place, connection, outbound, body, answer)
            return
        raise trouble or UpstreamUnreachable("no endpoint")

    def _send(
        self, place: _Place, connection: UpstreamConnection, outbound: Outbound, body: Body, answer: Answer
    ) -> None:
        if connection.used and body.length == 0 and outbound.request.method in _REPEATABLE:
            connection.on_stale = lambda: self._again(place, outbound, body, answer)
        host = outbound.request.authority if self._spec.host == "preserve" else place.authority
        connection.send(outbound, host, body, answer)

    def _again(self, place: _Place, outbound: Outbound, body: Body, answer: Answer) -> None:
        """Repeat, once and on a new connection, what a kept connection lost before it answered."""
        task = asyncio.get_running_loop().create_task(self._repeat(place, outbound, body, answer))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _repeat(self, place: _Place, outbound: Outbound, body: Body, answer: Answer) -> None:
        try:
            connection = await self._connect(place)
        except (UpstreamUnreachable, UpstreamTimeout, Overloaded) as error:
            answer.fail(error)
            return
        self._send(place, connection, outbound, body, answer)

    async def _connect(self, place: _Place) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._times.connect
        while len(place.open) + place.opening >= self._spec.connections:
            await self._wait(place, deadline)
            connection = place.take()
            if connection is not None:
                return connection
        place.opening += 1
        try:
            async with asyncio.timeout_at(deadline):
                _, connection = await self._open(place, loop)
        except TimeoutError:
            raise UpstreamTimeout(f"{place.name} did not accept in time") from None
        except ssl.SSLCertVerificationError as error:
            raise UpstreamUnreachable(f"{place.name}: {error.verify_message}") from error
        except OSError as error:
            raise UpstreamUnreachable(f"{place.name}: {error.strerror or type(error).__name__}") from error
        finally:
            place.opening -= 1
        place.open.add(connection)
        return connection

    async def _open(
        self, place: _Place, loop: asyncio.AbstractEventLoop
    ) -> tuple[asyncio.Transport, UpstreamConnection]:
        def protocol() -> UpstreamConnection:
            return UpstreamConnection(
                loop, lambda one, free: self._freed(place, one, free), self._times.response, self._times.idle
            )

        endpoint = place.endpoint
        if endpoint.scheme == "http":
            return await loop.create_connection(protocol, endpoint.host, endpoint.port)
        name = self._spec.tls.server_name or endpoint.host
        return await loop.create_connection(
            protocol, endpoint.host, endpoint.port, ssl=self._context, server_hostname=name
        )

    async def _wait(self, place: _Place, deadline: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place.waiting.append(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                await waiter
        except TimeoutError:
            raise Overloaded(f"all connections to {place.name} are busy", retry_after=1) from None

    def _freed(self, place: _Place, connection: UpstreamConnection, reusable: bool) -> None:
        if reusable:
            place.idle.append((connection, connection.loop.time()))
        else:
            place.open.discard(connection)
        if place.waiting:
            place.wake()


class RouteUpstream:
    """An upstream as one route sees it; keeps `pipeline.Upstream`."""

    __slots__ = ("_pool", "_strip")

    def __init__(self, pool: UpstreamPool, strip: frozenset[bytes]) -> None:
        self._pool = pool
        self._strip = strip

    def prepare(self, request: Request, permit: Permit) -> Outbound:
        """Open an outbound head: strip what must not pass."""
        return outbound_head(request, permit, self._strip)

    async def forward(self, outbound: Outbound, body: Body, answer: Answer) -> None:
        """Set the exchange going. Returns when it flows.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: no endpoint accepted a connection.
            Overloaded: as many connections as allowed are busy.
        """
        await self._pool.forward(outbound, body, answer)


_tasks: set[asyncio.Task[None]] = set()


def _authority(endpoint: Endpoint) -> bytes:
    return str(endpoint).partition("://")[2].encode()


def compile_upstream(name: str, spec: UpstreamSpec, folder: Path) -> UpstreamPool:
    """Return the pool that a spec describes.

    Raises:
        ConfigError: its authorities cannot be read.
    """
    secure = any(endpoint.scheme == "https" for endpoint in spec.endpoints)
    return UpstreamPool(name, spec, client_context(spec.tls, folder, f"upstreams > {name}") if secure else None)
