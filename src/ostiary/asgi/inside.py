"""The edge inside an application: what the pipeline permits goes on in the same process.

scope -> Request -> the pipeline of decisions -> Verdict -> the application, or a problem
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import TypeAlias

from ostiary.asgi.callers import Callers
from ostiary.asgi.head import read_scope
from ostiary.asgi.refuse import Counted, refuse
from ostiary.asgi.verdict import Showing, Verdict
from ostiary.config.schema import ListenerLimits
from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Proven, Scope
from ostiary.edge.carry import carry
from ostiary.edge.head import next_id
from ostiary.errors import GatewayError
from ostiary.gateway import Gateway
from ostiary.model import Record, Request
from ostiary.observe.ended import Ended

App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class InsideEdge:
    """Decides, and hands on to an application.

    Args:
        app: the application.
        gateway: has been started.
        callers: who is on the line.
        limits: of heads.
        observe: hand refused requests on, too.
    """

    def __init__(self, app: App, gateway: Gateway, callers: Callers, limits: ListenerLimits, *, observe: bool) -> None:
        assert gateway.decisions is not None  # noqa: S101 - it was compiled from a file
        self._app = app
        self._gateway = gateway.decisions.gateway
        self._showing = Showing(gateway.decisions, observe=observe)
        self._callers = callers
        self._limits = limits
        self._observe = observe

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        asked = _Asked(scope, self._callers.of(scope))
        answer = Counted(send, asked.id)
        try:
            verdict = await asked.decide(self._gateway, self._limits)
            if verdict.error is None or self._observe:
                await self._app(self._showing.scope(scope, verdict, asked.id), receive, answer)
            else:
                await refuse(scope, receive, answer, verdict.error, asked.id, asked.record.challenges)
        finally:
            asked.log(self._gateway, answer)


class _Asked:
    """One request, from its scope to its line in the log."""

    def __init__(self, scope: Scope, proven: Proven) -> None:
        self._scope = scope
        self._proven = proven
        self._request: Request | None = None
        self.id = next_id()
        self.record = Record(started=monotonic())

    async def decide(self, gateway: Gateway, limits: ListenerLimits) -> Verdict:
        """Return what the pipeline says."""
        verdict = Verdict(self.record)
        try:
            self._request = read_scope(self._scope, self.id, self.record, self._proven, limits)
        except GatewayError as error:
            verdict.fail(error)
        else:
            await carry(gateway, self._request, verdict)
        return verdict

    def log(self, gateway: Gateway, answer: Counted) -> None:
        """Write the line."""
        request = self._request
        ended = Ended(
            self.record,
            id=self.id,
            method=self._scope.get("method", "GET"),
            target=self._scope["path"].encode() if request is None else request.target,
            host="" if request is None else request.host,
            address=self._proven.peer.address,
            status=answer.status,
            sent=answer.sent,
            now=monotonic(),
        )
        gateway.access.write(ended)
