"""The exchanges of one connection: what comes reaches them, and what they say goes out (RFC 9113, section 5).

What has come is acknowledged on the connection at once, and on its stream when its caller has taken it: who reads
slowly keeps nobody else waiting. Who gives many exchanges up spoils nobody else's: resets are said little by little,
and further exchanges are begun on another connection. An upstream that floods us with what is no answer loses the
connection, as a caller would.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from ostiary.errors import GatewayError, UpstreamInvalid
from ostiary.http2.codes import Code
from ostiary.http2.guard import LARGEST_BLOCK, Guard
from ostiary.http2.hpack.decoder import Fields
from ostiary.http2.reader import Reader
from ostiary.http2.sender import Sender
from ostiary.http2.wire import Wire
from ostiary.model import Headers
from ostiary.upstream.http1.answer import MAX_HEAD
from ostiary.upstream.http2.exchange import TRIES_ELSEWHERE, Http2Exchange
from ostiary.upstream.http2.fields import INDEXED, Field
from ostiary.upstream.http2.outgoing import Outgoing
from ostiary.upstream.http2.resets import Resets
from ostiary.upstream.trailers import CallersTrailers

_LATE: Final = 1000
"""Frames that were on their way when a stream was reset: a window may be filled with small messages."""


class Told(Protocol):
    """The connection, as its streams tell it what is about all of them."""

    def greet(self) -> None:
        """The upstream has said how it wants to be spoken to."""

    def freed(self) -> None:
        """An exchange has ended."""

    def dismissed(self, last: int) -> None:
        """The upstream takes no more exchanges, and has worked on none after a stream."""

    def worn(self) -> None:
        """So many exchanges were given up that the upstream may end it: others are to begin elsewhere."""


class Http2Streams:
    """The exchanges of one connection; keeps `Line` towards them, and `Hearer` towards the engine.

    Attributes:
        exchanges: those under way, by stream.
        wire: the connection's state, and what goes out.
        sender: what goes out.
        guard: looks at every frame before it is worked on.
        reader: works on it.
        full: the transport takes nothing for now.
        now: when what is worked on has come, on the loop's clock.
        time: returns the time on the loop's clock, in seconds.
    """

    __slots__ = (
        *("_begun", "_late", "_passing", "_resets", "_told", "_unsaid"),
        *("exchanges", "full", "guard", "now", "reader", "sender", "time", "wire"),
    )

    def __init__(
        self, told: Told, passing: CallersTrailers, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None]
    ) -> None:
        self._told = told
        self._passing = passing
        self._begun: list[Http2Exchange] = []  # answers that have begun with what is worked on now
        self._late = 0  # frames that may still come on streams that were reset
        self._resets = Resets(loop.time())
        self._unsaid: deque[tuple[int, Code]] = deque()  # streams that were given up, and the upstream does not know
        self.exchanges: dict[int, Http2Exchange] = {}
        self.time = loop.time
        self.now = loop.time()
        self.full = False
        self.wire = Wire(MAX_HEAD, INDEXED)
        self.guard = Guard(LARGEST_BLOCK * MAX_HEAD, self.now)
        self.reader = Reader(self.wire, 2 * MAX_HEAD)
        self.sender = Sender(self.wire, loop, write, _nothing_else)

    def begin(self, exchange: Http2Exchange, fields: list[Field]) -> int:
        """Set an exchange going on a stream of its own; return its number."""
        number = self.wire.open()
        self.exchanges[number] = exchange
        self.wire.send_head(number, fields, end=exchange.outgoing.bodyless)
        self.sender.soon()
        exchange.begin(self, number)
        return number

    def settle(self, *, full: bool) -> None:
        """The transport takes nothing, or does again."""
        self.full = self.sender.paused = full
        for exchange in tuple(self.exchanges.values()):
            exchange.settle()
        if not full:
            self.sender.soon()

    def flush(self) -> None:
        """Let go of heads that were held back for content, now that there is none at hand; and send."""
        if self._begun:
            begun, self._begun = self._begun, []
            for exchange in begun:
                exchange.answer.flush()
        self.sender.flush()

    # --- Line: as exchanges use it -------------------------------------------------------------

    def speak(self, exchange: Http2Exchange, octets: int) -> None:
        """Ask an exchange for frames when the loop comes round; so many octets more wait."""
        self.sender.buffered += octets
        self.sender.ready(exchange)

    def send(self, outgoing: Outgoing, stream: int) -> bool:
        """Send one frame; returns whether there may be more."""
        before = outgoing.waiting
        more = outgoing.send(self.wire, stream)
        octets = before - outgoing.waiting
        self.sender.buffered -= octets
        self.guard.sent(octets)
        return more

    def headed(self, stream: int) -> None:
        """The final head of an answer has come: fields that follow are trailers."""
        state = self.wire.streams.get(stream)
        if state is not None:
            state.headed = True
        self._begun.append(self.exchanges[stream])

    def widen(self, stream: int, octets: int) -> None:
        """Let the upstream send as much again."""
        self.wire.widen(stream, octets)
        self.sender.soon()

    def trailers(self, trailers: Headers) -> list[Field]:
        """Return those behind a request that pass."""
        return [(name.lower(), value) for name, value in self._passing.passing(trailers)]

    def leave(self, stream: int, waiting: int, code: Code | None) -> None:
        """An exchange has ended; with a code, its stream is reset. `waiting` octets will not be sent."""
        if self.exchanges.pop(stream, None) is None:
            return
        self.sender.buffered -= waiting
        if code is not None and stream in self.wire.streams:
            self._give_up(stream, code)
        self._told.freed()

    def _give_up(self, stream: int, code: Code) -> None:
        """Reset a stream, now or when there were fewer of them: until then what comes on it is dropped."""
        if not self._unsaid and self._resets.may(self.time(), self.wire.most):
            self._reset(stream, code)
        else:
            self._unsaid.append((stream, code))
        if self._unsaid or self._resets.many(self.wire.last // 2):
            self._told.worn()

    def say_more(self, now: float) -> None:
        """Reset streams that were given up before, as many as may be now."""
        while self._unsaid and self._resets.may(now, self.wire.most):
            self._reset(*self._unsaid.popleft())

    def _reset(self, stream: int, code: Code) -> None:
        self.wire.reset(stream, code)
        self.sender.soon()
        self._late = _LATE

    # --- Hearer: what comes --------------------------------------------------------------------

    def heard_settings(self) -> None:
        """The upstream says how it wants to be spoken to."""
        self._told.greet()

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        """An answer begins, or something is said before it does."""
        exchange = self.exchanges.get(stream)
        if exchange is None:  # it was given up
            self.guard.control(self.now)
            return
        self.guard.opened()
        try:
            exchange.take_head(fields, ended=ended)
        except GatewayError as error:
            exchange.fail(error, Code.PROTOCOL_ERROR)

    def heard_content(self, stream: int, data: bytes, octets: int, *, ended: bool) -> None:
        """A piece of an answer has come."""
        self.wire.acknowledge(0, octets)
        if not data and not ended:
            self.guard.control(self.now)
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

    def heard_excess(self, stream: int, fields: Fields, *, ended: bool) -> None:  # noqa: ARG002 - nothing of it is used
        """An answer says too much: others on the connection do not pay for it."""
        exchange = self.exchanges.get(stream)
        if exchange is not None:
            exchange.fail(UpstreamInvalid("more fields than anybody wants to hear"))

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
                self.sender.ready(exchange)

    def heard_pong(self, data: bytes) -> None:
        """It lives, as everything that comes says."""

    def heard_nothing(self) -> None:
        """Something was on its way on a stream that we have reset: no fault of the upstream's, unless it never ends."""
        self._late -= 1
        if self._late < 0:
            self.guard.control(self.now)

    def heard_goodbye(self, last: int) -> None:
        """The upstream takes no more exchanges, and has not worked on those after `last` (section 6.8)."""
        self._told.dismissed(last)
        for stream, exchange in tuple(self.exchanges.items()):
            if stream > last:
                self.wire.drop(stream)
                exchange.refused(TRIES_ELSEWHERE)


def _nothing_else() -> None:
    """Nothing is left to be done when everything was sent that could be."""
