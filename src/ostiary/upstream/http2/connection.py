"""One connection to an upstream: many exchanges, each on a stream of its own (RFC 9113).

    Exchange -- speak --> Sender --> Wire --> octets
       ^                                        |
       +----- Reader <-- Guard <-- Frames <-----+

What has come is acknowledged on the connection at once, and on its stream when its caller has taken it: who reads
slowly keeps nobody else waiting. An upstream that floods us with what is no answer loses the connection, as a caller
would.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

import structlog

from ostiary.errors import GatewayError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.http2.codes import Code, ConnectionBroken
from ostiary.http2.frames import Frames
from ostiary.http2.guard import Guard
from ostiary.http2.hpack.decoder import Fields
from ostiary.http2.reader import Reader
from ostiary.http2.sender import Sender
from ostiary.http2.wire import STREAMS, Wire
from ostiary.model import Headers
from ostiary.upstream.answer import MAX_HEAD
from ostiary.upstream.http2.exchange import Http2Exchange
from ostiary.upstream.http2.fields import INDEXED, Field
from ostiary.upstream.http2.outgoing import Outgoing
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
        """There is room for one exchange more."""

    def lost(self, connection: Http2Connection) -> None:
        """It is gone, or takes no more exchanges."""


class Http2Connection(asyncio.Protocol):
    """One connection, which carries many exchanges at a time.

    Attributes:
        owner: who keeps it.
        exchanges: those under way, by stream.
        promised: exchanges that were given a place on it, and have not begun.
        idle_since: when the last one ended, on the loop's clock.
        greeted: done when the upstream has said how it wants to be spoken to.
    """

    __slots__ = (
        *("_begun", "_frames", "_guard", "_heard", "_leaving", "_loop", "_pinged", "_reader", "_sender", "_transport"),
        *("_used", "_wire", "exchanges", "full", "greeted", "idle_since", "owner", "promised", "time"),
    )

    def __init__(self, owner: Owner, loop: asyncio.AbstractEventLoop) -> None:
        self.owner = owner
        self._loop = loop
        self.time = loop.time
        self.exchanges: dict[int, Http2Exchange] = {}
        self.promised = 0
        self.idle_since = self._heard = loop.time()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.full = False  # the transport takes nothing for now
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._wire = Wire(MAX_HEAD, INDEXED)
        self._frames = Frames(preface=False)
        self._reader = Reader(self._wire, 2 * MAX_HEAD)
        self._guard = Guard(2 * MAX_HEAD, loop.time())
        self._sender = Sender(self._wire, loop, self._write, self._sent)
        self._begun: list[Http2Exchange] = []  # answers that have begun with what is worked on now
        self._leaving = False  # it takes no more exchanges
        self._used = False  # it has carried an exchange before
        self._pinged = 0.0  # when we asked for a sign of life, on the loop's clock; 0.0 for not

    # --- places on it --------------------------------------------------------------------------

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
        if not self.usable:
            return 0
        return min(self._wire.most, STREAMS) - len(self.exchanges) - self.promised

    def carry(self, exchange: Http2Exchange, fields: list[Field]) -> None:
        """Set an exchange going, in a place that was promised."""
        self.promised -= 1
        number = self._wire.open()
        if number + 2 > _LAST:
            self._leaving = True
        self.exchanges[number] = exchange
        self._wire.send_head(number, fields, end=exchange.bodyless)
        self._sender.soon()
        exchange.begin(self, number)

    def give_back(self) -> None:
        """A place that was promised is not wanted."""
        self.promised -= 1
        self._free()

    def _free(self) -> None:
        if not self.exchanges and not self.promised:
            self.idle_since = self.time()
            if self._leaving:
                self.quit()
                return
        if self.room > 0:
            self.owner.released(self)

    # --- as an exchange uses it ----------------------------------------------------------------

    def speak(self, exchange: Http2Exchange, octets: int) -> None:
        """Ask an exchange for frames when the loop comes round; so many octets more wait."""
        self._sender.buffered += octets
        self._sender.ready(exchange)

    def send(self, outgoing: Outgoing, stream: int) -> bool:
        """Send one frame; returns whether there may be more."""
        before = outgoing.waiting
        more = outgoing.send(self._wire, stream)
        octets = before - outgoing.waiting
        self._sender.buffered -= octets
        self._guard.sent(octets)
        return more

    def headed(self, stream: int) -> None:
        """The final head of an answer has come: fields that follow are trailers."""
        state = self._wire.streams.get(stream)
        if state is not None:
            state.headed = True
        exchange = self.exchanges.get(stream)
        if exchange is not None:
            self._begun.append(exchange)

    def widen(self, stream: int, octets: int) -> None:
        """Let the upstream send as much again."""
        self._wire.widen(stream, octets)
        self._sender.soon()

    def trailers(self, trailers: Headers) -> list[Field]:
        """Return those behind a request that pass."""
        return [(name.lower(), value) for name, value in self.owner.trailers.passing(trailers)]

    def leave(self, stream: int, waiting: int, code: Code | None) -> None:
        """An exchange has ended; with a code, its stream is reset. `waiting` octets will not be sent."""
        if self.exchanges.pop(stream, None) is None:
            return
        self._sender.buffered -= waiting
        if code is not None:
            self._wire.reset(stream, code)
            self._sender.soon()
        self._used = True
        self._free()

    # --- what comes ----------------------------------------------------------------------------

    def heard_settings(self) -> None:
        """The upstream says how it wants to be spoken to."""
        if not self.greeted.done():
            self.greeted.set_result(None)
        elif self.room > 0:
            self.owner.released(self)

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        """An answer begins."""
        exchange = self.exchanges.get(stream)
        if exchange is None:
            return
        self._guard.opened()
        try:
            exchange.take_head(fields, ended=ended)
        except GatewayError as error:
            exchange.fail(error, Code.PROTOCOL_ERROR)

    def heard_content(self, stream: int, data: bytes, octets: int, *, ended: bool) -> None:
        """A piece of an answer has come."""
        self._wire.acknowledge(0, octets)
        if not data and not ended:
            self._guard.control(self._heard)
        exchange = self.exchanges.get(stream)
        if exchange is None:
            return
        try:
            exchange.take_content(data, octets, ended=ended)
        except GatewayError as error:
            exchange.fail(error, Code.PROTOCOL_ERROR)

    def heard_trailers(self, stream: int, fields: Fields) -> None:
        """An answer ends."""
        exchange = self.exchanges.get(stream)
        if exchange is None:
            return
        try:
            exchange.take_trailers(fields)
        except GatewayError as error:
            exchange.fail(error, Code.PROTOCOL_ERROR)

    def heard_reset(self, stream: int, code: int) -> None:
        """A stream was given up, or had to be."""
        exchange = self.exchanges.get(stream)
        if exchange is not None:
            exchange.reset(code)

    def heard_room(self, stream: int) -> None:
        """The upstream takes more."""
        for one in (stream,) if stream else tuple(self.exchanges):
            exchange = self.exchanges.get(one)
            if exchange is not None:
                self._sender.ready(exchange)

    def heard_pong(self, data: bytes) -> None:
        """It lives, as everything that comes says."""

    def heard_nothing(self) -> None:
        """Something was on its way on a stream that we have reset: who may do that is not the upstream's fault."""

    def heard_goodbye(self, last: int) -> None:
        """The upstream takes no more exchanges, and has not worked on those after `last` (RFC 9113, section 6.8)."""
        if not self._leaving:
            log.info("an upstream ends a connection", endpoint=self.owner.name, under_way=len(self.exchanges))
        self._leaving = True
        self.owner.lost(self)
        for stream, exchange in tuple(self.exchanges.items()):
            if stream > last:
                self._wire.drop(stream)
                exchange.refused()
        if not self.exchanges and not self.promised:
            self.quit()

    # --- time ----------------------------------------------------------------------------------

    def sweep(self, now: float, *, ping: float, patience: float) -> None:
        """End exchanges whose patience has ended, and a connection that has died silently.

        Args:
            now: the loop's clock.
            ping: seconds of silence after which the upstream is asked for a sign of life (RFC 9113, section 6.7).
            patience: seconds that it has for that.
        """
        for exchange in tuple(self.exchanges.values()):
            if exchange.deadline < now:
                exchange.expire()
        if not self.exchanges:
            return
        if self._pinged:
            if now - self._pinged > patience:
                self.close(UpstreamTimeout("the upstream gives no sign of life"))
        elif now - self._heard > ping:
            self._pinged = now
            self._wire.ping(_ALIVE)
            self._sender.soon()

    # --- its end -------------------------------------------------------------------------------

    def quit(self) -> None:
        """Close a connection on which nothing is under way."""
        self._part(Code.NO_ERROR)

    def _part(self, code: Code) -> None:
        """Say why, and close, whether or not it is heard."""
        self._leaving = True
        self._write(self._wire.farewell(0, code))
        self._transport.close()
        self._loop.call_later(_LINGER, self._transport.abort)
        self.owner.lost(self)

    def close(self, error: GatewayError) -> None:
        """Break off, whatever is under way."""
        self._leaving = True
        self._transport.abort()
        for exchange in tuple(self.exchanges.values()):
            exchange.fail(error)

    def _break(self, broken: ConnectionBroken) -> None:
        """End the connection because of what the upstream did, and tell it why."""
        log.warning("an upstream breaks the protocol", endpoint=self.owner.name, detail=broken.detail)
        self._part(broken.code)
        self._not_greeted()
        error = UpstreamInvalid(broken.detail)
        for exchange in tuple(self.exchanges.values()):
            exchange.fail(error)

    # --- as the loop uses it -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there: say so in HTTP/2."""
        self._transport = cast("asyncio.Transport", transport)
        self._sender.flush()

    def data_received(self, data: bytes) -> None:
        """Work on the frames that are whole."""
        if self._transport.is_closing():
            return
        self._heard = now = self.time()
        self._pinged = 0.0
        frames, guard, reader = self._frames, self._guard, self._reader
        frames.take(data)
        try:
            while (frame := frames.next()) is not None:
                guard.judge(frame, now)
                reader.receive(self, frame)
        except ConnectionBroken as broken:
            self._break(broken)
            return
        if self._begun:
            self._flush()
        self._sender.flush()

    def _flush(self) -> None:
        """Let go of heads that were held back for content, now that there is none at hand."""
        begun, self._begun = self._begun, []
        for exchange in begun:
            exchange.flush()

    def eof_received(self) -> None:
        """The upstream says no more."""

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        """The connection is gone."""
        self._leaving = True
        self._sender.clear()
        self.owner.lost(self)
        self._not_greeted()
        used = self._used
        for exchange in tuple(self.exchanges.values()):
            exchange.lost(reused=used)

    def _not_greeted(self) -> None:
        """Whoever waits for the upstream's SETTINGS waits in vain; perhaps nobody does."""
        if not self.greeted.done():
            self.greeted.set_exception(UpstreamUnreachable(f"{self.owner.name}: does not speak HTTP/2"))
            self.greeted.exception()

    def pause_writing(self) -> None:
        """The upstream takes no more for now."""
        self.full = self._sender.paused = True
        self._settle()

    def resume_writing(self) -> None:
        """The upstream takes again."""
        self.full = self._sender.paused = False
        self._settle()
        self._sender.soon()

    def _settle(self) -> None:
        for exchange in tuple(self.exchanges.values()):
            exchange.settle()

    def _write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _sent(self) -> None:
        """Nothing is left to be done when everything was sent that could be."""
