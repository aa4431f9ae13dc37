"""Who hears of every request: the audit log, and whoever sends spans; where the configuration wants them.

A reload may bring either, take it away, or put another one in its place. What is new is opened first, which may
fail; then both are exchanged from one request to the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

from ostiary.admin.redact import digest
from ostiary.config.loaded import Loaded
from ostiary.config.schema import AuditSpec
from ostiary.observe.access import AccessLog
from ostiary.observe.audit.stream import AuditLog
from ostiary.observe.export import Exporter, exporter_of
from ostiary.observe.log import hearing


@asynccontextmanager
async def observed(access: AccessLog, loaded: Loaded, *, worker: int | None = None) -> AsyncIterator[Observers]:
    """Tell them of every request while the block runs. What they have not written or sent is, at the end.

    Args:
        access: what is told of each request.
        loaded: the configuration.
        worker: the number of this process, where there are several: each has an audit file, and a chain, of its own.

    Raises:
        ConfigError: the file cannot be opened or holds something else, or OpenTelemetry is not installed.
    """
    observers = Observers(access, worker)
    with observers.changing(loaded):
        pass
    with hearing(observers.hear):
        try:
            yield observers
        finally:
            await observers.aclose()


class Observers:
    """The audit log and the exporter of spans, or neither.

    Args:
        access: what is told of each request.
        worker: the number of this process, where there are several.
    """

    def __init__(self, access: AccessLog, worker: int | None) -> None:
        self._access = access
        self._worker = worker
        self._audit: AuditLog | None = None
        self._exporter: Exporter | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    def hear(self, told: Mapping[str, Any]) -> None:
        """Take an event of the log. In whatever thread."""
        if self._audit is not None:
            self._audit.hear(told)

    @contextmanager
    def changing(self, loaded: Loaded) -> Iterator[None]:
        """Prepare what a configuration says. It holds once the block has ended well.

        Raises:
            ConfigError: it cannot work as configured; nothing has changed.
        """
        with ExitStack() as undone:
            audit = self._audit_of(loaded)
            if audit is not None and audit is not self._audit:
                undone.callback(audit.close)
            exporter = exporter_of(loaded.spec.tracing, self._exporter)
            if exporter is not None and exporter is not self._exporter:
                undone.callback(exporter.spans.close)
            yield
            undone.pop_all()
        self._access.tell(loaded.spec.log.claims)
        self._exchange_audit(audit, loaded)
        self._exchange_exporter(exporter)

    async def aclose(self) -> None:
        """Write and send what is left."""
        self._exchange_exporter(None)
        await asyncio.gather(*self._leaving)
        audit, self._audit, self._access.audit = self._audit, None, None
        if audit is not None:
            audit.close()

    def _audit_of(self, loaded: Loaded) -> AuditLog | None:
        spec = loaded.spec.audit
        if spec is None:
            return None
        path = loaded.folder / _name(spec, self._worker)
        if self._audit is not None and self._audit.path == path:
            return self._audit
        audit = AuditLog(path, deny=spec.on_failure == "deny")
        audit.open()
        return audit

    def _exchange_audit(self, fresh: AuditLog | None, loaded: Loaded) -> None:
        before, self._audit, self._access.audit = self._audit, fresh, fresh
        if fresh is not None and loaded.spec.audit is not None:
            fresh.deny = loaded.spec.audit.on_failure == "deny"
            fresh.config = digest(loaded)
            fresh.claims = loaded.spec.log.claims
        if before is not None and before is not fresh:
            if fresh is not None:
                fresh.succeed(before)
            before.close()

    def _exchange_exporter(self, fresh: Exporter | None) -> None:
        before, self._exporter = self._exporter, fresh
        self._access.spans = None if fresh is None else fresh.spans
        if before is not None and before is not fresh:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(before.spans.close))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


def _name(spec: AuditSpec, worker: int | None) -> str:
    return spec.path if worker is None else f"{spec.path}.{worker}"
