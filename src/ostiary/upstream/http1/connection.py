"""One connection to an upstream: a request's head and body out, its answer in.

    caller's side                        here
      Body   -- feed, finish -->   Exchange ----> transport
      Answer <-- start, write, finish -- Exchange <-- AnswerReader <-- data_received

What arrives is handed on within `data_received`: no queue, no task, no copy. A connection is used again
only after an answer that left nothing open: complete, unambiguous, and its request sent whole.
"""

from __future__ import annotations

import asyncio
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Protocol, cast

from ostiary.errors import GatewayError
from ostiary.model import Headers
from ostiary.upstream.http1.answer import AnswerReader
from ostiary.upstream.http1.exchange import Exchange
from ostiary.upstream.trailers import CallersTrailers


class Owner(Protocol):
    """Who keeps connections."""

    name: str
    host: bytes
    trailers: CallersTrailers

    async def renew(self, connection: Connection) -> Connection:
        """Return a new one in its place."""

    def released(self, connection: Connection) -> None:
        """It is free, and may be used again."""

    def lost(self, connection: Connection) -> None:
        """It is gone."""


class Connection(asyncio.Protocol):
    """One connection, which carries one exchange at a time.

    Attributes:
        owner: who keeps it.
        time: returns the time on the loop's clock, in seconds.
        used: it has carried an exchange before.
        idle_since: when it became free, on the loop's clock.
    """

    __slots__ = ("_exchange", "_paused", "_reader", "_transport", "idle_since", "owner", "time", "used")
    _transport: asyncio.Transport

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.used = False
        self.idle_since = 0.0
        self.time = monotonic
        self._paused = False
        self._reader = AnswerReader()
        self._exchange: Exchange | None = None

    @property
    def usable(self) -> bool:
        """Whether it is still open."""
        return not self._transport.is_closing()

    def carry(self, exchange: Exchange, head: bytes) -> None:
        """Set an exchange going."""
        self._exchange = exchange
        self._reader.expect(exchange)
        exchange.begin(self, head, self.time())

    def sweep(self, now: float) -> None:
        """End an exchange whose patience has ended."""
        if self._exchange is not None and self._exchange.deadline < now:
            self._exchange.expire()

    def close(self, error: GatewayError) -> None:
        """Break off, whatever is under way."""
        exchange, self._exchange = self._exchange, None
        self._transport.abort()
        if exchange is not None:
            exchange.fail(error)

    # --- as an exchange uses it ---

    def write(self, data: bytes) -> None:
        """Send."""
        self._transport.write(data)

    def writelines(self, pieces: list[bytes]) -> None:
        """Send pieces, without joining them."""
        self._transport.writelines(pieces)

    def pause(self) -> None:
        """Read no more for now."""
        if not self._paused and self.usable:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._paused:
            self._paused = False
            if self.usable:
                self._transport.resume_reading()

    def last_chunk(self, trailers: Headers) -> bytes:
        """Return the end of a chunked body, with the trailers that pass."""
        return self.owner.trailers.last_chunk(trailers)

    def end(self) -> None:
        """Say that nothing follows. TLS has no word for that here: it closes, behind all that was written."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
            return
        exchange, self._exchange = self._exchange, None
        self._transport.close()
        if exchange is not None:
            exchange.complete(None)

    def abort(self) -> None:
        """Break the connection off; its exchange has ended."""
        self._exchange = None
        self._transport.abort()

    # --- as the loop uses it ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what arrived."""
        exchange = self._exchange
        if exchange is None:  # nobody asked
            self._transport.abort()
            return
        exchange.touched = True
        try:
            self._reader.feed(data)
        except GatewayError as error:
            exchange.fail(error)
            return
        if exchange.done:
            return
        if self._reader.complete:
            self._complete(exchange)
        else:
            exchange.heard()
            exchange.answer.flush()

    def eof_received(self) -> None:
        """The upstream says no more: the end of an answer that ends so, or a break."""
        exchange, self._exchange = self._exchange, None
        self._transport.abort()
        if exchange is None:
            return
        if self._reader.ends_here():
            exchange.complete(None)
        else:
            exchange.lost(reused=self.used)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """The connection is gone."""
        exchange, self._exchange = self._exchange, None
        self.owner.lost(self)
        if exchange is not None:
            exchange.lost(reused=self.used)

    def pause_writing(self) -> None:
        """The upstream takes no more for now."""
        if self._exchange is not None:
            self._exchange.stall()

    def resume_writing(self) -> None:
        """The upstream takes again."""
        if self._exchange is not None:
            self._exchange.unstall()

    def _complete(self, exchange: Exchange) -> None:
        """Take care of the connection first: what the end of an answer sets off may want the next one."""
        reader, transport = self._reader, self._transport
        trailers = reader.trailers()
        self._exchange = None
        if self._paused:
            self.resume()
        if reader.keep_alive and exchange.sent and not (transport.is_closing() or transport.get_write_buffer_size()):
            self.used = True
            self.idle_since = self.time()
            self.owner.released(self)
        else:
            self._transport.abort()
        exchange.complete(trailers)
