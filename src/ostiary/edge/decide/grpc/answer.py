"""The answer to a call: a message and OK, or a status; and an answer of the gateway as the message that it becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ostiary.edge.decide.grpc.changes import changes
from ostiary.edge.decide.grpc.check import Check
from ostiary.edge.decide.grpc.codec import allowed, denied
from ostiary.edge.decide.grpc.framing import framed
from ostiary.edge.decide.grpc.status import CallFailed
from ostiary.edge.decide.permit import UPSTREAM, Hearing, Still
from ostiary.errors import GatewayError, InternalError
from ostiary.grpc import CONTENT_TYPE, Code, trailers
from ostiary.model import Answer, Flow, Headers, Record, Request, Tunnel, fold
from ostiary.problem import render
from ostiary.reasons import Reason

_HEAD: Final = Headers.of([(b"content-type", CONTENT_TYPE), (b"grpc-accept-encoding", b"identity")]).fields
_OK: Final = trailers(Code.OK).fields
_STILL: Final = Still()
_UPSTREAM: Final = fold(UPSTREAM)


class Reply:
    """What a call is answered with: once.

    Args:
        answer: of the exchange.
        record: what the log will say of it. An exchange that has an answer with 200 is one that was allowed, to the
            edge; what it was is written over that.

    Attributes:
        over: it was answered.
    """

    __slots__ = ("_answer", "_record", "over")

    def __init__(self, answer: Answer, record: Record) -> None:
        self._answer = answer
        self._record = record
        self.over = False

    def message(self, content: bytes, refusal: GatewayError | None = None) -> None:
        """End with a message, and OK. A refusal is one, too."""
        if not self.over:
            self.over = True
            self._answer.start(200, Headers(_HEAD.copy()), None, _STILL)
            if refusal is not None:
                self._note(refusal.reason, refusal.detail)
            self._answer.write(framed(content))
            self._answer.finish(Headers(_OK.copy()))

    def status(self, failure: CallFailed) -> None:
        """End without a message: the trailers are in the head (gRPC over HTTP/2, "Trailers-Only")."""
        if not self.over:
            self.over = True
            head = [*_HEAD, *trailers(failure.code, failure.text).fields]
            self._answer.start(200, Headers(head), None, _STILL)
            late = failure.code is Code.DEADLINE_EXCEEDED
            reason = Reason.REQUEST_ABANDONED if late else Reason.DECISION_UNREADABLE
            self._note(reason, f"{failure.code.name}: {failure.text}")
            self._answer.finish()

    def _note(self, reason: Reason, detail: str) -> None:
        self._record.reason, self._record.detail = reason, detail
        self._record.upstream_answered = 0.0  # nothing was allowed


class CheckAnswer(Hearing):
    """What the gateway says about one request, told as a CheckResponse; keeps `model.Answer`.

    Args:
        reply: of the call.
        ask: the ask itself.
        check: what it says.
        refused: told of the status and the octets of a refusal, for the log.
    """

    def __init__(self, reply: Reply, ask: Request, check: Check, refused: Callable[[str, int, int], None]) -> None:
        self._reply = reply
        self._record: Record = ask.record
        self._id = ask.id
        self._check = check
        self._refused = refused

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:  # noqa: ARG002 - contract
        """Say yes, and what has to change in the head.

        Raises:
            InternalError: there is no permit.
        """
        outbound = self.outbound
        if outbound is None:
            raise InternalError("an answer without a permit")
        outbound.headers.add(UPSTREAM.lower(), headers.get(_UPSTREAM) or b"")
        absent = [name.lower() for name, _, value in headers.fields if not value]
        received = outbound.request.headers
        self._reply.message(allowed(changes(self._check.fields, received, outbound.headers, absent)))

    def fail(self, error: GatewayError) -> None:
        """Say no, and what the caller is told."""
        if self._reply.over:
            return
        status, headers, content = render(error, self._id, self._record.challenges)
        self._refused(self._id, status, len(content))
        self._reply.message(denied(status, headers, content), error)

    def finish(self, trailers: Headers | None = None) -> None:
        """It has ended with its beginning."""

    def inform(self, status: int, headers: Headers) -> None:
        """Say nothing: there is no place for it."""

    def write(self, data: bytes) -> None:
        """Say nothing: there is no place for it."""

    def flush(self) -> None:
        """Nothing is held back."""

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:  # noqa: ARG002 - the contract
        """Refuse."""
        raise InternalError("no protocol is changed here", reason=Reason.UPGRADE_UNSUPPORTED)
