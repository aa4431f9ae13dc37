"""The access log: one JSON line for each request, whatever became of it.

Written by hand, because it is on the data path. Every string that a caller may have chosen is
escaped; nothing here is a secret: no query, no header, no claim but subject and tenant.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import deque
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, Final, Protocol

import structlog

from ostiary.model import Principal, Record
from ostiary.observe.claims import told
from ostiary.observe.ended import Ended
from ostiary.observe.metrics import Metrics
from ostiary.remember import MANY, TEXT, Remembered

log = structlog.get_logger("ostiary.observe")

_PAUSE: Final = 0.05
"""Seconds for which lines are gathered before they are written."""
_LONGEST: Final = 2048
"""Octets of a path that are logged."""
_METHOD: Final = 64
"""Characters of a method that are logged."""
_RECENT: Final = 1000
"""Lines that operators may ask for again."""
_REMEMBERED: Final = 1024
"""Principals whose words are remembered."""
_BEHIND: Final = 4 << 20
"""Octets that wait for a reader who is behind, or for room on a disk."""
_AGAIN: Final = 1.0
"""Seconds after which it is tried again to write what cannot be written."""


_THOUSANDTHS: Final = tuple(f".{number:03d}" for number in range(1000))
_NUMBERS: Final = tuple(map(str, range(1000)))


def _ms(seconds: float) -> str:
    """Return milliseconds, with three digits behind the point. Formatting a float would take five times as long."""
    microseconds = int(seconds * 1e6 + 0.5)
    whole = microseconds // 1000
    return (_NUMBERS[whole] if whole < len(_NUMBERS) else str(whole)) + _THOUSANDTHS[microseconds % 1000]


def decision(status: int) -> str:
    """Return the verdict in one word: did the gateway let it pass, refuse it, or fail to tell?"""
    return "deny" if status < 500 else "error"  # noqa: PLR2004 - where server errors begin


def _path(target: bytes) -> str:
    return quoted(target.partition(b"?")[0].decode("latin-1"))


def _say_facts(facts: tuple[Any, ...]) -> str:
    """Return what the requests of one kind have in common."""
    (allowed, status, reason, method, route), upstream, endpoint, credential, version = facts
    verdict = f'"decision":"{"allow" if allowed else decision(status)}","status":{status},"reason":"{reason}"'
    parts = [verdict, f'"method":{quoted(method)},"route":{quoted(route) if route else "null"}']
    if upstream is not None:
        parts.append(f'"upstream":{quoted(upstream)},"endpoint":{quoted(endpoint or "")}')
    if credential is not None:
        parts.append(f'"credential":{quoted(credential)},"credential_version":{quoted(version or "")}')
    return ",".join(parts)


def _describe(principal: Principal) -> str:
    tenant = "" if principal.tenant is None else f',"tenant":{quoted(principal.tenant)}'
    return (
        f',"subject":{quoted(principal.subject)},"issuer":{quoted(principal.issuer)},'
        f'"authenticated_by":"{principal.method}"{tenant}'
    )


_FACTS: Final = Remembered(_say_facts, MANY)
_QUOTED: Final = Remembered(quoted)
_PATHS: Final = Remembered(_path, MANY, TEXT)


class SpanSink(Protocol):
    """Takes requests whose trace is recorded."""

    def add(self, ended: Ended) -> None:
        """Take one that has ended."""


class AuditSink(Protocol):
    """Takes every request.

    Attributes:
        broken: whether it cannot write it down.
    """

    broken: bool

    def check(self) -> None:
        """Return when a request may be let through; raise the GatewayError that it ends with otherwise."""

    def request(self, ended: Ended) -> None:
        """Take one that has ended."""


class AccessLog:
    """Gathers lines and writes them to a file descriptor; None keeps silent.

    Args:
        descriptor: where they go.
        metrics: counts each request as well, if there is one.
        turn: a descriptor whose lock is held while lines are written, where several processes write to one place.

    Attributes:
        metrics: counts each request as well, if there is one.
        spans: takes each request whose trace is recorded, if there is one.
        audit: takes each request, if there is one, and says whether one may be let through.
        dropped: lines that were lost because their reader was behind or gone, or a disk was full.
        claims: names of the claims that are told of a principal.
    """

    def __init__(
        self, descriptor: int | None = None, metrics: Metrics | None = None, *, turn: int | None = None
    ) -> None:
        self.metrics = metrics
        self.spans: SpanSink | None = None
        self.audit: AuditSink | None = None
        self.dropped = 0
        self.claims: tuple[str, ...] = ()
        self._descriptor = descriptor
        self._turn = turn
        self._lines: list[str] = []
        self._kept = 0
        self._failing = False
        self._recent: deque[str] = deque(maxlen=_RECENT)
        self._principals: dict[int, tuple[Principal, str]] = {}
        self._second = self._millisecond = 0
        self._day = self._stamp = ""

    def _time(self) -> str:
        """Return the time of day; many requests end within the same millisecond."""
        now = int(time.time() * 1000)
        if now != self._millisecond:
            self._millisecond = now
            second = now // 1000
            if second != self._second:
                self._second = second
                self._day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._stamp = f"{self._day}{_THOUSANDTHS[now % 1000]}Z"
        return self._stamp

    def write(self, ended: Ended) -> None:
        """Add the line of one request; tell whoever else wants to know of it."""
        record = ended.record
        if self.metrics is not None:
            self.metrics.count(ended)
        if self.spans is not None and record.trace is not None and record.trace.sampled:
            self.spans.add(ended)
        if self.audit is not None:
            self.audit.request(ended)
        if self._descriptor is not None:
            self._add(self._line(ended, record))

    def _line(self, ended: Ended, record: Record) -> str:
        allowed = record.upstream_answered > 0.0
        reason = record.reason._value_  # `value` is a property, and slow
        kind = allowed, ended.status, reason, ended.method[:_METHOD], record.route
        facts = _FACTS.of((kind, record.upstream, record.endpoint, record.credential, record.credential_version))
        waited = f',"upstream_ms":{_ms(record.upstream_answered - record.upstream_started)}' if allowed else ""
        detail = f',"detail":{quoted(record.detail[:_LONGEST])}' if record.detail else ""
        trace = "" if record.trace is None else f',"trace_id":"{record.trace.id}"'
        called = "" if record.called is None else f',"grpc_status":{record.called}'
        sent_as = "" if record.rewritten is None else f',"upstream_path":{_PATHS.of(record.rewritten[:_LONGEST])}'
        return (
            f'{{"time":"{self._time()}","id":"{ended.id}",{facts},"host":{_QUOTED.of(ended.host)},'
            f'"path":{_PATHS.of(ended.target[:_LONGEST])}{sent_as},"address":{_QUOTED.of(ended.address)}{self._who(record.principal)},'
            f'"sent":{ended.sent},"duration_ms":{_ms(ended.now - record.started)}{waited}{called}{trace}{detail}}}\n'
        )

    def _who(self, principal: Principal | None) -> str:
        """Return what is said of a principal; principals are immutable, and most come again."""
        if principal is None:
            return ""
        known = self._principals.get(id(principal))
        if known is not None:  # what is held here keeps its identity
            return known[1]
        if len(self._principals) >= _REMEMBERED:
            self._principals.clear()
        said = _describe(principal) + self._claims(principal)
        self._principals[id(principal)] = principal, said
        return said

    def _claims(self, principal: Principal) -> str:
        found = told(principal, self.claims)
        return f',"claims":{json.dumps(found, separators=(",", ":"))}' if found else ""

    def tell(self, claims: tuple[str, ...]) -> None:
        """Tell these claims of a principal from now on."""
        self.claims = claims
        self._principals.clear()

    def _add(self, line: str, pause: float = _PAUSE) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(pause, self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        """Write what was gathered.

        Who is behind, on a descriptor that does not block, gets the rest later, and so does a disk that was full;
        what waits is bounded. For a reader that went away nothing waits: what cannot be written is counted.
        """
        if not self._lines or self._descriptor is None:
            return
        data = "".join(self._lines).encode()
        self._recent.extend(self._lines[self._kept :])
        self._kept = 0
        self._lines.clear()
        if self._turn is not None:
            os.lockf(self._turn, os.F_LOCK, 0)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            self._written()
        except OSError as error:
            self._keep(data, error)
        finally:
            if self._turn is not None:
                os.lockf(self._turn, os.F_ULOCK, 0)

    def _written(self) -> None:
        if self._failing:
            log.warning("the access log is written again", dropped=self.dropped)
            self._failing = False

    def _keep(self, data: bytes, error: OSError) -> None:
        """Keep what could not be written yet; beyond the bound, whole lines are dropped, and it is said."""
        behind = isinstance(error, BlockingIOError)
        if not behind and not self._failing:
            log.error("the access log cannot be written", detail=error.strerror)
            self._failing = True
        bound = 0 if isinstance(error, BrokenPipeError) else _BEHIND
        if len(data) > bound:
            end = data.find(b"\n", bound) + 1
            lines = data.count(b"\n", end)
            self.dropped += lines
            data = data[:end]
            if lines and behind:
                log.warning("lines of the access log dropped: their reader is behind", lines=lines)
        self._add(data.decode(), _PAUSE if behind else _AGAIN)
        self._kept = 1  # which has been said before

    def find(self, request_id: str) -> str | None:
        """Return the line of one of the last requests, or None."""
        wanted = f',"id":{quoted(request_id)},'
        lines = (*self._recent, *self._lines[self._kept :])
        return next((line for line in reversed(lines) if wanted in line), None)
