"""The native edge: one HTTP/1.1 connection (RFC 9112), on asyncio's protocols and httptools.

    octets -> RequestReader -> Exchange -> gateway
              (or a glance)       ^           |
                                  +-- answer -+

One exchange is under way at a time; further pipelined requests wait in a queue while reading is
paused, so that answers go out in order and a connection's memory is bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from ostiary.eager import begin
from ostiary.edge.carry import carry, log_end
from ostiary.edge.exchange import Exchange
from ostiary.edge.gone import GONE
from ostiary.edge.hangup import hung_up, taken
from ostiary.edge.head import next_id
from ostiary.edge.http1_reader import RequestReader
from ostiary.edge.listening import Listening, address_of
from ostiary.edge.plain import read_plain
from ostiary.errors import GatewayError, RequestTimeout
from ostiary.model import Peer, Request
from ostiary.reasons import Reason

_LINGER: Final = 2.0
"""Seconds for which octets are still read, and dropped, after a refused request, so that the answer
is not lost to a reset (RFC 9112, section 9.6)."""


class Http1Connection(asyncio.Protocol):
    """One connection from a caller."""

    __slots__ = (
        "_listening",
        "_name",
        "_peer",
        "_proven_by",
        "_queue",
        "_read_pauses",
        "_reader",
        "_refusal",
        "_send_by",
        "_transport",
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
        self._reader = RequestReader(self)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._peer = Peer("")
        self._proven_by: Callable[[asyncio.Transport], Peer] | None = None
        self._name: str | None = None  # the host that TLS was set up for, in one spelling
        self._refusal: GatewayError | None = None  # what the peer's certificate deserves
        self._queue: deque[Exchange] = deque()
        self._read_pauses = 0
        self.exchange: Exchange | None = None  # whose answer is being sent
        self.writing_paused = False
        self.lingering = False
        self.deadline = 0.0  # for the caller's octets, on the loop's clock; 0.0 for none
        self._send_by = 0.0  # for ours, likewise

    @property
    def scheme(self) -> str:
        """Return "https" or "http"."""
        return self._listening.scheme

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
        self.prove()

    def prove(self) -> Peer:
        """Return who is at the other end: found out once, and again when a reload has changed who is let in."""
        listening = self._listening
        if self._proven_by is not listening.prove:
            self._proven_by = listening.prove
            self.limits = listening.limits
            self._refusal = None
            try:
                self._peer = listening.prove(self._transport)
                if self._peer.server_name is not None:
                    self._name = self._peer.server_name.lower().rstrip(".")
            except GatewayError as refusal:
                self._refusal = refusal
        return self._peer

    def admit(self) -> None:
        """Return if the peer may ask at all; raises what its certificate deserves."""
        if self._refusal is not None:
            raise self._refusal

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything that was under way."""
        self._listening.connections.discard(self)
        self._listening.left(self._peer.address)
        self.deadline = self._send_by = 0.0
        exchange, self.exchange = self.exchange, None
        self._queue.clear()
        if exchange is not None and not exchange.answered:
            if not exchange.switched:  # that is how a tunnel ends
                exchange.record.reason = Reason.REQUEST_ABANDONED
            exchange.answered = True
            exchange.abandon()
            self._log(exchange)
            exchange.request = None
        self._transport = GONE
        self._reader.close()

    def data_received(self, data: bytes) -> None:
        """Read requests, and deal with what was wrong with them."""
        reader = self._reader
        if self.lingering or reader.trouble is not None:
            return
        if reader.upgrading is not None:
            reader.upgrading.tunnelled(data)
            return
        if self.exchange is None and not reader.parsing and data.endswith(b"\r\n\r\n") and self._glance(data):
            return
        if reader.reading is None:
            if not reader.quiet and self.exchange is None:
                self.deadline = self.loop.time() + self._listening.timeouts.headers
        elif self.deadline:
            self.deadline = self.loop.time() + self._listening.timeouts.body
        trouble = reader.feed(data)
        if trouble is not None:
            self._refuse(trouble)

    def eof_received(self) -> bool:
        """A caller that stops sending in the middle is gone."""
        return False

    def pause_writing(self) -> None:
        """The caller reads slowly."""
        self.writing_paused = True
        self._send_by = self.loop.time() + self._listening.timeouts.send
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.pause()

    def resume_writing(self) -> None:
        """The caller reads again."""
        self.writing_paused = False
        self._send_by = 0.0
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.resume()

    # --- what the reader finds -------------------------------------------------------------------

    def new_exchange(self, method: str, target: bytes) -> Exchange:
        """Return an exchange that begins now."""
        exchange = Exchange(self, next_id(), self.loop.time(), self._peer.address)
        exchange.method = method
        exchange.target = target
        return exchange

    def head_read(self, exchange: Exchange) -> None:
        """Start an exchange, or let it wait for the one before it."""
        if self.exchange is None:
            self.exchange = exchange
            if self._reader.trouble is None:
                self._start(exchange)
        else:
            self._queue.append(exchange)
            if len(self._queue) == 1:
                self.pause_reading()

    def request_read(self, exchange: Exchange) -> None:
        """Let go of the body's deadline; the answer may be out already."""
        self.deadline = 0.0
        exchange.complete()
        if exchange.answered:
            self._next(exchange)

    def _glance(self, data: bytes) -> bool:
        """Take a request that is plain and comes whole, without the parser. False: nothing was done."""
        peer = self.prove()
        if len(data) > self.limits.headers or self._refusal is not None:
            return False
        head = read_plain(data, self.limits.header_count)
        if head is None:
            return False
        asked, host, authority, headers = head
        if len(asked.target) > self.limits.target or (self._name is not None and self._name != host):
            return False
        self.exchange = exchange = self.new_exchange(asked.method, asked.target)
        exchange.read = True
        exchange.request = Request(
            id=exchange.id,
            method=asked.method,
            target=asked.target,
            path=asked.path,
            host=host,
            authority=authority,
            scheme=self.scheme,
            headers=headers,
            peer=peer,
            body=exchange,
            record=exchange.record,
        )
        self._start(exchange)
        return True

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
        if self._reader.trouble is not None:
            self._refuse(self._reader.trouble)
        else:
            self.deadline = self.loop.time() + self._listening.timeouts.keep_alive

    def _refuse(self, error: GatewayError) -> None:
        """Answer a request that cannot be read on, and end the connection."""
        current = self.exchange
        if current is not None and current is not self._reader.reading and current.request and not current.answered:
            return  # an earlier answer is under way: it goes first, see _next
        if current is None:
            current = self.exchange = self.new_exchange("", self._reader.target)
        if current.answered:
            self._close_gently(read=False)
            return
        current.close = True
        current.abandon()
        current.fail(error)

    def _close_gently(self, read: bool) -> None:
        """Close; where octets may still be on their way, drop them for a moment first."""
        if self._transport.is_closing():
            return
        if self.lingering:
            if read:  # its end came with the same octets, behind an answer that did not wait for it
                self._transport.close()
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
        log_end(self._listening.gateway, exchange, self.loop.time(), self._listening.name)

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
                if self._reader.reading is not None:
                    self.deadline = self.loop.time() + self._listening.timeouts.body

    # --- time, and the end of the listener -----------------------------------------------------

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed. Called for every connection now and then."""
        if self._send_by and now >= self._send_by:
            self.abort()
        elif self.deadline and now >= self.deadline:
            self.deadline = 0.0
            self._waited_in_vain()
        elif self._read_pauses and self.exchange is self._reader.reading is not None and hung_up(self._transport):
            self.abort()
        elif self._transport.is_closing() and taken(self._transport):
            self.deadline = now  # at the next look, too: then there is nothing left but a farewell

    def _waited_in_vain(self) -> None:
        reader = self._reader
        if self._transport.is_closing():
            if taken(self._transport):
                self.abort()
        elif self.exchange is None and not reader.quiet:
            self._transport.close()  # idle
        elif self.exchange is None or self.exchange is reader.reading:
            self._refuse(RequestTimeout())
            if self.lingering:
                self._transport.close()  # whoever was late already is not waited for again
        else:
            self.abort()

    def parted(self) -> bool:
        """Whether it is being closed, and ends by itself as soon as the caller has taken all that was written."""
        return self._transport.is_closing()

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
