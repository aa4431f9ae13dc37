"""One request and its answer: a stream of an HTTP/2 connection (RFC 9113, section 5).

Like `Exchange`, it is the request's `Body` and its `Answer` at once. What goes to the caller waits for his windows,
and the source is paused while much is waiting; the connection asks each stream in turn for one frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ostiary.edge.http2.body import Http2Body
from ostiary.edge.http2.head import Malformed
from ostiary.edge.http2.refusal import refusal
from ostiary.errors import GatewayError, RequestTimeout
from ostiary.http2.codes import Code
from ostiary.model import Flow, Headers, Record, Request, Tunnel
from ostiary.reasons import Reason

if TYPE_CHECKING:
    from ostiary.edge.http2.streams import Http2Streams

HIGH_WATER: Final = 64 << 10
"""Octets of an answer that may wait for the caller's windows before its source is paused."""
LOW_WATER: Final = 16 << 10

_NO_CONTENT: Final = frozenset({204, 304})


class Http2Stream(Http2Body):
    """A `Body` and an `Answer` for one request.

    Attributes:
        queued: it is in the connection's queue of streams that may have something to send.
        bodyless: the answer has no content, whatever its length says.
        calls: the caller speaks gRPC; known here only of a head that was refused, otherwise see `request`.
        status: of the answer; 0 before there is one. Of a refusal that is told in gRPC's words, what it says.
        sent: octets of content.
    """

    __slots__ = (
        "_code",
        "_complete",
        "_head",
        "_pending",
        "_send_by",
        "_source",
        "_source_paused",
        "_trailers",
        "address",
        "bodyless",
        "calls",
        "id",
        "method",
        "queued",
        "record",
        "request",
        "sent",
        "status",
        "target",
    )

    def __init__(self, connection: Http2Streams, number: int, id: str, started: float, address: str) -> None:  # noqa: A002
        super().__init__(connection, number)
        self._code: Code | None = None  # the answer does not end the stream: it is reset behind it
        self._source: Flow | None = None
        self._source_paused = False
        self._head: list[tuple[bytes, bytes]] | None = None  # a response head that was not sent yet
        self._pending = bytearray()
        self._complete = False
        self._trailers: list[tuple[bytes, bytes]] | None = None
        self._send_by = 0.0  # a deadline on the loop's clock; 0.0 for none
        self.id = id
        self.address = address
        self.record = Record(started=started)
        self.request: Request | None = None
        self.method = ""
        self.target = b""
        self.queued = False
        self.bodyless = False
        self.calls = False
        self.status = 0
        self.sent = 0

    # --- Answer --------------------------------------------------------------------------------

    def inform(self, status: int, headers: Headers) -> None:
        """Pass an informational response on."""
        if self.status == 0 and not self.answered:
            self._connection.inform(self.number, _fields(status, headers))

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response."""
        if self.answered or self._complete:
            return
        if self.opening is not None:
            self.opening.declined(status)
        self._start(status, headers, length, source)

    def _start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        self.record.reason = Reason.ALLOWED
        self._source = source
        self._begin(status, headers, length)
        self.settle()

    def _begin(self, status: int, headers: Headers, length: int | None) -> None:
        self.status = status
        self.bodyless = self.method == "HEAD" or status in _NO_CONTENT
        fields = _fields(status, headers)
        fields.append((b"x-request-id", self.id.encode()))
        if length is not None and status != 204:  # noqa: PLR2004 - RFC 9110, section 8.6: never in a 204
            fields.append((b"content-length", b"%d" % length))
        self._head = fields
        self._connection.sender.ready(self)

    def write(self, data: bytes) -> None:
        """Send a piece of content."""
        if self.answered or self.bodyless or self._complete or not data:
            return
        self.sent += len(data)
        if not self._pending:
            self._send_by = self._connection.loop.time() + self._connection.timeouts.send
        self._pending += data
        self._connection.sender.buffered += len(data)
        self._connection.sender.ready(self)
        self.settle()

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:  # noqa: ARG002 - there is only one
        """Say so (RFC 8441, section 5), and from here on carry octets."""
        if self.answered or self._complete or self.opening is None:
            return
        self._start(200, self.opening.agreed(headers), None, tunnel)
        self.waits = False
        self.flow_to(tunnel)

    def flush(self) -> None:
        """Nothing is held back: what is ready goes out when the loop comes round."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete."""
        if self.answered or self._complete:
            return
        self._complete = True
        self._source = None
        if trailers and not self.bodyless:
            self._trailers = _lower(trailers)
        self._connection.sender.ready(self)

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else reset the stream.

        A malformed request is a stream error in any case; the problem comes before it (RFC 9113, section 8.1.1).
        """
        if self.answered:
            return
        if isinstance(error, Malformed):
            self._code = Code.PROTOCOL_ERROR
        self.record.reason = error.reason
        self.record.detail = error.detail
        if self.status and self._head is None:
            broken = Code.CANCEL if self.switched else Code.INTERNAL_ERROR  # RFC 8441, section 5
            self._connection.reset(self.number, self._code or broken)
            return
        self._clear()
        self.unwanted = True
        status, headers, content = refusal(error, self, verdict=self._connection.verdicts)
        self._complete = False
        self._begin(status, headers, len(content) if content else None)
        self.status = error.status
        self.sent = 0
        self.write(content)
        self.finish()

    # --- to the caller -------------------------------------------------------------------------

    def send(self) -> bool:
        """Send what the windows allow, one frame of content at most. Returns whether there may be more."""
        if self.answered:
            return False
        head, self._head = self._head, None
        if head is not None:
            self._connection.wire.send_head(self.number, head, end=self._ends())
            if self._ended():
                return False
        if self._pending:
            return self._send_content()
        if self._complete and not self.answered:
            self._send_end()
        return False

    def _send_content(self) -> bool:
        wire = self._connection.wire
        room = wire.window(self.number)
        if room <= 0:
            return False
        data = bytes(self._pending[:room])
        del self._pending[:room]
        wire.send_data(self.number, data, end=self._ends())
        self._connection.passed_on(len(data), not self._pending)
        if self._ended():
            return False
        self._send_by = self._connection.loop.time() + self._connection.timeouts.send if self._pending else 0.0
        self.settle()
        return bool(self._pending) or self._complete

    def _send_end(self) -> None:
        trailers, self._trailers = self._trailers, None
        if self._code is not None:
            self._connection.reset(self.number, self._code)
            return
        if trailers is None:
            self._connection.wire.send_data(self.number, b"", end=True)
        else:
            self._connection.wire.send_head(self.number, trailers, end=True)
        self._end()

    def _ends(self) -> bool:
        """Whether the frame that is sent now is the last."""
        return self._complete and not self._pending and self._trailers is None and self._code is None

    def _ended(self) -> bool:
        """Whether the frame that was sent was the last."""
        if self._ends():
            self._end()
        return self.answered

    def settle(self) -> None:
        """Pause the source while the caller reads slowly: then much is waiting."""
        if self._source is None:
            return
        bound = LOW_WATER if self._source_paused else HIGH_WATER
        slow = len(self._pending) > bound or self._connection.sender.paused
        if slow != self._source_paused:
            self._source_paused = slow
            if slow:
                self._source.pause()
            else:
                self._source.resume()

    # --- the end -------------------------------------------------------------------------------

    def end(self) -> None:
        """The stream is no more: let go of everything that was under way, and log it."""
        if not self.answered:
            self.abandon()
            self._end()
        self._connection.forget(self.number)

    def lose(self, detail: str = "") -> None:
        """The caller has given the stream up, or the connection is lost."""
        if not self.answered and not self.switched:  # that is how a tunnel ends
            self.record.reason = Reason.REQUEST_ABANDONED
            self.record.detail = detail
        self.end()

    def _end(self) -> None:
        self._clear()
        self.answered = self.unwanted = True
        self._head = None
        self._held = []
        self._sink = None
        self._acknowledge()
        self._connection.log(self)
        if self.read:
            self._connection.forget(self.number)
        else:
            self.await_body()
            self._stop_if_enough()

    def _clear(self) -> None:
        """Drop what was not sent."""
        self._connection.sender.buffered -= len(self._pending)
        self._pending = bytearray()
        self._source = None
        self._trailers = None
        self._send_by = 0.0

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if self._send_by and now >= self._send_by:
            self.record.reason = Reason.REQUEST_ABANDONED
            self.record.detail = "the caller reads nothing of the answer"
            self._connection.reset(self.number, Code.CANCEL)
        elif self._read_by and now >= self._read_by:
            self._read_by = 0.0
            if self.answered:
                self._connection.reset(self.number, Code.NO_ERROR)
            else:
                self.refuse(RequestTimeout())


def _lower(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, _, value in headers.fields]


def _fields(status: int, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the fields of a head as HTTP/2 has them."""
    return [(b":status", b"%d" % status), *_lower(headers)]
