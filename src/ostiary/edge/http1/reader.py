"""Reading requests, strictly (RFC 9112): octets in, exchanges out.

httptools (llhttp) takes the octets apart. Its callbacks never raise: they note the first trouble, and the
connection deals with it when the parser is done.
"""

from __future__ import annotations

from typing import Protocol, cast

import httptools

from ostiary.edge.head import body_length, read_head, upgrade_of
from ostiary.edge.http1.exchange import Exchange
from ostiary.edge.proof import Proof
from ostiary.errors import BadRequest, ContentTooLarge, GatewayError, HeadersTooLarge, TargetTooLong
from ostiary.model import Headers, Peer, fold
from ostiary.reasons import Reason


class Caller(Protocol):
    """The connection, as its reader sees it.

    Attributes:
        exchange: the one under way, if there is one.
        scheme: "https" or "http".
    """

    exchange: Exchange | None

    @property
    def scheme(self) -> str:
        """Return "https" or "http"."""

    def new_exchange(self, method: str, target: bytes) -> Exchange:
        """Return an exchange that begins now."""

    def prove(self) -> Peer:
        """Return who is at the other end, as the listener lets people in now."""

    def head_read(self, exchange: Exchange) -> None:
        """The head of a request is there, or what was wrong with it is noted."""

    def request_read(self, exchange: Exchange) -> None:
        """The request is there, to its end."""


class RequestReader:
    """Reads the requests that come over one connection.

    Attributes:
        parsing: within a request.
        quiet: octets since something came of them: of a head, of trailers, or of a chunk's extensions.
        reading: whose body is being read.
        trouble: the first thing that was wrong; nothing is read after it.
        upgrading: asked for another protocol; nothing after it is HTTP.
    """

    __slots__ = (
        "_caller",
        "_fields",
        "_parser",
        "_proof",
        "_url",
        "parsing",
        "quiet",
        "reading",
        "trouble",
        "upgrading",
    )

    def __init__(self, caller: Caller, proof: Proof) -> None:
        self._caller = caller
        self._proof = proof
        self._parser = httptools.HttpRequestParser(self)
        self._fields: list[tuple[bytes, bytes, bytes]] = []
        self._url = b""
        self.parsing = False
        self.quiet = 0
        self.reading: Exchange | None = None
        self.trouble: GatewayError | None = None
        self.upgrading: Exchange | None = None

    def close(self) -> None:
        """Let go of everything, so that nothing is left to the garbage collector; nothing is read any more."""
        self._parser = cast("httptools.HttpRequestParser", None)
        self._caller = cast("Caller", None)
        self.reading = self.upgrading = None

    @property
    def target(self) -> bytes:
        """What was read of the target so far."""
        return self._url

    def feed(self, data: bytes) -> GatewayError | None:
        """Read on; return the first thing that was wrong, if there was one."""
        self.quiet += len(data)
        self._parse(data)
        if self.trouble is None and self.quiet > self._proof.limits.headers:
            self.trouble = HeadersTooLarge("a head, a trailer or a chunk extension without an end")
        return self.trouble

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.upgrading is not None and upgrade.args[0] < len(data):
                self.upgrading.tunnelled(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self.trouble = self.trouble or BadRequest(type(error).__name__)

    # --- what the parser says ---

    def on_message_begin(self) -> None:
        """Begin a new head."""
        self.parsing = True
        self._fields = []
        self._url = b""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the target."""
        self._url += url
        if len(self._url) > self._proof.limits.target:
            self.trouble = self.trouble or TargetTooLong(f"{len(self._url)} octets, and more")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one field. Blanks behind a value do not belong to it (RFC 9112, section 5.1); the parser leaves them."""
        self._fields.append((name, fold(name), value.rstrip(b" \t")))
        if len(self._fields) > self._proof.limits.header_count:
            self.trouble = self.trouble or HeadersTooLarge("too many fields")

    def on_headers_complete(self) -> None:
        """Make an exchange of the head."""
        if self.trouble is not None:
            return
        exchange = self._caller.new_exchange(self._parser.get_method().decode("ascii", "replace"), self._url)
        self.reading = exchange
        self.quiet = 0
        try:
            self._read_head(exchange)
        except GatewayError as error:
            exchange.close = True
            exchange.request = None
            self.trouble = error
        self._caller.head_read(exchange)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        self.quiet = 0
        if self.reading is not None and self.trouble is None:
            self.reading.take(data)

    def on_message_complete(self) -> None:
        """The request has been read."""
        self.quiet = 0
        self.parsing = False
        reading, self.reading = self.reading, None
        if reading is not None and self.trouble is None:
            if self._fields:
                reading.trailers = Headers(self._fields)
            self._caller.request_read(reading)

    # --- what it means ---

    def _read_head(self, exchange: Exchange) -> None:
        fields = self._fields
        size = len(self._url) + sum(len(name) + len(value) + 4 for name, _, value in fields)
        if size > self._proof.limits.headers:
            raise HeadersTooLarge(f"{size} octets")
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise BadRequest(f"HTTP/{version[:8]}")
        exchange.old = version == "1.0"
        exchange.close = exchange.old or not self._parser.should_keep_alive()
        headers = Headers(fields)
        self._fields = []  # what the parser finds from here on are trailers, which are never part of the head
        exchange.request = read_head(
            id=exchange.id,
            method=exchange.method,
            target=exchange.target,
            headers=headers,
            peer=self._caller.prove(),
            scheme=self._caller.scheme,
            body=exchange,
            record=exchange.record,
        )
        self._read_framing(exchange, headers)
        self._proof.admit()

    def _read_framing(self, exchange: Exchange, headers: Headers) -> None:
        """Note how the body is framed (RFC 9112, section 6.3); the parser has read the same fields."""
        exchange.length = body_length(headers, old=exchange.old)
        limit = self._proof.limits.body
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
            if self._caller.exchange is not None:
                raise BadRequest("an upgrade behind another request", reason=Reason.UPGRADE_UNSUPPORTED)
            self.upgrading = exchange
