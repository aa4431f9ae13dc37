"""One ask: read by the listener's dialect, decided by the gateway, logged as the request that it was about."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ostiary.config.listeners import ListenerLimits
from ostiary.edge.carry import Handler
from ostiary.edge.decide.ask import Asked, NotAsked, Reader
from ostiary.edge.decide.explain import OnlyRefusals, refuse_briefly, tell_again
from ostiary.edge.decide.request import check_size, request_of
from ostiary.errors import BadRequest, GatewayError
from ostiary.listener.forwarded import Forwarded
from ostiary.model import Answer, Peer, Request
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.decide")

_QUIET: Final = 10.0
"""Seconds between two lines of the log about a proxy whose configuration is wrong."""


class AskedLog(AccessLog):
    """The access log of a decision listener: its lines are about the requests that were asked about.

    Args:
        access: the gateway's.
    """

    def __init__(self, access: AccessLog) -> None:
        super().__init__()
        self._access = access
        self._about: dict[str, Asked] = {}
        self._answered: dict[str, tuple[int, int]] = {}
        self._left_out: set[str] = set()

    def note(self, id: str, asked: Asked) -> None:  # noqa: A002 - the word of the house
        """Remember what an ask was about, until its line is written."""
        self._about[id] = asked

    def answered(self, id: str, status: int, sent: int) -> None:  # noqa: A002 - the word of the house
        """Remember what the caller is told, where that is not what the ask is answered with."""
        self._answered[id] = status, sent

    def leave_out(self, id: str) -> None:  # noqa: A002 - the word of the house
        """Write no line: the ask is about no request."""
        self._left_out.add(id)

    def write(self, ended: Ended) -> None:
        """Add the line of one ask."""
        if ended.id in self._left_out:
            self._left_out.discard(ended.id)
            return
        about = self._about.pop(ended.id, None)
        if about is not None:
            ended.method, ended.target, ended.address = about.method, about.target, about.address
            ended.host = about.authority.decode("latin-1").lower()
        if self._answered:
            ended.status, ended.sent = self._answered.pop(ended.id, (ended.status, ended.sent))
        self._access.write(ended)


class Decisions:
    """What stands between a decision listener and the gateway.

    Args:
        gateway: decides, and tells in place of forwarding.
        name: of the listener.
        dialect: its name, for the log.
        read: the dialect.
        longest: octets that a target may have.
        limits: of the caller's head, where the edge has not seen it.
        forwarded: how the proxies tell certificates, or None when nobody has one.

    Attributes:
        access, asked: where each request gets its line.
    """

    def __init__(
        self,
        gateway: Handler,
        *,
        name: str,
        dialect: str,
        read: Reader,
        longest: int,
        limits: ListenerLimits | None = None,
        forwarded: Forwarded | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.asked = AskedLog(gateway.access)
        self.access: AccessLog = self.asked
        self._gateway = gateway
        self._facts = {"listener": name, "dialect": dialect}
        self._read = read
        self._longest = longest
        self._limits = limits
        self._forwarded = forwarded
        self._clock = clock
        self._told = -_QUIET

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Decide what is asked; raises the GatewayError that it ends with."""
        asked = self._understood(request)
        self.asked.note(request.id, asked)
        if asked.brief:
            return self._briefly(asked, request, answer)
        if asked.explain:
            tell_again(asked.refused, request.record)
            return self._decide(asked, request, OnlyRefusals(answer, request.record))
        return self._decide(asked, request, answer)

    def _decide(self, asked: Asked, request: Request, answer: Answer) -> Awaitable[None]:
        if self._limits is not None:
            check_size(asked.headers, self._limits)
        about = request_of(asked, request, self._longest)
        certificate = None if self._forwarded is None else self._forwarded.told(asked.certificate)
        about.peer = Peer(asked.address, certificate)
        return self._gateway.handle(about, answer)

    async def _briefly(self, asked: Asked, request: Request, answer: Answer) -> None:
        try:
            await self._decide(asked, request, answer)
        except GatewayError as error:
            refuse_briefly(request, error, answer)

    def _understood(self, request: Request) -> Asked:
        try:
            return self._read(request)
        except NotAsked as error:
            self.complain(str(error))
            raise BadRequest(f"the proxy's ask: {error}", reason=Reason.DECISION_UNREADABLE) from None

    def complain(self, why: str) -> None:
        """Say loudly that a proxy's configuration is wrong: nobody can get in by it."""
        now = self._clock()
        if now >= self._told + _QUIET:
            self._told = now
            _log.error("a proxy asks in another way than this listener understands", why=why, **self._facts)
