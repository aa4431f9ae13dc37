"""The access log: one JSON line for each request, whatever became of it.

Written by hand, because it is on the data path. Every string that a caller may have chosen is
escaped; nothing here is a secret: no query, no header, no claim but subject and tenant.
"""

from __future__ import annotations

import asyncio
import os
import time
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

import structlog

from ostiary.model import Record
from ostiary.observe.metrics import Metrics

log = structlog.get_logger("ostiary.observe")

_PAUSE: Final = 0.05
"""Seconds for which lines are gathered before they are written."""
_LONGEST: Final = 2048
"""Octets of a path or method that are logged."""
_BEHIND: Final = 4 << 20
"""Octets that wait for a reader who is behind."""


def decision(status: int) -> str:
    """Return the verdict in one word: did the gateway let it pass, refuse it, or fail to tell?"""
    return "deny" if status < 500 else "error"  # noqa: PLR2004 - where server errors begin


class AccessLog:
    """Gathers lines and writes them to a file descriptor; None keeps silent.

    Attributes:
        metrics: counts each request as well, if there is one.
        dropped: lines that were lost because their reader was behind.
    """

    def __init__(self, descriptor: int | None = None, metrics: Metrics | None = None) -> None:
        self.metrics = metrics
        self.dropped = 0
        self._descriptor = descriptor
        self._lines: list[str] = []
        self._second = 0
        self._stamp = ""

    def _time(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int((now - second) * 1000):03d}Z"

    def write(
        self,
        record: Record,
        *,
        id: str,  # noqa: A002 - the word of the house
        method: str,
        target: bytes,
        host: str,
        address: str,
        status: int,
        sent: int,
        now: float,
        listener: str = "",
    ) -> None:
        """Add the line of one request.

        Args:
            record: what the rooms noted down.
            id: request id.
            method: as received.
            target: as received; what follows a `?` is left out.
            host: canonical, or "" when the head was refused before it was known.
            address: the caller's.
            status: of the answer; 0 when the caller went away before there was one.
            sent: octets of content.
            now: the loop's clock, seconds.
            listener: the name of the one it came through.
        """
        if self.metrics is not None:
            self.metrics.count(record, listener=listener, method=method, status=status, now=now)
        if self._descriptor is None:
            return
        allowed = record.upstream_answered > 0.0
        principal = record.principal
        path = target.partition(b"?")[0][:_LONGEST].decode("latin-1")
        line = (
            f'{{"time":"{self._time()}","id":"{id}","decision":"{"allow" if allowed else decision(status)}",'
            f'"status":{status},"reason":"{record.reason.value}","method":{quoted(method[:_LONGEST])},'
            f'"host":{quoted(host)},"path":{quoted(path)},"address":{quoted(address)},'
            f'"route":{quoted(record.route) if record.route else "null"},"sent":{sent},'
            f'"duration_ms":{(now - record.started) * 1000:.3f}'
        )
        parts = [line]
        if principal is not None:
            parts.append(
                f',"subject":{quoted(principal.subject)},"issuer":{quoted(principal.issuer)},'
                f'"authenticated_by":"{principal.method}"'
            )
            if principal.tenant is not None:
                parts.append(f',"tenant":{quoted(principal.tenant)}')
        if record.upstream is not None:
            parts.append(f',"upstream":{quoted(record.upstream)},"endpoint":{quoted(record.endpoint or "")}')
            if allowed:
                parts.append(f',"upstream_ms":{(record.upstream_answered - record.upstream_started) * 1000:.3f}')
        if record.credential is not None:
            parts.append(
                f',"credential":{quoted(record.credential)},'
                f'"credential_version":{quoted(record.credential_version or "")}'
            )
        if record.detail:
            parts.append(f',"detail":{quoted(record.detail[:_LONGEST])}')
        parts.append("}\n")
        self._add("".join(parts))

    def _add(self, line: str) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(_PAUSE, self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        """Write what was gathered.

        A reader that went away ends the log, not the gateway. One that is behind, on a descriptor
        that does not block, gets the rest later; what it is behind by is bounded.
        """
        if not self._lines or self._descriptor is None:
            return
        data = "".join(self._lines).encode()
        self._lines.clear()
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except BlockingIOError:
            self._keep(data)
        except OSError as error:
            log.warning("the access log has ended", detail=error.strerror)
            self._descriptor = None

    def _keep(self, data: bytes) -> None:
        """Keep what could not be written yet; beyond the bound, whole lines are dropped, and it is said."""
        if len(data) > _BEHIND:
            end = data.find(b"\n", _BEHIND) + 1
            lines = data.count(b"\n", end)
            self.dropped += lines
            log.warning("lines of the access log dropped: their reader is behind", lines=lines)
            data = data[:end]
        self._add(data.decode())
