"""One connection to an upstream, on asyncio's protocols: places on it, its time, its end (RFC 9113).

Exchange -- speak --> Sender --> Wire --> octets
   ^                                        |
   +----- Reader <-- Guard <-- Frames <-----+
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import inf
from typing import Final, Protocol, cast

import structlog

from ostiary.errors import GatewayError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.http2.codes import Code, ConnectionBroken
from ostiary.http2.frames import Frames
from ostiary.http2.wire import STREAMS
from ostiary.upstream.http2.alarm import EARLY, Alarm
from ostiary.upstream.http2.exchange import Http2Exchange
from ostiary.upstream.http2.fields import Field
from ostiary.upstream.http2.streams import Http2Streams
from ostiary.upstream.trailers import CallersTrailers

log = structlog.get_logger("ostiary.upstream")

_LAST: Final = 2**31 - 1
_ALIVE: Final = b"ostiary?"
_LINGER: Final = 1.0
"""Seconds in which an upstream may read why a connection has ended."""


class Owner(Protocol):
    """Who keeps connections."""

    name: str
    host: bytes
    scheme: str
    trailers: CallersTrailers

    def released(self, connection: Http2Connection) -> None:
        """There is room for more exchanges."""

    def parting(self, connection: Http2Connection) -> None:
        """It takes no more exchanges; those under way end on it."""

    def lost(self, connection: Http2Connection) -> None:
        """It is gone."""


class Http2Connection(asyncio.Protocol):
    """One connection, which carries many exchanges at a time.

    Attributes:
        owner: who keeps it.
        promised: exchanges that were given a place on it, and have not begun.
        idle_since: when the last one ended, on the loop's clock.
        greeted: done when the upstream has said how it wants to be spoken to, or is gone without a word.
    """

    __slots__ = (
        *("_alarm", "_frames", "_leaving", "_loop", "_pinged", "_streams", "_transport", "_used"),
        *("greeted", "idle_since", "owner", "promised"),
    )

    def __init__(self, owner: Owner, loop: asyncio.AbstractEventLoop) -> None:
        self.owner = owner
        self.promised = 0
        self.idle_since = loop.time()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._frames = Frames(preface=False)
        self._streams = Http2Streams(self, owner.trailers, loop, self._write)
        self._alarm = Alarm(loop, self._look)  # for the patience of calls' callers
        self._leaving = False  # it takes no more exchanges
        self._used = False  # it has carried an exchange before
        self._pinged = 0.0  # when we asked for a sign of life, on the loop's clock; 0.0 for not

    # --- places on it --------------------------------------------------------------------------

    @property
    def exchanges(self) -> Mapping[int, Http2Exchange]:
        """Those under way, by stream."""
        return self._streams.exchanges

    @property
    def protocol(self) -> str | None:
        """What was agreed on in the handshake (RFC 7301); None for nothing."""
        secured = self._transport.get_extra_info("ssl_object")
        return None if secured is None else secured.selected_alpn_protocol()

    @property
    def usable(self) -> bool:
        """Whether it takes exchanges."""
        return not (self._leaving or self._transport.is_closing())

    @property
    def room(self) -> int:
        """How many exchanges more it takes now."""
        if not self.usable or self._streams.full:
            return 0
        return min(self._streams.wire.most, STREAMS) - len(self._streams.exchanges) - self.promised

    def carry(self, exchange: Http2Exchange, fields: list[Field]) -> None:
        """Set an exchange going, in a place that was promised."""
        self.promised -= 1
        self._alarm.by(exchange.until)
        if self._streams.begin(exchange, fields) + 2 > _LAST:
            self._leaving = True  # there is no further number

    def give_back(self) -> None:
        """A place that was promised is not wanted."""
        self.promised -= 1
        self._offer()

    def _offer(self) -> None:
        if not self._streams.exchanges and not self.promised:
            self.idle_since = self._loop.time()
            if self._leaving:
                self.quit()
                return
        if self.room > 0:
            self.owner.released(self)

    # --- as its streams tell it ----------------------------------------------------------------

    def greet(self) -> None:
        """The upstream has said how it wants to be spoken to."""
        if not self.greeted.done():
            self.greeted.set_result(None)
        elif self.room > 0:
            self.owner.released(self)

    def freed(self) -> None:
        """An exchange has ended."""
        self._used = True
        self._offer()

    def dismissed(self, last: int) -> None:
        """The upstream takes no more exchanges, and has worked on none after a stream."""
        if not self._leaving:
            facts = {"under_way": len(self._streams.exchanges), "last": last}
            log.info("an upstream ends a connection", endpoint=self.owner.name, **facts)
        self._leaving = True
        self.owner.parting(self)
        if not self._streams.exchanges and not self.promised:
            self.quit()

    def worn(self) -> None:
        """So many exchanges were given up that the upstream may end it: others are to begin elsewhere."""
        if not self._leaving:
            self._leaving = True
            facts = {"under_way": len(self._streams.exchanges)}
            log.info("a connection is left, on which many exchanges were given up", endpoint=self.owner.name, **facts)
            self.owner.parting(self)

    # --- time ----------------------------------------------------------------------------------

    def sweep(self, now: float, *, ping: float, patience: float) -> None:
        """End exchanges whose patience has ended, and a connection that has died silently.

        Args:
            now: the loop's clock.
            ping: seconds of silence after which the upstream is asked for a sign of life (RFC 9113, section 6.7).
            patience: seconds that it has for that.
        """
        for exchange in tuple(self._streams.exchanges.values()):
            if exchange.deadline < now:
                exchange.expire()
        self._streams.say_more(now)
        if not self._streams.exchanges:
            return
        if self._pinged:
            if now - self._pinged > patience:
                self.close(UpstreamTimeout("the upstream gives no sign of life"))
        elif now - self._streams.now > ping:
            self._pinged = now
            self._streams.wire.ping(_ALIVE)
            self._streams.sender.soon()

    def _look(self) -> None:
        """End calls whose callers wait no longer."""
        now, earliest = self._loop.time() + EARLY, inf
        for exchange in tuple(self._streams.exchanges.values()):
            if exchange.until <= now:
                exchange.expire()
            elif exchange.until < earliest:
                earliest = exchange.until
        self._alarm.by(earliest)

    # --- its end -------------------------------------------------------------------------------

    def quit(self) -> None:
        """Close a connection on which nothing is under way."""
        self._part(Code.NO_ERROR)

    def close(self, error: GatewayError) -> None:
        """Break off, whatever is under way."""
        self._leaving = True
        self._transport.abort()
        self._fail(error)

    def _part(self, code: Code) -> None:
        """Say why, and close, whether or not it is heard."""
        self._leaving = True
        self._write(self._streams.wire.farewell(0, code))
        self._transport.close()
        self._loop.call_later(_LINGER, self._transport.abort)
        self.owner.lost(self)

    def _break(self, broken: ConnectionBroken) -> None:
        """End the connection because of what the upstream did, and tell it why."""
        log.warning("an upstream breaks the protocol", endpoint=self.owner.name, detail=broken.detail)
        self._part(broken.code)
        if not self.greeted.done():
            self.greeted.set_exception(UpstreamUnreachable(f"{self.owner.name}: does not speak HTTP/2"))
            self.greeted.exception()  # perhaps nobody waits for it
        self._fail(UpstreamInvalid(broken.detail))

    def _fail(self, error: GatewayError) -> None:
        for exchange in tuple(self._streams.exchanges.values()):
            exchange.fail(error)

    # --- as the loop uses it -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there: say so in HTTP/2."""
        self._transport = cast("asyncio.Transport", transport)
        self._streams.sender.flush()

    def data_received(self, data: bytes) -> None:
        """Work on the frames that are whole."""
        if self._transport.is_closing():
            return
        streams, frames = self._streams, self._frames
        streams.now = now = self._loop.time()
        self._pinged = 0.0
        frames.take(data)
        try:
            while (frame := frames.next()) is not None:
                streams.guard.judge(frame, now)
                streams.reader.receive(streams, frame)
        except ConnectionBroken as broken:
            self._break(broken)
            return
        streams.flush()

    def eof_received(self) -> None:
        """The upstream says no more."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """The connection is gone."""
        self._leaving = True
        self._alarm.rest()
        self._streams.sender.clear()
        self.owner.lost(self)
        if not self.greeted.done():
            self.greeted.set_result(None)
        used = self._used
        for exchange in tuple(self._streams.exchanges.values()):
            exchange.lost(reused=used)

    def pause_writing(self) -> None:
        """The upstream takes no more for now."""
        self._streams.settle(full=True)

    def resume_writing(self) -> None:
        """The upstream takes again."""
        self._streams.settle(full=False)
        if self.room > 0:
            self.owner.released(self)

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)
