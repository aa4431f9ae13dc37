"""One request and its answer, on one connection.

An exchange takes the request's body (BodySink), lets the answer's source be paused (Flow), and knows
how long each phase may take. It ends exactly once: complete, failed, or abandoned by the caller.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final, Protocol

from ostiary.errors import GatewayError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.model import Answer, Body, Headers, Outbound
from ostiary.reasons import Reason
from ostiary.upstream.silence import NO_ANSWER, NO_BODY, NO_LINE

IDEMPOTENT: Final = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))  # RFC 9110, section 9.2.2


class Line(Protocol):
    """The connection, as an exchange uses it."""

    def write(self, data: bytes) -> None:
        """Send."""

    def writelines(self, pieces: list[bytes]) -> None:
        """Send pieces, without joining them."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read again."""

    def abort(self) -> None:
        """Break the connection off."""

    def end(self) -> None:
        """Say that nothing follows in a tunnel."""

    def last_chunk(self, trailers: Headers) -> bytes:
        """Return the end of a chunked body, with the trailers that pass."""

    def time(self) -> float:
        """Return the time on the loop's clock, in seconds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What an exchange asks of its upstream's timeouts, each in seconds. A block of the language is slow to ask.

    Attributes:
        response: from the whole request to the head of the answer.
        idle: longest pause within an answer.
    """

    response: float
    idle: float


class Exchange:
    """One request and its answer.

    Attributes:
        sent: the request was written whole.
        done: it ended; whatever comes now is ignored.
        started: the head of the answer was passed on.
        touched: an octet of the answer arrived.
        length: octets of the request's body, None when it is chunked.
        deadline: when patience ends, on the loop's clock.
    """

    __slots__ = (
        "_again",
        "_announced",
        "_left",
        "_patience",
        "_paused",
        "_repeatable",
        "_stalled",
        "answer",
        "body",
        "deadline",
        "done",
        "length",
        "line",
        "outbound",
        "sent",
        "started",
        "touched",
    )
    patient = False  # for its caller's body the edge has a time

    def __init__(
        self,
        outbound: Outbound,
        body: Body,
        answer: Answer,
        patience: Patience,
        again: Callable[[Exchange], None],
    ) -> None:
        self.outbound, self.body, self.answer = outbound, body, answer
        self.line: Line = NO_LINE
        self.deadline = inf
        self.sent = self.done = self.touched = self.started = False
        self._paused = self._stalled = self._announced = False
        self.length = self._left = body.length
        self._patience = patience
        self._repeatable = body.length == 0 and outbound.request.method in IDEMPOTENT
        self._again = again

    def begin(self, line: Line, head: bytes, now: float) -> None:
        """Send the head, and let the body flow."""
        self.line = line
        self.outbound.request.record.upstream_started = now
        line.write(head)
        if self._left == 0:
            self.sent = True
            self.deadline = now + self._patience.response
        if not self._announced:
            self._announced = True
            self.body.flow_to(self)

    # --- the request's body ---

    def feed(self, data: bytes) -> None:
        """Send a piece of the request's body."""
        if self.done or not data:  # an empty chunk would be the last one (RFC 9112, section 7.1)
            return
        self.heard()
        if self._left is None:
            self.line.writelines([b"%x\r\n" % len(data), data, b"\r\n"])
        elif len(data) > self._left:
            self.abandon()
        else:
            self._left -= len(data)
            self.line.write(data)

    def finish(self, trailers: Headers | None = None) -> None:
        """The request's body is complete. Where its length was said, there is no place for trailers."""
        if self.done or self.sent:
            return
        if self._left is None:
            self.line.write(b"0\r\n\r\n" if trailers is None else self.line.last_chunk(trailers))
        elif self._left:
            self._end_early()
            return
        self._request_complete()

    def _end_early(self) -> None:
        """Less came than was announced; a tunnel announces nothing, and its upstream may have more to say."""
        if self.started and self.outbound.request.upgrade is not None:
            self.sent = True
            self.line.end()
        else:
            self.abandon()

    def abandon(self) -> None:
        """The caller went away: nobody waits for the rest, so the connection ends."""
        if not self.done:
            self._end()[0].abort()

    def stall(self) -> None:
        """The upstream takes no more of the request for now."""
        self._stalled = True
        if not self.started:
            self.deadline = self.line.time() + self._patience.idle
        self.body.pause()

    def unstall(self) -> None:
        """The upstream takes again."""
        if not self._stalled:
            return
        self._stalled = False
        if not self.started:
            self.deadline = self.line.time() + self._patience.response if self.sent else inf
        self.body.resume()

    def _request_complete(self) -> None:
        self.sent = True
        if not self.started:
            self.deadline = self.line.time() + self._patience.response

    # --- the answer ---

    def start(self, status: int, headers: Headers, length: int | None) -> None:
        """The head of the answer is there."""
        if self.done:
            return
        now = self.line.time()
        self.started = True
        self.deadline = now + self._patience.idle
        self.outbound.request.record.upstream_answered = now
        self.answer.start(status, headers, length, self)

    def switch(self, protocol: bytes, headers: Headers) -> None:
        """The upstream changes the protocol: what follows, either way, is no HTTP, and ends with the connection."""
        if self.done:
            return
        now = self.line.time()
        self.started = True
        self.sent = False
        self._left = sys.maxsize
        self.deadline = now + self._patience.idle
        self.outbound.request.record.upstream_answered = now
        self.answer.switch(protocol, headers, self)

    def heard(self) -> None:
        """Something moved in an answer that has begun."""
        if self.started and not self._paused:
            self.deadline = self.line.time() + self._patience.idle

    def pause(self) -> None:
        """The caller reads slowly: stop reading the upstream. His patience is the edge's matter."""
        if not self.done:
            self._paused, self.deadline = True, inf
            self.line.pause()

    def resume(self) -> None:
        """Read the upstream again."""
        if not self.done:
            self._paused = False
            self.line.resume()
            self.deadline = self.line.time() + self._patience.idle

    def complete(self, trailers: Headers | None) -> None:
        """The answer is complete, and the connection taken care of."""
        if not self.done:
            self._end()[1].finish(trailers)

    # --- ends that nobody wished for ---

    def fail(self, error: GatewayError) -> None:
        """End with an error, and break the connection off."""
        if not self.done:
            line, answer = self._end()
            line.abort()
            answer.fail(error)

    def expire(self) -> None:
        """Patience has ended."""
        self.fail(UpstreamTimeout("pause within the answer" if self.started else "no answer"))

    def lost(self, *, reused: bool) -> None:
        """The connection broke.

        A kept connection may have been closed by the upstream while the request was on its way. Then
        nothing of it was heard, and what is idempotent and has no body may be sent once more
        (RFC 9110, section 9.2.2).
        """
        if self.done:
            return
        if reused and self._repeatable and not self.touched:
            self._repeatable, self.line, self.deadline = False, NO_LINE, inf
            self.sent = False
            self._again(self)
        elif self.started:
            self.fail(UpstreamInvalid("connection closed within the answer", reason=Reason.UPSTREAM_CLOSED))
        elif self.touched:
            self.fail(UpstreamInvalid("connection closed within the head of the answer"))
        else:
            self.fail(UpstreamUnreachable("connection closed before the answer"))

    def _end(self) -> tuple[Line, Answer]:
        """Let go of everything, so that the last reference frees it without the garbage collector."""
        line, answer, body = self.line, self.answer, self.body
        self.done = True
        self.line, self.answer, self.body = NO_LINE, NO_ANSWER, NO_BODY
        if self._stalled:
            body.resume()
        return line, answer
