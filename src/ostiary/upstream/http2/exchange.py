"""One request and its answer, on one stream of a connection to an upstream.

Like the exchange of HTTP/1.1 it takes the request's body (BodySink), lets the answer's source be paused (Flow), and
ends exactly once. Both directions flow at the same time: an answer may begin, and end, before its request has.

How long it may take depends on what it is. An ordinary request has to be answered in time, and an answer may not pause
for long. A call of gRPC may be silent in both directions, since that is what a stream is for; its caller says how long
it may take in all (`grpc-timeout`).
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Final

from ostiary.config.upstreams import UpstreamTimeouts
from ostiary.errors import GatewayError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.grpc import is_call, read_status
from ostiary.http2.codes import Code
from ostiary.http2.hpack.decoder import Fields
from ostiary.model import Answer, Body, Headers, Outbound
from ostiary.reasons import Reason
from ostiary.upstream.http1.exchange import IDEMPOTENT
from ostiary.upstream.http2.answer import AnswerHead, read_trailers
from ostiary.upstream.http2.deadline import caller_waits_until, longest
from ostiary.upstream.http2.incoming import FINAL, Incoming
from ostiary.upstream.http2.line import NO_LINE, Line
from ostiary.upstream.http2.outgoing import Outgoing
from ostiary.upstream.silence import NO_ANSWER, NO_BODY

HIGH_WATER: Final = 64 << 10
"""Octets of a request that may wait for the upstream's windows before its caller is paused."""
LOW_WATER: Final = 16 << 10
TRIES: Final = 3
"""How often a request is sent whose stream is refused,"""
TRIES_ELSEWHERE: Final = 10
"""and how often when its connection was ended before its turn came: many share that lot."""


class Http2Exchange:
    """One request and its answer.

    Args:
        outbound, body: what is sent.
        answer: takes what comes.
        patience: of the upstream.
        again: sets it going anew.

    Attributes:
        call: it is a call of gRPC.
        until: when its caller's patience ends, on the loop's clock.
        deadline: when ours does, at the latest then.
        queued: it stands in the queue of those that may have something to send.
        done: it ended; whatever comes now is ignored.
        number: of its stream.
        outgoing: the request's content.
    """

    __slots__ = (
        *("_again", "_announced", "_due", "_incoming", "_patience", "_paused", "_stalled", "_tries"),
        *("answer", "body", "call", "deadline", "done", "line", "number", "outbound", "outgoing", "queued", "until"),
    )

    def __init__(
        self,
        outbound: Outbound,
        body: Body,
        answer: Answer,
        patience: UpstreamTimeouts,
        again: Callable[[Http2Exchange], None],
    ) -> None:
        request = outbound.request
        self.outbound, self.body, self.answer = outbound, body, answer
        self.line: Line = NO_LINE
        self.number = 0
        self.call = request.method == "POST" and is_call(request.headers.get(b"content-type"))
        self.until = caller_waits_until(request) if self.call else inf
        self.deadline = self.until
        self.queued = self.done = self._announced = self._paused = self._stalled = False
        self._patience, self._again = patience, again
        self.outgoing, self._incoming = Outgoing(body.length), Incoming()
        self._tries = 1
        self._due = 0  # octets of the upstream's window that it does not have back yet

    def begin(self, line: Line, number: int) -> None:
        """The head was sent: let the body flow, or what has come of it before."""
        self.line, self.number = line, number
        self.outbound.request.record.upstream_started = monotonic()
        self._wait()
        if not self._announced:
            self._announced = True
            self.body.flow_to(self)
        elif not self.outgoing.sent:
            line.speak(self, self.outgoing.waiting)

    def _wait(self) -> None:
        """Begin to wait for whatever comes next."""
        if self._paused:  # by the caller, which is the edge's matter
            self.deadline = self.until
            return
        most = longest(self._patience, self.call, self._incoming.started, self._stalled, self.outgoing.whole)
        self.deadline = min(self.until, self.line.time() + most)

    def expire(self) -> None:
        """Patience has ended."""
        self.fail(UpstreamTimeout("pause within the answer" if self._incoming.started else "no answer"))

    # --- the request's body ---

    @property
    def patient(self) -> bool:
        """Whether the caller may be silent within his request, and how long is watched here."""
        return self.call

    def feed(self, data: bytes) -> None:
        """Send a piece of the request's body."""
        if self.done or not data:
            return
        if not self.outgoing.take(data):
            self.abandon()
            return
        if self._incoming.started or self.call:
            self._wait()
        self.line.speak(self, len(data))
        self.settle()

    def finish(self, trailers: Headers | None = None) -> None:
        """The request's body is complete."""
        if self.done or self.outgoing.sent:
            return
        if self.outgoing.finish(self.line.trailers(trailers) if trailers else None):
            self.line.speak(self, 0)
            self._wait()
        else:
            self.abandon()

    def abandon(self) -> None:
        """The caller went away: nobody waits for the rest (RFC 9113, section 7: CANCEL)."""
        if not self.done:
            self._end(Code.CANCEL)

    def send(self) -> bool:
        """Send one frame of content at most. Returns whether there may be more."""
        if self.done:
            return False
        before = self.outgoing.waiting, self.outgoing.sent
        more = self.line.send(self.outgoing, self.number)
        self.settle()
        if before != (self.outgoing.waiting, self.outgoing.sent) and not self._incoming.started:
            self._wait()
        return more

    def settle(self) -> None:
        """Pause the caller while the upstream takes nothing."""
        bound = LOW_WATER if self._stalled else HIGH_WATER
        slow = not self.outgoing.sent and (self.outgoing.waiting > bound or self.line.full)
        if slow == self._stalled:
            return
        self._stalled = slow
        if not self._incoming.started:
            self._wait()
        if slow:
            self.body.pause()
        else:
            self.body.resume()

    # --- the answer ---

    def take_head(self, fields: Fields, *, ended: bool) -> None:
        """A head has come, the final one or an informational one.

        Raises:
            UpstreamInvalid: it is malformed.
        """
        head = self._incoming.take_head(fields, self.outbound.request.method, ended=ended)
        if head.status < FINAL:
            self.answer.inform(head.status, head.headers)
            return
        self._start(head)
        if ended:
            self._complete(None, head.headers)

    def _start(self, head: AnswerHead) -> None:
        self.line.headed(self.number)
        self.outgoing.let_go()
        self.outbound.request.record.upstream_answered = monotonic()
        self._wait()
        self.answer.start(head.status, head.headers, head.length, self)

    def take_content(self, data: bytes, octets: int, *, ended: bool) -> None:
        """A piece of content has come, and has taken so many octets of the window.

        Raises:
            UpstreamInvalid: there is no place for it.
        """
        self._incoming.count(len(data), ended=ended)
        self._due += octets
        if data:
            self.answer.write(data)
        if self.done:
            return
        if ended:
            self._complete(None)
        elif not self._paused:
            self._wait()
            self._acknowledge()

    def take_trailers(self, fields: Fields) -> None:
        """What comes behind the content has come, and ends the answer.

        Raises:
            UpstreamInvalid: it is malformed, or comes too early.
        """
        trailers = read_trailers(fields)
        self._incoming.count(0, ended=True)
        self._complete(trailers, trailers)

    def pause(self) -> None:
        """The caller reads slowly: leave his stream's window closed. His patience is the edge's matter."""
        if not self.done:
            self._paused, self.deadline = True, self.until

    def resume(self) -> None:
        """Take the answer again."""
        if not self.done:
            self._paused = False
            self._wait()
            self._acknowledge()

    def _acknowledge(self) -> None:
        due, self._due = self._due, 0
        if due:
            self.line.widen(self.number, due)

    def _complete(self, trailers: Headers | None, last: Headers | None = None) -> None:
        """The answer is complete. A request that is not is not wanted any more (RFC 9113, section 8.1)."""
        if not self.done:
            if self.call and last is not None:
                self.outbound.request.record.called = read_status(last.get(b"grpc-status"))
            self._end(None if self.outgoing.sent else Code.CANCEL).finish(trailers)

    # --- ends that nobody wished for ---

    def fail(self, error: GatewayError, code: Code = Code.CANCEL) -> None:
        """End with an error, and reset the stream."""
        if not self.done:
            self._end(code).fail(error)

    def refused(self, tries: int = TRIES) -> None:
        """The upstream has not worked on it, and says so: it may be sent again (RFC 9113, section 8.7)."""
        if self.done:
            return
        if self._incoming.started or self._tries >= tries or not self._repeat():
            self.fail(UpstreamUnreachable("the upstream refuses the stream"))

    def reset(self, code: int) -> None:
        """The upstream has reset the stream."""
        if code == Code.REFUSED_STREAM:
            self.refused()
        else:
            self.fail(UpstreamInvalid(f"the stream was reset: code {code}", reason=Reason.UPSTREAM_CLOSED))

    def lost(self, *, reused: bool) -> None:
        """The connection broke.

        A kept connection may have been closed by the upstream while the request was on its way. What is idempotent and
        has no body may be sent once more (RFC 9110, section 9.2.2).
        """
        if self.done:
            return
        repeatable = self.body.length == 0 and self.outbound.request.method in IDEMPOTENT and self._tries == 1
        if reused and repeatable and not (self._incoming.started or self._incoming.informed) and self._repeat():
            return
        if self._incoming.started:
            self.fail(UpstreamInvalid("connection closed within the answer", reason=Reason.UPSTREAM_CLOSED))
        else:
            self.fail(UpstreamUnreachable("connection closed before the answer"))

    def _repeat(self) -> bool:
        """Set it going anew. Returns False when some of the request is not there any more."""
        waiting = self.outgoing.waiting
        if not self.outgoing.rewind():
            return False
        self._tries += 1
        self.line.leave(self.number, waiting, None)
        self.line, self.deadline = NO_LINE, self.until
        self._again(self)
        return True

    def _end(self, code: Code | None) -> Answer:
        """Let go of everything, so that the last reference frees it without the garbage collector."""
        line, answer, body = self.line, self.answer, self.body
        self.done = True
        self.line, self.answer, self.body = NO_LINE, NO_ANSWER, NO_BODY
        line.leave(self.number, self.outgoing.waiting, code)
        if self._stalled:
            body.resume()
        return answer
