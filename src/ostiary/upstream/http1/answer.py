"""Reading answers, strictly.

httptools (llhttp) takes the octets apart; what an answer may look like is decided here, and is less
than the parser would let pass. Where the end of an answer can be read in two ways, whoever controls
the upstream's output could write the answer to somebody else's request: such an answer is refused, and
its connection never used again.

Nearly every answer is plain: a final status, plain lines, a Content-Length. Such a head is read at a
glance, without the parser, and its content is counted. Everything else goes to the parser from its
first octet on. What is plain is plain to the parser too, and means the same.
"""

from __future__ import annotations

from typing import Final, NoReturn

import httptools

from ostiary.errors import GatewayError, InternalError, UpstreamInvalid
from ostiary.model import Headers, fold
from ostiary.upstream.headers import HOP_BY_HOP, Passing, named_by_connection
from ostiary.upstream.http1.exchange import Exchange
from ostiary.upstream.http1.plain import LONGEST, read_plain
from ostiary.upstream.trailers import FROM_UPSTREAM

MAX_HEAD: Final = 64 << 10  # octets of fields, informational responses and trailers included
MAX_INFORMATIONAL: Final = 16
_PASSING: Final = Passing(HOP_BY_HOP | {b"x-request-id"})  # the edge writes its own
_DIGITS: Final = 18  # of a Content-Length: what everybody can count
_VERSIONS: Final = ("1.1", "1.0")
_NO_CONTENT, _NOT_MODIFIED, _SWITCHING = 204, 304, 101

_UNREAD, _PARSED, _TUNNEL = -1, -2, -3  # instead of the octets left: nothing has arrived; the parser reads; no HTTP


class AnswerReader:
    """Reads the answers that come over one connection, one at a time.

    Attributes:
        started: the final response's head was passed on.
        complete: the whole answer was passed on, except for its end and its trailers.
        keep_alive: after a complete answer, whether the upstream keeps the connection.
    """

    __slots__ = (
        "_exchange",
        "_fields",
        "_head_only",
        "_hops",
        "_informed",
        "_left",
        "_length",
        "_parser",
        "_quiet",
        "_size",
        "_stuck",
        "_until_close",
        "complete",
        "keep_alive",
        "started",
    )
    _exchange: Exchange

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._stuck = False

    def expect(self, exchange: Exchange) -> None:
        """Get ready for the answer to the next request."""
        if self._stuck:  # the parser still waits for the content that an answer to HEAD does not have
            self._parser = httptools.HttpResponseParser(self)
        self._exchange = exchange
        self._head_only = exchange.outbound.request.method == "HEAD"
        self._size = self._quiet = self._informed = 0
        self._left = _UNREAD
        self.started = self.complete = self.keep_alive = self._until_close = self._stuck = False
        self._reset()

    def feed(self, data: bytes) -> None:
        """Read on, and pass on what was read.

        Raises:
            UpstreamInvalid: this is no answer that can be passed on.
        """
        left = self._left
        if left > 0:
            self._count(data, left)
            return
        if left == _UNREAD:
            if not self._head_only and self._glance(data):
                return
            self._left = _PARSED
        elif left == _TUNNEL:
            self._exchange.answer.write(data)
            return
        elif left == 0:
            self.keep_alive = False  # what came behind the answer is nobody's
            return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if rest := data[upgrade.args[0] :]:
                self._exchange.answer.write(rest)
            return
        except httptools.HttpParserError as error:
            if not self.complete:
                raise _fault(error) from error
            self.keep_alive = False  # the answer was whole; what came behind it is nobody's
            return
        if self._stuck:
            self.keep_alive = self.keep_alive and data.endswith(b"\n")
        elif self._quiet > MAX_HEAD and not self.complete:
            raise UpstreamInvalid("endless head, trailers or chunk extension")

    def trailers(self) -> Headers | None:
        """Return the fields after the content, or None (RFC 9110, section 6.5)."""
        return Headers(self._fields) if self._fields else None

    def ends_here(self) -> bool:
        """Whether an orderly end of the connection is the end of the answer (RFC 9112, section 6.3)."""
        return self._until_close and not self.complete

    # --- plain answers, without the parser ---

    def _glance(self, data: bytes) -> bool:
        """Read a plain head with what follows it. False: it is not plain, and nothing was done."""
        end = data.find(b"\r\n\r\n", 0, LONGEST)
        head = read_plain(data[:end]) if end > 0 else None
        if head is None:
            return False
        self.started = True
        status, length, headers = head
        self._exchange.start(status, headers, length)
        self._count(data[end + 4 :], length)
        return True

    def _count(self, data: bytes, left: int) -> None:
        """Pass a piece of content on; `left` octets are awaited."""
        more = len(data) - left
        if more > 0:
            data = data[:left]
        if data:
            self._exchange.answer.write(data)
        if more >= 0:
            self._left = 0
            self.complete = True
            self.keep_alive = more == 0
        else:
            self._left = -more

    # --- what the parser says ---

    def on_message_begin(self) -> None:
        """Something begins; after the end of the answer nothing may."""
        if self.complete:
            _refuse("data after the end of the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field, of the head or of the trailers."""
        self._size += len(name) + len(value) + 4
        if self._size > MAX_HEAD:
            _refuse("header block larger than 64 KiB")
        folded = fold(name)
        if (FROM_UPSTREAM if self.started else _PASSING).lets(folded):
            self._fields.append((name, folded, value.rstrip(b" \t")))
        elif not self.started:
            self._hops.append((name, folded, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is there: pass it on, or refuse it."""
        status = self._parser.get_status_code()
        if self._parser.get_http_version() not in _VERSIONS:
            _refuse("not HTTP/1.0 or HTTP/1.1")
        if not 100 <= status <= 599:  # noqa: PLR2004 - the classes there are (RFC 9110, section 15)
            _refuse("status outside 100 to 599")
        self._drop_named()
        if status == _SWITCHING:
            self._switch()
        elif status < 200:  # noqa: PLR2004 - RFC 9110, section 15.2
            self._inform(status)
        else:
            self._start(status)

    def on_body(self, data: bytes) -> None:
        """A piece of content."""
        if self.complete:
            _refuse("content in an answer to HEAD")
        self._quiet = 0
        self._exchange.answer.write(data)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        if self.complete:
            _refuse("a chunk in an answer to HEAD")

    def on_message_complete(self) -> None:
        """The end, of an informational response or of the answer."""
        if self.started and self._left != _TUNNEL:
            self.complete, self._stuck = True, False
            self.keep_alive = self._parser.should_keep_alive()

    # --- what it means ---

    def _start(self, status: int) -> None:
        self._judge_framing()
        bodiless = self._head_only or status in (_NO_CONTENT, _NOT_MODIFIED)
        chunked = any(folded == b"transfer-encoding" for _, folded, _ in self._hops)
        self._until_close = not bodiless and not chunked and self._length is None
        headers = Headers(self._fields)
        length = 0 if status == _NO_CONTENT else self._length
        self._reset()
        self.started, self._quiet = True, 0
        self._exchange.start(status, headers, length)
        if self._head_only:
            self.complete = self._stuck = True
            self.keep_alive = self._parser.should_keep_alive()

    def _inform(self, status: int) -> None:
        self._informed += 1
        if self._informed > MAX_INFORMATIONAL:
            _refuse("too many informational responses")
        headers = Headers(self._fields)
        self._reset()
        self._exchange.answer.inform(status, headers)

    def _switch(self) -> None:
        """Change the protocol, if it is to the one that was asked for (RFC 9110, section 7.8)."""
        asked = self._exchange.outbound.request.upgrade
        hops = [(folded, value.lower()) for _, folded, value in self._hops]
        if asked is None or [value for folded, value in hops if folded == b"upgrade"] != [asked]:
            _refuse("101 that nobody asked for")
        if any(folded in (b"content-length", b"transfer-encoding") for folded, _ in hops):
            _refuse("101 with content")
        headers = Headers(self._fields)
        self._reset()
        self.started = self._until_close = True
        self._left = _TUNNEL
        self._exchange.switch(asked, headers)

    def _reset(self) -> None:
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._hops: list[tuple[bytes, bytes, bytes]] = []
        self._length: int | None = None

    def _drop_named(self) -> None:
        named = named_by_connection(self._hops)
        if named:
            self._fields = [field for field in self._fields if field[1] not in named]

    def _judge_framing(self) -> None:
        """Refuse every head whose end of content could be read in two ways (RFC 9112, section 6.3)."""
        codings = 0
        for name, folded, value in self._hops:
            if folded == b"content-length":
                if self._length is not None or name.lower() != folded or not value.isdigit() or len(value) > _DIGITS:
                    _refuse("Content-Length repeated or malformed")
                self._length = int(value)
            elif folded == b"transfer-encoding":
                codings += 1
                if codings > 1 or name.lower() != folded or value.lower() != b"chunked":
                    _refuse("Transfer-Encoding other than chunked")
        if codings and (self._length is not None or self._parser.get_http_version() == "1.0"):
            _refuse("Transfer-Encoding with Content-Length, or in HTTP/1.0")


def _refuse(detail: str) -> NoReturn:
    raise UpstreamInvalid(detail)


def _fault(error: httptools.HttpParserError) -> GatewayError:
    """Return what to end the exchange with: our own refusals come back wrapped by the parser."""
    cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
    if cause is None:
        return UpstreamInvalid(f"not valid HTTP: {type(error).__name__}")
    return cause if isinstance(cause, GatewayError) else InternalError(f"{type(cause).__name__} while answering")
