"""The streams of an HTTP/2 connection (RFC 9113, section 5): frames become requests, and what they ask for, frames."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Final

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.eager import begin
from ostiary.edge.carry import carry, log_end
from ostiary.edge.head import next_id
from ostiary.edge.http2.head import Fields, read_trailers, shown
from ostiary.edge.http2.request import read_request
from ostiary.edge.http2.stream import Http2Stream
from ostiary.edge.listening import Listening
from ostiary.edge.proof import Proof
from ostiary.errors import GatewayError, HeadersTooLarge
from ostiary.grpc import is_call
from ostiary.http2.codes import Code
from ostiary.http2.guard import EXCESS_COST, LARGEST_BLOCK, Guard
from ostiary.http2.reader import Reader
from ostiary.http2.sender import Sender
from ostiary.http2.wire import STREAMS, Wire
from ostiary.model import Peer
from ostiary.reasons import Reason

BUFFERED: Final = 1 << 20
"""Octets of answers that may wait for the caller's windows before his further requests wait as well."""
DRAIN: Final = b"ostiary."
"""What our last PING says: when it comes back, every stream that was on its way has come."""


class Http2Streams(ABC):
    """A connection, as far as it is about its streams.

    Attributes:
        streams: the requests under way.
        wire: the connection's state, and what goes out.
        sender: what goes out.
    """

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wire = Wire(listening.limits.headers, tunnels=listening.tunnels)
        self.sender = Sender(self.wire, loop, self._write, self._sent)
        self.streams: dict[int, Http2Stream] = {}
        self._listening = listening
        self._reader = Reader(self.wire, 2 * listening.limits.headers)
        self._guard = Guard(LARGEST_BLOCK * listening.limits.headers, loop.time())
        self._proof = Proof(listening)
        self._waiting: deque[Http2Stream] = deque()  # requests that wait until less is buffered
        self._ended = False
        self._leaving = False  # it ends with its last stream: the caller opens no more, or proves nobody any more
        self._last: int | None = None  # the last stream that is served, once the listener closes
        self._now = 0.0  # when what is worked on now has come
        self._idle_by = 0.0  # a deadline on the loop's clock; 0.0 for none

    @property
    def limits(self) -> ListenerLimits:
        """What a request may cost."""
        return self._proof.limits

    @property
    def timeouts(self) -> ListenerTimeouts:
        """The listener's patience, as the configuration says now."""
        return self._listening.timeouts

    @property
    def verdicts(self) -> bool:
        """Whether a status is a verdict here, see `Listening`."""
        return self._listening.verdicts

    @property
    @abstractmethod
    def _address(self) -> str:
        """The caller's."""

    @abstractmethod
    def _prove(self) -> Peer:
        """Return who is at the other end, as the listener lets people in now."""

    @abstractmethod
    def _write(self, data: bytes) -> None:
        """Send octets."""

    @abstractmethod
    def _serve_no_more(self) -> None:
        """Say which stream was the last, and close after it."""

    @abstractmethod
    def _leave(self) -> None:
        """Close a connection on which nothing is under way."""

    # --- what comes ----------------------------------------------------------------------------

    def heard_settings(self) -> None:  # noqa: B027 - nothing is left to do
        """Nothing depends on what callers want."""

    def heard_goodbye(self, last: int) -> None:  # noqa: ARG002 - we open none
        """The caller opens no more streams; he may wait for his answers."""
        self._leaving = True

    def heard_nothing(self) -> None:
        """A frame came too late."""
        self._guard.control(self._now)

    def heard_pong(self, data: bytes) -> None:
        """Our PING has come back: every stream that was on its way has come."""
        if data == DRAIN and self._listening.stopping:
            self._serve_no_more()

    def heard_head(self, number: int, fields: Fields, *, ended: bool) -> None:
        """A request begins."""
        stream = self._appear(number, fields, ended=ended)
        if stream is None:
            return
        peer = self._prove()
        try:
            request = read_request(stream, fields, self._listening, self.limits, peer)
            self._proof.admit()
        except GatewayError as error:
            stream.calls = is_call(dict(fields).get(b"content-type"))
            stream.fail(error)
            self._leaving = self._leaving or self._proof.refusal is not None  # no further business on this connection
            return
        stream.request = request
        if self.sender.buffered > BUFFERED:
            self._waiting.append(stream)
        else:
            self._start(stream)

    def _appear(self, number: int, fields: Fields, *, ended: bool) -> Http2Stream | None:
        """Return a new stream; None for one that is turned away."""
        self._guard.opened()
        self._idle_by = 0.0
        stream = self.streams[number] = Http2Stream(self, number, next_id(), monotonic(), self._address)
        stream.method, stream.target = shown(fields)
        stream.read = ended
        if len(self.streams) > STREAMS or self._last is not None:
            self._turn_away(stream, self._now)
            return None
        return stream

    def heard_excess(self, number: int, fields: Fields, *, ended: bool) -> None:
        """A request says too much, with its head or behind its body: it is refused, and costs more than a reset."""
        self._guard.reset(self._now, EXCESS_COST)
        error = HeadersTooLarge("more fields than anybody wants to hear")
        known = self.streams.get(number)
        if known is None:
            if (stream := self._appear(number, fields, ended=ended)) is not None:
                stream.calls = is_call(dict(fields).get(b"content-type"))
                stream.fail(error)
            return
        if not known.answered:
            known.refuse(error)
        known.complete()

    def _turn_away(self, stream: Http2Stream, now: float) -> None:
        """Refuse a stream that nobody has worked on: the caller may send it again (RFC 9113, section 8.7)."""
        if self._proof.refusal is not None and self._last is not None:
            stream.record.reason = self._proof.refusal.reason
        else:
            stream.record.reason = Reason.OVERLOADED if self._last is None else Reason.STOPPING
        self.reset(stream.number, Code.REFUSED_STREAM)
        self._guard.reset(now)

    def _start(self, stream: Http2Stream) -> None:
        if stream.request is None or stream.answered:
            return
        stream.await_body()
        task = begin(carry(self._listening.gateway, stream.request, stream), self.loop)
        if task is not None:
            stream.task = task

    def heard_content(self, number: int, data: bytes, octets: int, *, ended: bool) -> None:
        """A piece of a body has come."""
        if not data and not ended:
            self._guard.control(self._now)
        stream = self.streams.get(number)
        if stream is None:
            self.acknowledge(number, octets)
            return
        stream.take(data, octets)
        if ended:
            stream.complete()

    def heard_trailers(self, number: int, fields: Fields) -> None:
        """Take what came behind a body, or refuse a malformed request."""
        stream = self.streams.get(number)
        if stream is None:
            return
        if not stream.answered:
            try:
                stream.trail(read_trailers(fields, tunnel=stream.opening is not None))
            except GatewayError as error:
                stream.spoil(error)
        stream.complete()

    def heard_reset(self, number: int, code: int) -> None:  # noqa: ARG002 - all of them mean the same here
        """A stream was given up, or had to be."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.lose()
        self._guard.reset(self._now)

    def spoiled(self) -> None:
        """What came behind a head has made us give its request up."""
        self._guard.reset(self._now)

    def heard_room(self, number: int) -> None:
        """The caller's windows are wider."""
        for one in (number,) if number else tuple(self.streams):
            stream = self.streams.get(one)
            if stream is not None and not stream.answered:
                self.sender.ready(stream)

    # --- what goes -----------------------------------------------------------------------------

    def _sent(self) -> None:
        """Everything was sent that could be."""
        while self._waiting and self.sender.buffered <= BUFFERED // 2:
            self._start(self._waiting.popleft())
        if not self.streams and not self._ended and (self._leaving or self._listening.stopping):
            self._leave()

    def passed_on(self, octets: int, whole: bool) -> None:
        """So much content of an answer was sent; all that was there, or what the windows allowed."""
        self.sender.buffered -= octets
        self._guard.sent(octets, whole)

    def inform(self, number: int, fields: list[tuple[bytes, bytes]]) -> None:
        """Send an informational head."""
        self.wire.send_head(number, fields, end=False)
        self.sender.soon()

    def acknowledge(self, number: int, octets: int) -> None:
        """Let the caller send as much again."""
        if not self._ended:
            self.wire.acknowledge(number, octets)
            self.sender.soon()

    def reset(self, number: int, code: Code) -> None:
        """End a stream at once, whatever is under way."""
        stream = self.streams.get(number)
        if stream is not None and not self._ended:
            self.wire.reset(number, code)
            self.sender.soon()
            stream.end()

    # --- the end of a stream -------------------------------------------------------------------

    def forget(self, number: int) -> None:
        """A stream has ended in both directions."""
        stream = self.streams.pop(number, None)
        if stream is None:
            return
        stream.request = None  # each holds the other: let go, so that no garbage is left to be collected
        if not self.streams:
            self._idle_by = self.loop.time() + self.timeouts.keep_alive
            self.sender.soon()

    def log(self, stream: Http2Stream) -> None:
        """Write the line of a request."""
        log_end(self._listening.gateway, stream, monotonic(), self._listening.name)

    def _lose_all(self, detail: str) -> None:
        self.sender.clear()
        self._waiting.clear()
        for stream in tuple(self.streams.values()):
            stream.lose(detail)

    def _settle(self) -> None:
        for stream in tuple(self.streams.values()):
            stream.settle()
