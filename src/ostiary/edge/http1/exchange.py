"""One request and its answer on an HTTP/1.1 connection.

The exchange is the request's `Body` and its `Answer` at once, so that nothing stands between the two
connections of a relay. It lives from the end of the request's head until both the request has been
read and the answer has been sent.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ostiary.edge.http1.framing import CONTINUE, chunk, head, last_chunk
from ostiary.edge.http1.line import Line
from ostiary.errors import BadRequest, ContentTooLarge, GatewayError
from ostiary.model import BodySink, Flow, Headers, Record, Request, Tunnel
from ostiary.problem import render
from ostiary.reasons import Reason

if TYPE_CHECKING:
    from ostiary.edge.http1.connection import Http1Connection

_ALLOWED: Final = Reason.ALLOWED  # asking an enumeration for a member takes as long as a line of the head
_NO_CONTENT: Final = frozenset({204, 304})

_WORTH_READING: Final = 64 << 10
"""Octets of a request that are read and dropped after its answer, to keep the connection."""


class Exchange:
    """A `Body` and an `Answer` for one request."""

    __slots__ = (
        "_chunked",
        "_connection",
        "_head",
        "_held",
        "_line",
        "_paused",
        "_sink",
        "_taken",
        "_tunnel",
        "address",
        "answered",
        "bodyless",
        "close",
        "expects",
        "id",
        "length",
        "method",
        "old",
        "read",
        "record",
        "request",
        "sent",
        "source",
        "status",
        "target",
        "task",
        "trailers",
    )

    def __init__(self, connection: Http1Connection, line: Line, id: str, started: float, address: str) -> None:  # noqa: A002
        self._connection = connection
        self._line = line
        self._sink: BodySink | None = None
        self._held: list[bytes] | None = None  # body octets that came before anybody wanted them
        self._paused = False
        self._head: bytes | None = None  # a response head that waits for its first content
        self._chunked = False
        self._taken = 0
        self._tunnel: Tunnel | None = None
        self.id = id
        self.address = address
        self.record = Record(started=started)
        self.request: Request | None = None
        self.task: asyncio.Task[None] | None = None
        self.method = ""
        self.target = b""
        self.length: int | None = 0
        self.expects = False  # the caller waits for 100 Continue
        self.old = False  # HTTP/1.0
        self.close = False  # the connection ends with this exchange
        self.read = False  # the request has been read to its end
        self.answered = False  # the answer has been sent to its end
        self.bodyless = False
        self.status = 0
        self.sent = 0
        self.source: Flow | None = None
        self.trailers: Headers | None = None  # of the request

    @property
    def worth_reading(self) -> bool:
        """Whether the rest of the body is certain to come, and little enough to be read for the connection's sake."""
        return self.length is not None and self.missing <= _WORTH_READING and not self.expects

    @property
    def missing(self) -> int:
        """How many octets of a body of known length have not come yet."""
        return (self.length or 0) - self._taken

    # --- the body, from the parser -------------------------------------------------------------

    def take(self, data: bytes) -> None:
        """Take a piece of the body from the connection."""
        self._taken += len(data)
        if self.answered:
            return  # the answer is out; the rest is read only to keep the connection in step
        limit = self._connection.limits.body
        if limit is not None and self._taken > limit:
            self.abandon()
            self.fail(ContentTooLarge(f"the body is larger than {limit} octets"))
            return
        if self._sink is not None:
            self._sink.feed(data)
        elif self._held is None:
            self._held = [data]
            self.pause()
        else:
            self._held.append(data)

    def complete(self) -> None:
        """The request has been read to its end."""
        self.read = True
        if self._sink is not None and not self.answered:
            self._sink.finish(self.trailers)

    def abandon(self) -> None:
        """The caller is gone, or was cut off: let go of the upstream."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.abandon()

    # --- Body ----------------------------------------------------------------------------------

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""
        self._sink = sink
        if self.expects and not self.read:
            self.expects = False
            self._line.send(CONTINUE)
        held, self._held = self._held, None
        if held is not None:
            for data in held:
                sink.feed(data)
            self.resume()
        if self.read:
            sink.finish(self.trailers)

    def pause(self) -> None:
        """Take no more from the caller for now."""
        if not self._paused:
            self._paused = True
            self._line.pause()

    def resume(self) -> None:
        """Take from the caller again."""
        if self._paused:
            self._paused = False
            self._connection.resume_reading()

    # --- Answer --------------------------------------------------------------------------------

    def inform(self, status: int, headers: Headers) -> None:
        """Pass an informational response on; HTTP/1.0 knows none (RFC 9110, section 15.2)."""
        if not self.old and self.status == 0:
            self._line.send(head(status, headers, b""))

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response."""
        self.record.reason = _ALLOWED
        self.source = source
        self._begin(status, headers, length)
        if self._line.full:
            source.pause()

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Say so, and from here on carry octets."""
        self.record.reason = _ALLOWED
        self.status = HTTPStatus.SWITCHING_PROTOCOLS
        self.source = self._tunnel = tunnel
        switching = b"X-Request-Id: %b\r\nConnection: Upgrade\r\nUpgrade: %b\r\n" % (self.id.encode(), protocol)
        self._line.send(head(self.status, headers, switching))
        if self._line.full:
            tunnel.pause()

    @property
    def switched(self) -> bool:
        """Whether the protocol was changed."""
        return self._tunnel is not None

    @property
    def lasting(self) -> bool:
        """Whether it may rightly take hours."""
        return self._tunnel is not None

    def tunnelled(self, data: bytes) -> None:
        """Pass on what is no HTTP any more. Before the answer, it is what somebody hopes to smuggle past us."""
        if self._tunnel is not None:
            self._tunnel.feed(data)
        else:
            self.abandon()
            self.fail(BadRequest("octets before the protocol was changed", reason=Reason.REQUEST_AMBIGUOUS))

    def _begin(self, status: int, headers: Headers, length: int | None) -> None:
        self.status = status
        self.bodyless = self.method == "HEAD" or status in _NO_CONTENT
        framing = b"X-Request-Id: %b\r\n" % self.id.encode()
        if length is not None:
            if status != 204:  # noqa: PLR2004 - RFC 9110, section 8.6: never in a 204
                framing += b"Content-Length: %d\r\n" % length
        elif not self.bodyless:
            if self.old:
                self.close = True
            else:
                self._chunked = True
                framing += b"Transfer-Encoding: chunked\r\n"
        if self.close or self._connection.stopping:
            self.close = True
            framing += b"Connection: close\r\n"
        self._head = head(status, headers, framing)

    def flush(self) -> None:
        """Send the head, if no content has taken it along."""
        waiting, self._head = self._head, None
        if waiting is not None:
            self._line.send(waiting)

    def write(self, data: bytes) -> None:
        """Send a piece of content."""
        if self.answered or self.bodyless or not data:
            return
        self.sent += len(data)
        if self._chunked:
            data = chunk(data)
        waiting, self._head = self._head, None
        self._line.send(data if waiting is None else waiting + data)

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete."""
        if self.answered:
            return
        end = last_chunk(trailers) if self._chunked else b""
        waiting, self._head = self._head, None
        if waiting is not None or end:
            self._line.send((waiting or b"") + end)
        self._end()

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else break the answer off visibly."""
        if self.answered:
            return
        self.record.reason = error.reason
        self.record.detail = error.detail
        if self.status and self._head is None:
            self._end()
            self._line.abort()
            return
        if not self.read and not self.worth_reading:
            self.close = True
        self._chunked = False
        status, headers, content = render(error, self.id, self.record.challenges)
        headers.fields = [field for field in headers.fields if field[1] != b"x-request-id"]
        self._begin(status, headers, len(content))
        self.source = None
        if self.bodyless:
            content = b""
        self.sent = len(content)
        waiting, self._head = self._head, None
        self._line.send((waiting or b"") + content)
        self._end()

    def _end(self) -> None:
        self.answered = True
        self.source = None
        self._held = None
        self._sink = None
        self._connection.exchange_answered(self)
