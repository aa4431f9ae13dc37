"""Is a place still one when whoever waits for it gets it, and is it counted once?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, cast

from ostiary.config.upstreams import UpstreamSpec
from ostiary.upstream.http1.connection import Connection
from ostiary.upstream.http1.pool import Http1Pool
from ostiary.upstream.http2.connection import Http2Connection
from ostiary.upstream.http2.pool import Http2Pool
from ostiary.upstream.trailers import CallersTrailers


class Transport:
    def __init__(self) -> None:
        self.closing = False

    def get_extra_info(self, name: str) -> None:
        del name

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        assert not self.closing, data

    def close(self) -> None:
        self.closing = True

    abort = close


class Endpoint:
    """An endpoint whose connections are all full, until one is there."""

    rests_until = 0.0
    name = scheme = "e"
    host = b"e"
    trailers = CallersTrailers()

    def __init__(self) -> None:
        self.free: Http2Connection | None = None
        self.connection = Http2Connection(cast("Any", self), asyncio.get_running_loop())
        self.connection.connection_made(cast("asyncio.Transport", Transport()))

    def take(self) -> Http2Connection | None:
        return self.free

    async def obtain(self) -> Http2Connection | None:
        return self.free

    def lost(self, connection: Http2Connection) -> None:
        del connection

    def released(self, connection: Http2Connection) -> None:
        del connection


async def test_a_connection_that_is_lost_in_the_same_moment_carries_nothing() -> None:
    """Nobody would watch over what it carries: neither its end nor the clock would ever be told."""
    pool = Http2Pool("u", UpstreamSpec.model_validate({"endpoints": ["http://127.0.0.1:9"]}), None)
    full, other = Endpoint(), Endpoint()
    pool._endpoints.each = cast("Any", [full])
    waiting = asyncio.ensure_future(pool._acquire(inf))
    await asyncio.sleep(0)
    full.connection.promised += 1
    assert pool._waiting.hand(full.connection)
    full.connection._transport.abort()
    full.connection.connection_lost(None)  # before whoever waits has taken a step
    full.free = other.connection
    assert await asyncio.wait_for(waiting, 5) is other.connection
    assert full.connection.promised == 0


async def test_a_connection_that_is_lost_in_the_same_moment_is_not_counted_twice(monkeypatch) -> None:
    """With each that is, there would be one more than the upstream is to have."""
    pool = Http1Pool("u", UpstreamSpec.model_validate({"endpoints": ["http://127.0.0.1:9"], "connections": 1}), None)
    (endpoint,) = pool._endpoints.each

    async def create_connection(factory: Callable[[], Connection], *_: Any, **__: Any) -> tuple[Transport, Connection]:
        made, transport = factory(), Transport()
        made.connection_made(cast("asyncio.Transport", transport))
        return transport, made

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
    for _ in range(3):
        connection = await pool._acquire()
        waiting = asyncio.ensure_future(pool._acquire())
        await asyncio.sleep(0)
        endpoint.released(connection)
        connection._transport.abort()
        connection.connection_lost(None)
        (await waiting).connection_lost(None)
    assert endpoint.reserve()
    assert not endpoint.reserve()
