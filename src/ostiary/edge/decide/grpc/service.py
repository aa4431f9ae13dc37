"""Which methods there are: Check of envoy.service.auth.v3.Authorization, and Check of grpc.health.v1.Health."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any, Final

from ostiary.config.listeners import ListenerLimits
from ostiary.edge.carry import carry
from ostiary.edge.decide.grpc.answer import CheckAnswer, Reply
from ostiary.edge.decide.grpc.call import Call, Work
from ostiary.edge.decide.grpc.check import Told
from ostiary.edge.decide.grpc.codec import AUTHORIZATION, decode, health
from ostiary.edge.decide.grpc.status import CallFailed
from ostiary.edge.decide.handler import Decisions
from ostiary.errors import BadRequest
from ostiary.grpc import Code
from ostiary.model import Answer, Request
from ostiary.observe.access import AccessLog
from ostiary.reasons import Reason

_CHECK: Final = b"/" + AUTHORIZATION + b"/Check"
_HEALTH: Final = b"/grpc.health.v1.Health/Check"
_KINDS: Final = (b"application/grpc", b"application/grpc+proto")
_ROOM: Final = 64 << 10
"""Octets of a message beside the caller's head: his certificate, and what the proxy says by itself."""
_OURS: Final = {Code.DEADLINE_EXCEEDED: 504, Code.RESOURCE_EXHAUSTED: 431}


class _Nothing:
    """Nothing is to be awaited: the call goes on by itself."""

    def __await__(self) -> Generator[Any, None, None]:
        return iter(())  # type: ignore[return-value]


_NOTHING: Final = _Nothing()


class Service:
    """Answers calls; stands between the edge and what decides.

    Args:
        decisions: decides what is asked.
        limits: of the listener. A message may be as large as two heads in two encodings, and what is beside them.

    Attributes:
        access: where each call gets its line, about the request that was asked about.
    """

    def __init__(self, decisions: Decisions, limits: ListenerLimits) -> None:
        self._decisions = decisions
        self._most = 4 * limits.headers + limits.target + _ROOM
        self._works: dict[bytes, Work] = {_CHECK: self.check, _HEALTH: self.healthy}
        self.access: AccessLog = decisions.access

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Begin a call; it ends by itself.

        Raises:
            BadRequest: it is none.
        """
        if request.method != "POST" or request.headers.get(b"content-type") not in _KINDS:
            raise BadRequest("not gRPC", reason=Reason.DECISION_UNREADABLE)
        reply = Reply(answer, request.record)
        try:
            call = Call(request, reply, self._work_of(request.target), self._failed, self._most)
        except CallFailed as failure:
            self._failed(request, failure)
            reply.status(failure)
        else:
            request.body.flow_to(call)
        return _NOTHING

    def _work_of(self, target: bytes) -> Work:
        work = self._works.get(target)
        if work is None:
            raise CallFailed(Code.UNIMPLEMENTED, "there is no such method here")
        return work

    def check(self, request: Request, content: bytes, reply: Reply) -> Coroutine[Any, Any, None]:
        """Return the deciding of what a CheckRequest asks.

        Raises:
            CallFailed: it is none.
        """
        check = decode(content)
        request.body = Told(check)
        return carry(self._decisions, request, CheckAnswer(reply, request, check, self._refused))

    def healthy(self, request: Request, content: bytes, reply: Reply) -> None:
        """Answer a question after our health; it is no request.

        Raises:
            CallFailed: it is none, or about something else.
        """
        serving = health(content)
        self._decisions.asked.leave_out(request.id)
        reply.message(serving)

    def _refused(self, id: str, status: int, sent: int) -> None:  # noqa: A002 - the word of the house
        self._decisions.asked.answered(id, status, sent)

    def _failed(self, request: Request, failure: CallFailed) -> None:
        """Have the log say what a call that fails is to whoever waits for it; a wrong configuration is told loudly."""
        status = _OURS.get(failure.code, 400)
        self._refused(request.id, status, 0)
        if status == 400:  # noqa: PLR2004 - it is not the caller's fault
            self._decisions.complain(failure.text)
