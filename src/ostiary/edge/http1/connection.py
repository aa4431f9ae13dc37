"""The native edge: one HTTP/1.1 connection (RFC 9112), on asyncio's protocols and httptools.

    octets -> RequestReader -> Exchange -> gateway
              (or a glance)       ^           |
                                  +-- answer -+

One exchange is under way at a time; what has come behind it waits (behind.py) while reading is
paused, so that answers go out in order and a connection's memory is bounded.
"""

from __future__ import annotations

import asyncio
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import cast

from ostiary.config.schema import ListenerLimits
from ostiary.eager import begin
from ostiary.edge.carry import carry, log_end
from ostiary.edge.head import next_id
from ostiary.edge.http1.behind import PIECE, Behind
from ostiary.edge.http1.ending import Http1Ending
from ostiary.edge.http1.exchange import Exchange
from ostiary.edge.http1.line import Line
from ostiary.edge.http1.plain import plain_request, read_plain
from ostiary.edge.http1.reader import RequestReader
from ostiary.edge.listening import Listening, address_of
from ostiary.edge.proof import Proof
from ostiary.errors import GatewayError
from ostiary.model import Peer
from ostiary.reasons import Reason


class Http1Connection(Http1Ending, asyncio.Protocol):
    """One connection from a caller."""

    __slots__ = ("_behind", "_listening", "_proof", "loop")

    def __init__(self, listening: Listening, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._listening = listening
        self._proof = Proof(listening)
        super().__init__(Line(loop), RequestReader(self, self._proof))
        self._behind = Behind(self, self._reader)

    @property
    def scheme(self) -> str:
        """Return "https" or "http"."""
        return self._listening.scheme

    @property
    def limits(self) -> ListenerLimits:
        """Return what a request may cost."""
        return self._proof.limits

    @property
    def stopping(self) -> bool:
        """Whether the listener is being closed."""
        return self._listening.stopping

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Prove the peer, once."""
        self.line.transport = cast("asyncio.Transport", transport)
        self._proof.peer = Peer(address_of(transport))
        listening = self._listening
        if len(listening.connections) >= listening.limits.connections:
            listening.refused += 1
            self.line.abort()
            return
        listening.connections.add(self)
        self.line.read_by = self.loop.time() + listening.timeouts.headers
        self.prove()

    def prove(self) -> Peer:
        """Return who is at the other end."""
        return self._proof.now(self.line.transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Let go of everything that was under way."""
        self._listening.connections.discard(self)
        self._listening.left(self._proof.peer.address)
        exchange, self.exchange = self.exchange, None
        self._behind.close()
        if exchange is not None and not exchange.answered:
            if not exchange.switched:  # that is how a tunnel ends
                exchange.record.reason = Reason.REQUEST_ABANDONED
            exchange.answered = True
            exchange.abandon()
            self._log(exchange)
            exchange.request = None
        self.line.lost()
        self._reader.close()

    def data_received(self, data: bytes) -> None:
        """Read requests, and deal with what was wrong with them."""
        reader = self._reader
        if self.line.lingering or reader.trouble is not None:
            self.line.drop(data)
            return
        if reader.upgrading is not None:
            reader.upgrading.tunnelled(data)
            return
        if self.exchange is None and not reader.parsing and data.endswith(b"\r\n\r\n") and self._glance(data):
            return
        body = reader.reading
        if len(data) > PIECE and (body is None or body.missing < len(data)):
            self._behind.take(data)
        else:
            self.feed(data)

    def eof_received(self) -> bool:
        """A caller that stops sending in the middle is gone."""
        return False

    def pause_writing(self) -> None:
        """The caller reads slowly."""
        self.line.full = True
        self.line.sent_by = self.loop.time() + self._listening.timeouts.send
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.pause()

    def resume_writing(self) -> None:
        """The caller reads again."""
        self.line.full = False
        self.line.sent_by = 0.0
        if self.exchange is not None and self.exchange.source is not None:
            self.exchange.source.resume()

    # --- what the reader finds, and those who wait ---------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Read what belongs to one request, or to a few."""
        reader = self._reader
        if reader.upgrading is not None:
            reader.upgrading.tunnelled(data)
            return
        if reader.reading is None:
            if not reader.quiet and self.exchange is None:
                self.line.read_by = self.loop.time() + self._listening.timeouts.headers
        elif self.line.read_by:
            self.line.read_by = self.loop.time() + self._listening.timeouts.body
        trouble = reader.feed(data)
        if trouble is not None:
            self._refuse(trouble)

    def new_exchange(self, method: str, target: bytes) -> Exchange:
        """Return an exchange that begins now."""
        exchange = Exchange(self, self.line, next_id(), monotonic(), self._proof.peer.address)
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
            self._behind.add(exchange)

    def request_read(self, exchange: Exchange) -> None:
        """Let go of the body's deadline; the answer may be out already."""
        self.line.read_by = 0.0
        exchange.complete()
        if exchange.answered:
            self._next(exchange)

    def _glance(self, data: bytes) -> bool:
        """Take a request that is plain and comes whole, without the parser. False: nothing was done."""
        proof, peer = self._proof, self.prove()
        if len(data) > proof.octets or proof.refusal is not None:
            return False
        head = read_plain(data, proof.fields)
        if head is None:
            return False
        asked, host = head[:2]
        if len(asked.target) > proof.target or (proof.name is not None and proof.name != host):
            return False
        self.exchange = exchange = self.new_exchange(asked.method, asked.target)
        exchange.read = True
        exchange.request = plain_request(head, exchange, peer, self.scheme)
        self._start(exchange)
        return True

    def _start(self, exchange: Exchange) -> None:
        if exchange.request is None:
            return
        self.line.read_by = 0.0 if exchange.length == 0 else self.loop.time() + self._listening.timeouts.body
        task = begin(carry(self._listening.gateway, exchange.request, exchange), self.loop)
        if task is not None:
            exchange.task = task

    # --- the end of an exchange ----------------------------------------------------------------

    def exchange_answered(self, exchange: Exchange) -> None:
        """The answer of the exchange under way has been sent."""
        self._log(exchange)
        exchange.request = None  # each holds the other: let go, so that no garbage is left to be collected
        if self.line.closing:
            return
        if exchange.close or self.stopping:
            self._close(exchange.read)
        elif exchange.read:
            self._next(exchange)
        elif not exchange.worth_reading:
            self._close(read=False)
        # else: the rest of the request is read and dropped, see Exchange.take; then on_message_complete

    def _next(self, done: Exchange) -> None:
        if self.exchange is not done:
            return
        if done.close:
            self._close(read=True)
            return
        self.exchange = None
        if self._behind.waiting:
            self._behind.go_on()
        else:
            self.rest()

    def begin(self, exchange: Exchange) -> None:
        """Turn to a request that has waited."""
        self.exchange = exchange
        if exchange.request is not None:
            self._start(exchange)
        elif self._reader.trouble is not None:
            self._refuse(self._reader.trouble)

    def rest(self) -> None:
        """Wait for the next request, unless what has come behind the last one cannot be read."""
        timeouts = self._listening.timeouts
        if self._reader.trouble is not None:
            self._refuse(self._reader.trouble)
        elif self._reader.parsing:
            self.line.read_by = self.line.read_by or self.loop.time() + timeouts.headers
        else:
            self.line.read_by = self.loop.time() + timeouts.keep_alive

    def _refuse(self, error: GatewayError) -> None:
        """Answer a request that cannot be read on, and end the connection."""
        current = self.exchange
        if current is not None and current is not self._reader.reading and current.request and not current.answered:
            return  # an earlier answer is under way: it goes first, see _next
        if current is None:
            current = self.exchange = self.new_exchange("", self._reader.target)
        if current.answered:
            self._close(read=False)
            return
        current.close = True
        current.abandon()
        current.fail(error)

    def _close(self, read: bool) -> None:
        """Close; where octets may still be on their way, drop them for a moment first."""
        line = self.line
        if line.closing:
            return
        if read:  # also while it lingers: the end came with the same octets, behind an answer that did not wait for it
            line.close()
        elif not line.lingering:
            line.close_gently()

    def _log(self, exchange: Exchange) -> None:
        log_end(self._listening.gateway, exchange, monotonic(), self._listening.name)

    def resume_reading(self) -> None:
        """Read again, once nobody wants a pause, and expect what is missing."""
        if self.line.resume() and self._reader.reading is not None:
            self.line.read_by = self.loop.time() + self._listening.timeouts.body
