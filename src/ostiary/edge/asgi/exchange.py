"""One request and its answer on an ASGI connection.

Like `Exchange`, it is the request's `Body` and its `Answer` at once. What ASGI makes wait waits here:
a task reads `receive()` while the sink takes more, and the application's own coroutine gives `send()`
what the source has written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Final, TypeAlias

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.asgi.body import AsgiBody, Message
from ostiary.edge.head import next_id
from ostiary.edge.http2.refusal import refusal
from ostiary.errors import GatewayError
from ostiary.model import Flow, Headers, Record, Request, Tunnel
from ostiary.reasons import Reason

Send: TypeAlias = Callable[[Message], Awaitable[None]]

HIGH_WATER: Final = 64 << 10
"""Octets that may wait for `send()` before the source is paused."""

Fields: TypeAlias = list[tuple[bytes, bytes]]

_OF_HEADS: Final = frozenset({b"content-type", b"content-length"})
_NO_CONTENT: Final = frozenset({204, 304})


class AnswerBroken(Exception):
    """The answer ended in the middle. It leaves the application, so that the server cuts the connection."""


class AsgiExchange(AsgiBody):
    """A `Body` and an `Answer` for one request.

    Attributes:
        calls: the caller speaks gRPC.
        trailing: server and caller take what comes behind content (the extension `http.response.trailers`).
    """

    def __init__(self, limits: ListenerLimits, timeouts: ListenerTimeouts, address: str) -> None:
        super().__init__(limits, timeouts)
        self._waiting_octets = 0
        self._head_is_out = False
        self._bodyless = False
        self._broken = False
        self._behind: Fields = []  # of what would have been trailers, had they not come with the head
        self._trails = False  # the server was told that something comes behind the content
        self._source: Flow | None = None
        self._source_paused = False
        self.id = next_id()
        self.address = address
        self.record = Record(started=monotonic())
        self.request: Request | None = None
        self.method = ""
        self.target = b""
        self.calls = False
        self.trailing = False
        self.status = 0
        self.sent = 0

    def close(self) -> None:
        """The application returns: whatever is still under way is let go."""
        if not self._answered:
            self.record.reason = Reason.REQUEST_ABANDONED
        self.abandon()

    # --- Answer --------------------------------------------------------------------------------

    def inform(self, status: int, headers: Headers) -> None:
        """Drop an informational response: ASGI has no message for it (RFC 9110, section 15.2 allows that)."""

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response."""
        self.record.reason = Reason.ALLOWED
        self._source = source
        self._begin(status, headers, length)

    def _begin(self, status: int, headers: Headers, length: int | None) -> None:
        self.status = status
        self._bodyless = self.method == "HEAD" or status in _NO_CONTENT
        fields = _lower(headers)
        fields.append((b"x-request-id", self.id.encode()))
        if length is not None and status != 204:  # noqa: PLR2004 - RFC 9110, section 8.6: never in a 204
            fields.append((b"content-length", b"%d" % length))
        self._trails = self.trailing and not self._bodyless and (self.calls or length is None)
        if self._trails and headers.get(b"grpc-status") is not None:
            fields, self._behind = _parted(fields)
        self._put({"type": "http.response.start", "status": status, "headers": fields, "trailers": self._trails})

    def write(self, data: bytes) -> None:
        """Send a piece of content."""
        if self._answered or self._gone or self._bodyless or not data:
            return
        self.sent += len(data)
        self._waiting_octets += len(data)
        self._put({"type": "http.response.body", "body": data, "more_body": True})
        if self._waiting_octets > HIGH_WATER and not self._source_paused and self._source is not None:
            self._source_paused = True
            self._source.pause()

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Never called: this edge reads no upgrade."""
        raise NotImplementedError

    def flush(self) -> None:
        """Nothing is held back."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete. Trailers that nobody takes are dropped (RFC 9110, section 6.5.1)."""
        if self._answered:
            return
        self._put({"type": "http.response.body", "body": b"", "more_body": False})
        if self._trails:
            fields = [*self._behind, *_lower(trailers or Headers())]
            self._put({"type": "http.response.trailers", "headers": fields, "more_trailers": False})
        self._end()

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else break the answer off visibly."""
        if self._answered or self._gone:
            return
        self.record.reason = error.reason
        self.record.detail = error.detail
        status, headers, content = refusal(error, self, verdict=not self.calls)
        if self._head_is_out:
            self._break(headers)
            return
        self._waiting.clear()
        self._waiting_octets = 0
        self._source = None
        self._begin(status, headers, len(content))
        self.status = error.status  # what was decided does not depend on how it is told
        self.sent = 0
        self.write(content)
        self.finish()

    def _break(self, headers: Headers) -> None:
        """End what has begun: a call with its status, anything else by breaking off."""
        if self.calls and self._trails:
            self._behind = _parted(_lower(headers))[1]
            self.finish()
        else:
            self._broken = True
            self._end()

    def _end(self) -> None:
        self._answered = True
        self._source = None
        self._sink = None
        self._held = []
        self._wake.set()

    def _put(self, message: Message) -> None:
        self._waiting.append(message)
        self._wake.set()

    # --- to the server -------------------------------------------------------------------------

    async def drain(self, send: Send) -> None:
        """Give the server what is written, until the answer is finished or the caller is gone.

        Raises:
            AnswerBroken: the answer ended in the middle.
        """
        while not self._gone:
            while self._waiting:
                await self._send(send, self._waiting.popleft())
            if self._broken:
                raise AnswerBroken
            if self._answered:
                return
            self._wake.clear()
            await self._wake.wait()
        self.record.reason = Reason.REQUEST_ABANDONED  # even where all of the answer was written: nobody read it

    async def _send(self, send: Send, message: Message) -> None:
        self._head_is_out = True
        try:
            async with asyncio.timeout(self._timeouts.send):
                await send(message)
        except OSError:  # the caller is gone, or reads nothing (TimeoutError is one)
            self._leave()
            return
        self._waiting_octets -= len(message.get("body", b""))
        if self._source_paused and self._waiting_octets <= HIGH_WATER // 2:
            self._source_paused = False
            if self._source is not None:
                self._source.resume()


def _lower(headers: Headers) -> Fields:
    return [(name.lower(), value) for name, value in headers]


def _parted(fields: Fields) -> tuple[Fields, Fields]:
    """Return head and trailers of a call that ends with its head ("Trailers-Only"): ASGI cannot say both in one."""
    head = [field for field in fields if field[0] in _OF_HEADS]
    return head, [field for field in fields if field not in head]
