"""A condition that is tried out: judged for every request, logged and counted, and enforced for none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from ostiary.errors import Forbidden, GatewayError
from ostiary.model import Principal, Request, Rule

_log = structlog.get_logger("ostiary.authz")
_PAUSE: Final = 1.0


class ShadowRule:
    """Asks a rule, and lets everybody pass.

    The log has one line a second at most, with how many there were since the last.

    Args:
        rule: the rule.
        route: the route's name.
        kind: what the rule is called in the file.
        clock: seconds, monotonic.

    Attributes:
        judged: how often it was asked.
        refused: how often it would have refused.
    """

    __slots__ = ("_clock", "_kind", "_next", "_route", "_rule", "_told", "judged", "refused")

    def __init__(self, rule: Rule, route: str, kind: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._rule = rule
        self._route = route
        self._kind = kind
        self._clock = clock
        self._next = 0.0
        self._told = 0
        self.judged = 0
        self.refused = 0

    def check(self, principal: Principal, request: Request) -> None:
        """Return, whatever the rule says."""
        self.judged += 1
        refusal = self.refusal(principal, request)
        if refusal is not None:
            self.refused += 1
            self._tell(refusal, principal, request)

    def refusal(self, principal: Principal, request: Request) -> Forbidden | None:
        """Return what the rule would refuse a request with, or None; this counts for nothing."""
        try:
            self._rule.check(principal, request)
        except Forbidden as error:
            return error
        return None

    def _tell(self, error: GatewayError, principal: Principal, request: Request) -> None:
        now = self._clock()
        if now < self._next:
            return
        self._next, since, self._told = now + _PAUSE, self.refused - self._told, self.refused
        _log.info(
            "would be refused", route=self._route, rule=self._kind, reason=str(error.reason), why=error.detail,
            subject=principal.subject[:64], request=request.id, since=since, of=self.judged,
        )  # fmt: skip
