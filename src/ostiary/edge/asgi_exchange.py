"""One request and its answer on an ASGI connection.

Like `Exchange`, it is the request's `Body` and its `Answer` at once. What ASGI makes wait waits here:
a task reads `receive()` while the sink takes more, and the application's own coroutine gives `send()`
what the source has written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Any, Final, TypeAlias

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.head import next_id
from ostiary.errors import BadRequest, ContentTooLarge, GatewayError, RequestTimeout
from ostiary.model import BodySink, Flow, Headers, Record, Request, Tunnel
from ostiary.problem import render
from ostiary.reasons import Reason

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

HIGH_WATER: Final = 64 << 10
"""Octets that may wait for `send()` before the source is paused."""

_NO_CONTENT: Final = frozenset({204, 304})


class AnswerBroken(Exception):
    """The answer ended in the middle. It leaves the application, so that the server cuts the connection."""


class AsgiExchange:
    """A `Body` and an `Answer` for one request."""

    def __init__(self, limits: ListenerLimits, timeouts: ListenerTimeouts, address: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._timeouts = timeouts
        self._sink: BodySink | None = None
        self._held: list[bytes] = []  # body octets that came before anybody wanted them
        self._open = asyncio.Event()  # whether more of the body is taken
        self._open.set()
        self._taken = 0
        self._read = False  # the request has been read to its end
        self._waiting: deque[Message] = deque()
        self._waiting_octets = 0
        self._wake = asyncio.Event()
        self._head_is_out = False
        self._bodyless = False
        self._answered = False
        self._broken = False
        self._gone = False  # the caller
        self._source: Flow | None = None
        self._source_paused = False
        self.id = next_id()
        self.address = address
        self.record = Record(started=monotonic())
        self.request: Request | None = None
        self.task: asyncio.Task[None] | None = None
        self.method = ""
        self.target = b""
        self.length: int | None = 0
        self.status = 0
        self.sent = 0

    # --- the body, from the server -------------------------------------------------------------

    async def read(self, receive: Receive, first: Message | None = None) -> None:
        """Read the body, then wait for the caller to go away.

        Args:
            receive: the server's.
            first: a message that was received already.
        """
        self._read = self.length == 0
        try:
            if first is not None:
                self._take(first)
            while not self._gone:
                self._take(await self._next(receive))
        except TimeoutError:
            self._refuse(RequestTimeout())
        except Exception:  # the server's: without it, nothing more is known of the caller
            self._leave()
            raise

    async def _next(self, receive: Receive) -> Message:
        if not self._read:
            await self._open.wait()
        async with asyncio.timeout(None if self._read else self._timeouts.body):
            return await receive()

    def _take(self, message: Message) -> None:
        if message["type"] != "http.request":
            self._leave()
            return
        data = message.get("body", b"")
        self._taken += len(data)
        if self._answered:
            return
        if data:
            self._check_size(more=True)
            self._pass_on(data)
        if not message.get("more_body", False):
            self._complete()

    def _check_size(self, *, more: bool) -> None:
        """Refuse a body that is too large, or not as long as announced: what is forwarded would be framed wrongly."""
        limit = self._limits.body
        if limit is not None and self._taken > limit:
            self._refuse(ContentTooLarge(f"the body is larger than {limit} octets"))
        elif self.length is not None and (self._taken > self.length or (not more and self._taken < self.length)):
            self._refuse(BadRequest("the body is not as long as announced", reason=Reason.REQUEST_AMBIGUOUS))

    def _pass_on(self, data: bytes) -> None:
        if self._answered:
            return
        if self._sink is not None:
            self._sink.feed(data)
        else:
            self._held.append(data)
            self.pause()

    def _complete(self) -> None:
        self._check_size(more=False)
        if not self._read and not self._answered:
            self._read = True
            if self._sink is not None:
                self._sink.finish()

    def _refuse(self, error: GatewayError) -> None:
        self.abandon()
        self.fail(error)

    def _leave(self) -> None:
        """The caller is gone."""
        self._gone = True
        self._waiting.clear()
        self.abandon()
        self._wake.set()

    def abandon(self) -> None:
        """Let go of the upstream."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.abandon()

    def close(self) -> None:
        """The application returns: whatever is still under way is let go."""
        if not self._answered:
            self.record.reason = Reason.REQUEST_ABANDONED
        self.abandon()

    # --- Body ----------------------------------------------------------------------------------

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""
        self._sink = sink
        held, self._held = self._held, []
        for data in held:
            sink.feed(data)
        if held:
            self.resume()
        if self._read:
            sink.finish()

    def pause(self) -> None:
        """Take no more from the caller for now."""
        self._open.clear()

    def resume(self) -> None:
        """Take from the caller again."""
        self._open.set()

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
        fields = [(name.lower(), value) for name, value in headers]
        fields.append((b"x-request-id", self.id.encode()))
        if length is not None and status != 204:  # noqa: PLR2004 - RFC 9110, section 8.6: never in a 204
            fields.append((b"content-length", b"%d" % length))
        self._put({"type": "http.response.start", "status": status, "headers": fields})

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

    def finish(self, trailers: Headers | None = None) -> None:  # noqa: ARG002 - trailers are dropped: RFC 9110, 6.5.1
        """The content is complete."""
        if not self._answered:
            self._put({"type": "http.response.body", "body": b"", "more_body": False})
            self._end()

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else break the answer off visibly."""
        if self._answered or self._gone:
            return
        self.record.reason = error.reason
        self.record.detail = error.detail
        if self._head_is_out:
            self._broken = True
            self._end()
            return
        self._waiting.clear()
        self._waiting_octets = 0
        self._source = None
        status, headers, content = render(error, self.id, self.record.challenges)
        headers.fields = [field for field in headers.fields if field[1] != b"x-request-id"]
        self._begin(status, headers, len(content))
        self.sent = 0
        self.write(content)
        self.finish()

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
