"""The audit log's file: append only, one chain across restarts and rotations.

Lines are gathered for a moment and written together. When they cannot be written, they are kept and tried
again; with `on_failure: deny` no request is let through meanwhile, because nobody would know of it. A line
that was begun is finished before anything else.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from ostiary.errors import ConfigError, Overloaded
from ostiary.observe.audit.chain import PREVIOUS, RESUMED, SEQUENCE, Link, digest_of, sealed, verify
from ostiary.observe.audit.event import Event, of_log, of_request, stamped
from ostiary.observe.ended import Ended
from ostiary.reasons import Reason

log = structlog.get_logger("ostiary.audit")

_PAUSE: Final = 0.05
_AGAIN: Final = 0.5
_MOST: Final = 50_000
"""Events that wait for a file that cannot be written."""
_TAIL: Final = 64 << 10
_HEALTH: Final = frozenset((b"/livez", b"/healthz", b"/readyz"))


class AuditLog:
    """One file.

    Args:
        path: where it is.
        deny: whether requests are refused while it cannot be written.

    Attributes:
        path, deny: as above; a reload may change `deny`.
        config: the digest of the configuration in use; each event bears it.
        broken: whether it cannot be written.
        lost: events that were too many to be kept.
        claims: names of the claims that are told of a principal.
    """

    def __init__(self, path: Path, *, deny: bool) -> None:
        self.config = ""
        self.broken = False
        self.lost = 0
        self.claims: tuple[str, ...] = ()
        self.path = path
        self.deny = deny
        self._descriptor = -1
        self._torn = False  # the file ends in the middle of a line
        self._end = Link()
        self._events: deque[Event] = deque()
        self._unwritten = b""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Open the file, and find the end of its chain. To be called where events will happen: in the loop.

        Raises:
            ConfigError: it cannot be opened, or holds something else.
        """
        self._loop = asyncio.get_running_loop()
        try:
            self._descriptor = _append_to(self.path)
            self._resume(_tail(self.path))
        except OSError as error:
            raise ConfigError(f"audit > path: {self.path}: {error.strerror}") from error

    def check(self) -> None:
        """Return when a request may be let through.

        Raises:
            Overloaded: nobody would know of it.
        """
        if self.broken and self.deny:
            raise Overloaded("the audit log cannot be written", reason=Reason.AUDIT_UNAVAILABLE, retry_after=1)

    def request(self, ended: Ended) -> None:
        """Take a request that has ended. Who asks whether we live is not worth a line."""
        if ended.listener == "admin" and ended.target.partition(b"?")[0] in _HEALTH:
            return
        self._add(of_request(ended, self.claims))

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take an event of the log, if it is one of ours. In whatever thread."""
        event = of_log(told)
        if event is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._add, event)

    def close(self) -> None:
        """Write what is left, and let go of the file."""
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._loop = None

    def succeed(self, before: AuditLog) -> None:
        """Go on in the place of another file: with its chain, where this one is new, and with what it could not write.

        Args:
            before: to be closed afterwards.
        """
        before.flush()
        if not before._unwritten and self._end == Link():
            self._end = before._end
        self._events.extendleft(reversed(before._take()))
        self.lost += before.lost
        if self._events and self._timer is None:
            self._arm(_PAUSE)

    def _take(self) -> list[Event]:
        """Return what was not written, for another file. A line that was begun stays torn, and counts as lost."""
        lines = self._unwritten.splitlines()
        self.lost += self._torn
        events = [json.loads(line) for line in lines[self._torn :]]
        left = [{name: said for name, said in one.items() if name not in {SEQUENCE, PREVIOUS}} for one in events]
        left += self._events
        self._unwritten = b""
        self._events.clear()
        return left

    def flush(self) -> None:
        """Write what was gathered; what cannot be written is tried again."""
        self._timer = None
        self._seal()
        try:
            while self._unwritten:
                written = os.write(self._descriptor, self._unwritten)
                self._torn = not self._unwritten[:written].endswith(b"\n")
                self._unwritten = self._unwritten[written:]
        except OSError as error:
            self._fail(error)
            self._arm(_AGAIN)
            return
        if self.broken:
            self.broken = False
            log.warning("the audit log is written again", lost=self.lost)
        with suppress(OSError):
            self._follow()

    def _add(self, event: Event) -> None:
        if len(self._events) >= _MOST:
            self.lost += 1
            return
        self._events.append({**event, "ostiary.config": self.config})
        if self._timer is None:
            self._arm(_PAUSE)

    def _arm(self, pause: float) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(pause, self.flush)

    def _seal(self) -> None:
        """Make lines of what was gathered, once what was begun is written."""
        if self._unwritten:
            return
        lines: list[bytes] = []
        while self._events:
            line, self._end = sealed(self._events.popleft(), self._end)
            lines.append(line)
        if self.lost and lines:
            event = stamped("audit-lost", "failure", ["configuration"], {"ostiary.lost": self.lost})
            line, self._end = sealed(event, self._end)
            lines.append(line)
            self.lost = 0
        self._unwritten = b"".join(lines)

    def _fail(self, error: OSError) -> None:
        if not self.broken:
            self.broken = True
            meanwhile = "requests are refused" if self.deny else "requests go on"
            log.error("the audit log cannot be written", detail=error.strerror, meanwhile=meanwhile)

    def _follow(self) -> None:
        """Go on in a new file where the old one was moved away; the chain goes on, too."""
        with suppress(FileNotFoundError):
            if os.stat(self.path).st_ino == os.fstat(self._descriptor).st_ino:  # noqa: PTH116 - beside fstat
                return
        fresh = _append_to(self.path)
        os.close(self._descriptor)
        self._descriptor = fresh

    def _resume(self, tail: bytes) -> None:
        *_, last, torn = [b"", b"", *tail.split(b"\n")]
        if last or not torn:
            verdict = verify([last] if last else [])
            if verdict.faults:
                raise ConfigError(f"audit > path: {self.path}: its last line is no line of an audit log")
            self._end = verdict.last
        if torn:
            event = stamped(RESUMED, "success", ["configuration"], {})
            line, self._end = sealed(event, Link(self._end.sequence, digest_of(torn)))
            self._unwritten = b"\n" + line
            self.flush()


def _append_to(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _tail(path: Path) -> bytes:
    """Return the last lines of a file, whole ones but for the first."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL))
        return file.read()
