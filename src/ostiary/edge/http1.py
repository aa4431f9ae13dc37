"""The native edge: one HTTP/1.1 connection (RFC 9112), on asyncio's protocols and httptools.

    octets -> parser -> Exchange -> gateway
                           ^           |
                           +-- answer -+

The parser's callbacks never raise: they note the first trouble, and `data_received` deals with it.
One exchange is under way at a time; further pipelined requests wait in a queue while reading is
paused, so that answers go out in order and a connection's memory is bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, cast

import httptools

from ostiary.eager import begin
from ostiary.edge.carry import carry
from ostiary.edge.exchange import Exchange
from ostiary.edge.head import body_length, next_id, read_head, upgrade_of
from ostiary.edge.listening import Listening, address_of
from ostiary.edge.plain import read_plain
from ostiary.errors import BadRequest, ContentTooLarge, GatewayError, HeadersTooLarge, RequestTimeout, TargetTooLong
from ostiary.model import Headers, Peer, Request, fold
from ostiary.reasons import Reason

_LINGER: Final = 2.0
"""Seconds for which octets are still read, and dropped, after a refused request, so that the answer
is not lost to a reset (RFC 9112, section 9.6)."""


class Http1Connection(asyncio.Protocol):
    """One connection from a caller."""

    __slots__ = (
        "_fields",
        "_head_size",
        "_listening",
        "_name",
        "_parser",
        "_parsing",
        "_peer",
        "_proven_by",
        "_queue",
        "_read_pauses",
        "_reading",
        "_refusal",
        "_transport",
        "_trouble",
        "_upgrading",
        "_url",
        "deadline",
        "exchange",
        "limits",
        "lingering",
        "loop",
        "writing_paused",
    )

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits = listening.limits
        self._listening = listening
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._peer = Peer("")
        self._proven_by = listening.prove
        self._name: str | None = None  # the host that TLS was set up for, in one spelling
        self._refusal: GatewayError | None = None  # what the peer's certificate deserves
        self._queue: deque[Exchange] = deque()
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._url = b""
        self._parsing = False  # the parser is within a request
        self._head_size = 0
        self._reading: Exchange | None = None  # whose body is being read
        self._trouble: GatewayError | None = None
        self._upgrading: Exchange | None = None  # asked for another protocol: nothing after it is HTTP
        self._read_pauses = 0
        self.exchange: Exchange | None = None  # whose answer is being sent
        self.writing_paused = False
        self.lingering = False
        self.deadline = 0.0  # on the loop's clock; 0.0 for none

    @property
    def stopping(self) -> bool:
        """Whether the listener is being closed."""
        return self._listening.stopping

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prove the peer, once."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = Peer(address_of(transport))
        listening = self._listening
        if len(listening.connections) >= self.limits.connections:
            listening.refused += 1
            self._transport.abort()
            return
        listening.connections.add(self)
        self.deadline = self.loop.time() + listening.timeouts.headers
        self._prove()

    def _prove(self) -> None:
        """Find out who is at the other end: once, and again when a reload has changed who is let in."""
        listening = self._listening
        self.limits = listening.limits
        self._proven_by = listening.prove
        self._refusal = None
        try:
            self._peer = listening.prove(self._transport)
            if self._peer.server_name is not None:
                self._name = self._peer.server_name.lower().rstrip(".")
        except GatewayError as refusal:
            self._refusal = refusal

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything that was under way."""
        self._listening.connections.discard(self)
        self._listening.left(self._peer.address)
        self.deadline = 0.0
        exchange, self.exchange = self.exchange, None
        self._queue.clear()
        if exchange is not None and not exchange.answered:
            if not exchange.switched:  # that is how a tunnel ends
                exchange.record.reason = Reason.REQUEST_ABANDONED
            exchange.answered = True
            exchange.abandon()
            self._log(exchange)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and deal with what it found."""
        if self.lingering or self._trouble is not None:
            return
        if self._upgrading is not None:
            self._upgrading.tunnelled(data)
            return
        if self.exchange is None and not self._parsing and data.endswith(b"\r\n\r\n") and self._glance(data):
            return
        if self._reading is None:
            if not self._head_size and self.exchange is None:
                self.deadline = self.loop.time() + self._listening.timeouts.headers
        elif self.deadline:
            self.deadline = self.loop.time() + self._listening.timeouts.body
        self._head_size += len(data)
        self._parse(data)
        if self._trouble is None and self._head_size > self.limits.headers:
            self._trouble = HeadersTooLarge("a head, a trailer or a chunk extension without an end")
        if self._trouble is not None:
            self._refuse(self._trouble)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrading is not None and upgrade.args[0] < len(data):
                self._upgrading.tunnelled(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._trouble = self._trouble or BadRequest(type(error).__name__)

    def eof_received(self) -> bool:
        """A caller that stops sending in the middle is gone."""
        return False

    def pause_writing(self) -> None:
        """The caller reads slowly."""
        self.writing_paused = True
        self.deadline = self.loop.time() + self._listening.timeouts.send
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.pause()

    def resume_writing(self) -> None:
        """The caller reads again."""
        self.writing_paused = False
        self.deadline = 0.0 if self.exchange is not None else self.loop.time() + self._listening.timeouts.keep_alive
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.resume()

    # --- the parser's callbacks ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a new head."""
        self._parsing = True
        self._fields = []
        self._url = b""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._url += url
        if len(self._url) > self.limits.target:
            self._trouble = self._trouble or TargetTooLong(f"{len(self._url)} octets, and more")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field. Blanks behind a value do not belong to it (RFC 9112, section 5.1); the parser leaves them."""
        self._fields.append((name, fold(name), value.rstrip(b" \t")))
        if len(self._fields) > self.limits.header_count:
            self._trouble = self._trouble or HeadersTooLarge("too many fields")

    def on_headers_complete(self) -> None:
        """Make an exchange of the head."""
        if self._trouble is not None:
            return
        exchange = Exchange(self, next_id(), self.loop.time(), self._peer.address)
        exchange.method = self._parser.get_method().decode("ascii", "replace")
        exchange.target = self._url
        self._reading = exchange
        self._head_size = 0
        try:
            self._read_head(exchange)
        except GatewayError as error:
            exchange.close = True
            exchange.request = None
            self._trouble = error
        if self.exchange is None:
            self.exchange = exchange
            if self._trouble is None:
                self._start(exchange)
        else:
            self._queue.append(exchange)
            if len(self._queue) == 1:
                self.pause_reading()

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self._head_size = 0
        if self._reading is not None and self._trouble is None:
            self._reading.take(data)

    def on_message_complete(self) -> None:
        """The request has been read."""
        self._head_size = 0
        self._parsing = False
        reading, self._reading = self._reading, None
        if reading is None or self._trouble is not None:
            return
        self.deadline = 0.0
        reading.complete()
        if reading.answered:
            self._next(reading)

    # --- from head to exchange -----------------------------------------------------------------

    def _glance(self, data: bytes) -> bool:
        """Take a request that is plain and comes whole, without the parser. False: nothing was done."""
        if self._proven_by is not self._listening.prove:
            self._prove()
        if len(data) > self.limits.headers or self._refusal is not None:
            return False
        head = read_plain(data, self.limits.header_count)
        if (
            head is None
            or len(head.asked.target) > self.limits.target
            or (self._name is not None and self._name != head.host)
        ):
            return False
        asked = head.asked
        self.exchange = exchange = Exchange(self, next_id(), self.loop.time(), self._peer.address)
        exchange.method = asked.method
        exchange.target = asked.target
        exchange.read = True
        exchange.request = Request(
            id=exchange.id,
            method=asked.method,
            target=asked.target,
            path=asked.path,
            host=head.host,
            authority=head.authority,
            scheme=self._listening.scheme,
            headers=head.headers,
            peer=self._peer,
            body=exchange,
            record=exchange.record,
        )
        self._start(exchange)
        return True

    def _read_head(self, exchange: Exchange) -> None:
        fields = self._fields
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, _, value in fields)
        if size > self.limits.headers:
            raise HeadersTooLarge(f"{size} octets")
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise BadRequest(f"HTTP/{version[:8]}")
        exchange.old = version == "1.0"
        exchange.close = exchange.old or not self._parser.should_keep_alive()
        if self._proven_by is not self._listening.prove:
            self._prove()
        headers = Headers(fields)
        self._fields = []  # what the parser finds from here on are trailers, which are never part of the head
        exchange.request = read_head(
            id=exchange.id,
            method=exchange.method,
            target=exchange.target,
            headers=headers,
            peer=self._peer,
            scheme=self._listening.scheme,
            body=exchange,
            record=exchange.record,
        )
        self._read_framing(exchange, headers)
        if self._refusal is not None:
            raise self._refusal

    def _read_framing(self, exchange: Exchange, headers: Headers) -> None:
        """Note how the body is framed (RFC 9112, section 6.3); the parser has read the same fields."""
        exchange.length = body_length(headers, old=exchange.old)
        limit = self.limits.body
        if limit is not None and exchange.length is not None and exchange.length > limit:
            raise ContentTooLarge(f"{exchange.length} octets announced")
        expect = headers.get(b"expect")
        if expect is not None:
            if expect.lower() != b"100-continue":
                raise BadRequest("an unknown expectation")
            exchange.expects = not exchange.old and exchange.length != 0
        if self._parser.should_upgrade() and exchange.request is not None:
            exchange.close = True  # whether it succeeds or not: no further request is read from here
            exchange.request.upgrade = upgrade_of(exchange.request, exchange.length)
            if self.exchange is not None:
                raise BadRequest("an upgrade behind another request", reason=Reason.UPGRADE_UNSUPPORTED)
            self._upgrading = exchange

    def _start(self, exchange: Exchange) -> None:
        if exchange.request is None:
            return
        self.deadline = 0.0 if exchange.length == 0 else self.loop.time() + self._listening.timeouts.body
        task = begin(carry(self._listening.gateway, exchange.request, exchange), self.loop)
        if task is not None:
            exchange.task = task

    # --- the end of an exchange ----------------------------------------------------------------

    def exchange_answered(self, exchange: Exchange) -> None:
        """The answer of the exchange under way has been sent."""
        self._log(exchange)
        exchange.request = None  # each holds the other: let go, so that no garbage is left to be collected
        if self._transport.is_closing():
            return
        if exchange.close or self.stopping:
            self._close_gently(exchange.read)
        elif exchange.read:
            self._next(exchange)
        elif not exchange.worth_reading:
            self._close_gently(read=False)
        # else: the rest of the request is read and dropped, see Exchange.take; then on_message_complete

    def _next(self, done: Exchange) -> None:
        if self.exchange is not done:
            return
        if done.close:
            self._close_gently(read=True)
            return
        self.exchange = None
        if self._queue:
            self.exchange = following = self._queue.popleft()
            if not self._queue:
                self.resume_reading()
            if following.request is not None:
                self._start(following)
                return
        if self._trouble is not None:
            self._refuse(self._trouble)
        else:
            self.deadline = self.loop.time() + self._listening.timeouts.keep_alive

    def _refuse(self, error: GatewayError) -> None:
        """Answer a request that cannot be read on, and end the connection."""
        current = self.exchange
        if current is not None and current is not self._reading and current.request and not current.answered:
            return  # an earlier answer is under way: it goes first, see _next
        if current is None:
            current = self.exchange = Exchange(self, next_id(), self.loop.time(), self._peer.address)
            current.target = self._url
        if current.answered:
            self._close_gently(read=False)
            return
        current.close = True
        current.abandon()
        current.fail(error)

    def _close_gently(self, read: bool) -> None:
        """Close; where octets may still be on their way, drop them for a moment first."""
        if self.lingering or self._transport.is_closing():
            return
        self.deadline = 0.0
        if read:
            self._transport.close()
            return
        self.lingering = True
        if self._transport.can_write_eof():
            self._transport.write_eof()  # says at once that nothing follows (RFC 9112, section 9.6)
        if self._read_pauses:
            self._read_pauses = 0
            self._transport.resume_reading()
        self.loop.call_later(_LINGER, self._transport.close)

    def _log(self, exchange: Exchange) -> None:
        request = exchange.request
        self._listening.gateway.access.write(
            exchange.record,
            id=exchange.id,
            method=exchange.method,
            target=exchange.target,
            host="" if request is None else request.host,
            address=exchange.address,
            status=exchange.status,
            sent=exchange.sent,
            now=self.loop.time(),
            listener=self._listening.name,
        )

    # --- what the exchange asks of the connection ----------------------------------------------

    def send(self, data: bytes) -> None:
        """Write, unless the caller is gone."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        """Cut the connection: the caller must see that the answer is not whole."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """Stop reading; pauses are counted, because two parties may want one."""
        self._read_pauses += 1
        if self._read_pauses == 1 and not self._transport.is_closing():
            self._transport.pause_reading()
            self.deadline = 0.0

    def resume_reading(self) -> None:
        """Read again, once nobody wants a pause."""
        if self._read_pauses:
            self._read_pauses -= 1
            if not self._read_pauses and not self._transport.is_closing():
                self._transport.resume_reading()
                if self._reading is not None:
                    self.deadline = self.loop.time() + self._listening.timeouts.body

    # --- time, and the end of the listener -----------------------------------------------------

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed. Called for every connection now and then."""
        if not self.deadline or now < self.deadline:
            return
        self.deadline = 0.0
        if self.writing_paused:
            self.abort()
        elif self.exchange is None and not self._head_size:
            self._transport.close()  # idle
        elif self.exchange is None or self.exchange is self._reading:
            self._refuse(RequestTimeout())
        else:
            self.abort()

    def under_way(self) -> tuple[Exchange, ...]:
        """Return the exchange that was handed to the gateway and has not ended."""
        exchange = self.exchange
        return () if exchange is None or exchange.answered else (exchange,)

    def shut_down(self) -> None:
        """Close when idle; an exchange under way ends first."""
        if self.exchange is None:
            self._transport.close()
        else:
            self.exchange.close = True
