"""One connection to an upstream: a request's head and body out, its answer in.

    Exchange (the edge)                 Connection (here)
      Body   --- feed, finish --->        write to the upstream
      Answer <-- start, write, finish --- data_received from the upstream

What arrives is handed on within `data_received`: no queue, no task, no copy. Each side pauses the other
when its own reader is slow. The parser is lenient in places, so framing is judged here once more: an
answer that can be read in two ways is refused, and its connection is never used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

import httptools

from ostiary.errors import GatewayError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.model import Answer, Body, Headers, Outbound, fold
from ostiary.reasons import Reason
from ostiary.upstream.headers import answer_head

_LARGEST_HEAD: Final = 64 << 10
_MOST_INTERIM: Final = 16
_NO_CONTENT: Final = frozenset({204, 304})
_BODY_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})
_OK: Final = 200
_SWITCHING: Final = 101


class UpstreamConnection(asyncio.Protocol):
    """One connection; carries one exchange at a time."""

    __slots__ = (
        "_answer",
        "_asked",
        "_body",
        "_chunked_out",
        "_fields",
        "_idle_timeout",
        "_interim",
        "_length",
        "_on_free",
        "_outbound",
        "_parser",
        "_quiet",
        "_renew",
        "_response_timeout",
        "_skipping",
        "_started",
        "_transport",
        "_trouble",
        "closed",
        "deadline",
        "loop",
        "on_stale",
        "until_close",
        "used",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_free: Callable[[UpstreamConnection, bool], None],
        response_timeout: float,
        idle_timeout: float,
    ) -> None:
        self.loop = loop
        self._on_free = on_free
        self._response_timeout = response_timeout
        self._idle_timeout = idle_timeout
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._answer: Answer | None = None
        self._body: Body | None = None
        self._outbound: Outbound | None = None
        self.on_stale: Callable[[], None] | None = None
        self.closed = False
        self.used = False
        self.deadline = 0.0
        self._renew = False  # the parser has seen an answer to HEAD, and waits for content that never comes
        self._reset()

    def _reset(self) -> None:
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._quiet = 0  # octets that were no content, in a row
        self._interim = 0
        self._length: int | None = None
        self._started = False  # the head of the final answer is through
        self._asked = False  # the request has been sent to its end
        self._chunked_out = False
        self._skipping = False  # an interim answer is being read
        self._trouble: GatewayError | None = None
        self.until_close = False

    # --- the request, out ----------------------------------------------------------------------

    def send(self, outbound: Outbound, host: bytes, body: Body, answer: Answer) -> None:
        """Set an exchange going."""
        self._reset()
        if self._renew:
            self._renew = False
            self._parser = httptools.HttpResponseParser(self)
        self._outbound, self._body, self._answer = outbound, body, answer
        request = outbound.request
        lines = [
            b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (request.method.encode(), outbound.target, host),
            *[b"%b: %b\r\n" % (name, value) for name, _, value in outbound.headers.fields],
        ]
        length = body.length
        if length is None:
            self._chunked_out = True
            lines.append(b"Transfer-Encoding: chunked\r\n\r\n")
        elif length or request.method in _BODY_EXPECTED:
            lines.append(b"Content-Length: %d\r\n\r\n" % length)
        else:
            lines.append(b"\r\n")
        now = self.loop.time()
        request.record.upstream_started = now
        self.deadline = now + self._response_timeout
        self._transport.write(b"".join(lines))
        body.flow_to(self)

    def feed(self, data: bytes) -> None:
        """Take a piece of the request's body."""
        if self._body is None or self.closed:
            return
        self.deadline = self.loop.time() + self._response_timeout
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked_out else data)

    def finish(self) -> None:
        """The request's body is complete."""
        if self._body is None or self.closed:
            return
        self._asked = True
        if self._chunked_out:
            self._transport.write(b"0\r\n\r\n")
        if not self._started:
            self.deadline = self.loop.time() + self._response_timeout

    def abandon(self) -> None:
        """The caller went away: end the exchange, and the connection with it."""
        self._answer = None
        self._drop()

    # --- Flow: the caller reads slowly ---------------------------------------------------------

    def pause(self) -> None:
        """Stop reading."""
        if not self.closed:
            self.deadline = 0.0  # it is the caller's time that passes
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self.closed:
            self.deadline = self.loop.time() + self._idle_timeout
            self._transport.resume_reading()

    # --- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End what was under way."""
        self.closed = True
        answer = self._answer
        if answer is None:
            self._release(reusable=False)
        elif self.until_close and self._trouble is None and exc is None:
            self._complete(None, reusable=False)
        elif self._stale():
            retry, self.on_stale = self.on_stale, None
            self._release(reusable=False)
            cast("Callable[[], None]", retry)()
        else:
            reason = Reason.UPSTREAM_CLOSED if self._started else Reason.UPSTREAM_UNREACHABLE
            self._fail(UpstreamUnreachable("the connection broke", reason=reason))

    def _stale(self) -> bool:
        """Whether a kept connection turned out dead before it answered anything."""
        return self.on_stale is not None and self.used and not self._quiet and not self._started

    def pause_writing(self) -> None:
        """The upstream reads slowly."""
        if self._body is not None:
            self._body.pause()

    def resume_writing(self) -> None:
        """The upstream reads again."""
        if self._body is not None:
            self._body.resume()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and deal with what it found."""
        if self._answer is None:
            self._drop()  # nobody asked
            return
        if self._started:
            self.deadline = self.loop.time() + self._idle_timeout
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._trouble = self._trouble or UpstreamInvalid("an upgrade that nobody asked for")
        except httptools.HttpParserError as error:
            self._trouble = self._trouble or UpstreamInvalid(type(error).__name__)
        if self._trouble is None and self._quiet > _LARGEST_HEAD:
            self._trouble = UpstreamInvalid("a head, a trailer or a chunk extension without an end")
        if self._trouble is not None and self._answer is not None:
            self._fail(self._trouble)

    # --- the parser's callbacks ----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._fields = []
        if self._answer is None or (self._started and not self._skipping):
            self._trouble = self._trouble or UpstreamInvalid("more than was asked for")
            self._drop()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field: of the head, or a trailer."""
        self._fields.append((name, fold(name), value))

    def on_headers_complete(self) -> None:
        """Judge the head, and hand it on."""
        if self._trouble is not None or self._answer is None or self._outbound is None:
            return
        try:
            self._judge(self._parser.get_status_code(), Headers(self._fields))
        except GatewayError as error:
            self._trouble = error
        self._fields = []

    def _judge(self, status: int, headers: Headers) -> None:
        answer = cast("Answer", self._answer)
        outbound = cast("Outbound", self._outbound)
        length, chunked = _framing(headers)
        if status < _OK:
            self._interim += 1
            if status == _SWITCHING or self._interim > _MOST_INTERIM or length is not None or chunked:
                raise UpstreamInvalid(f"an interim answer ({status}) that makes no sense")
            self._skipping = True
            answer.inform(status, answer_head(headers))
            return
        head = outbound.request.method == "HEAD"
        bodyless = head or status in _NO_CONTENT
        self.until_close = not bodyless and not chunked and length is None
        self._started = True
        self._skipping = False
        now = self.loop.time()
        self.deadline = now + self._idle_timeout
        outbound.request.record.upstream_answered = now
        self._length = length
        shown = length if not chunked else None
        answer.start(status, answer_head(headers), shown if not bodyless or length is not None else None, self)
        if head:
            # The parser cannot be told that this answer has no content: end it here, and take a new parser.
            self._renew = True
            old = self._parser.get_http_version() != "1.1"
            closing = any(b"close" in value.lower() for value in headers.all(b"connection"))
            self._complete(None, reusable=not old and not closing)

    def on_body(self, data: bytes) -> None:
        """Hand a piece of content on."""
        self._quiet = 0
        if self._answer is not None and self._trouble is None:
            self._answer.write(data)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._trouble is not None or self._answer is None:
            return
        if self._skipping:
            self._skipping = False
            return
        if self.until_close and not self.closed:
            return
        trailers = Headers(self._fields) if self._fields else None
        self._complete(trailers and answer_head(trailers), reusable=self._parser.should_keep_alive())

    # --- the end of an exchange ----------------------------------------------------------------

    def _complete(self, trailers: Headers | None, *, reusable: bool) -> None:
        answer, self._answer = self._answer, None
        asked = self._asked
        self._release(reusable=reusable and asked)
        if answer is not None:
            answer.finish(trailers)

    def _fail(self, error: GatewayError) -> None:
        answer, self._answer = self._answer, None
        self._drop()
        if answer is not None:
            answer.fail(error)

    def _drop(self) -> None:
        if not self.closed and self._transport is not None:
            self._transport.abort()
        self._release(reusable=False)

    def _release(self, *, reusable: bool) -> None:
        body, self._body = self._body, None
        outbound, self._outbound = self._outbound, None
        self.on_stale = None
        self.deadline = 0.0
        if body is not None:
            body.resume()
        if not reusable and not self.closed:
            self.closed = True
            self._transport.close()
        if outbound is not None:
            self.used = True
            self._on_free(self, reusable and not self.closed)

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed."""
        if not self.deadline or now < self.deadline:
            return
        self.deadline = 0.0
        if self._answer is None:
            self._drop()
        else:
            self._fail(UpstreamTimeout("nothing came in time"))


def _framing(headers: Headers) -> tuple[int | None, bool]:
    """Return (length, chunked) of an answer (RFC 9112, section 6.3).

    Raises:
        UpstreamInvalid: it is framed in two ways, or in one that nobody knows.
    """
    length: bytes | None = None
    chunked = False
    for name, folded, value in headers.fields:
        if folded == b"content-length":
            if length is not None or name.lower() != folded or not value.isdigit() or len(value) > 18:  # noqa: PLR2004
                raise UpstreamInvalid("Content-Length is repeated, or not a number")
            length = value
        elif folded == b"transfer-encoding":
            if chunked or name.lower() != folded or value.lower() != b"chunked":
                raise UpstreamInvalid("an unknown transfer coding")
            chunked = True
    if chunked and length is not None:
        raise UpstreamInvalid("both Content-Length and Transfer-Encoding")
    return (None if length is None else int(length)), chunked
