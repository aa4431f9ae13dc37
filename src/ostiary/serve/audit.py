"""The audit log, where the configuration wants one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ostiary.admin.redact import digest
from ostiary.config.load import Loaded
from ostiary.observe.access import AccessLog
from ostiary.observe.audit.stream import AuditLog
from ostiary.observe.log import hearing


@contextmanager
def audited(access: AccessLog, loaded: Loaded, *, worker: int | None = None) -> Iterator[AuditLog | None]:
    """Write down who did what, while the block runs. To be entered in the loop, before a gateway is compiled.

    Args:
        access: what is told of each request.
        loaded: the configuration.
        worker: the number of this process, where there are several: each has a file, and a chain, of its own.

    Raises:
        ConfigError: the file cannot be opened, or holds something else.
    """
    spec = loaded.spec.audit
    if spec is None:
        yield None
        return
    path = loaded.folder / (spec.path if worker is None else f"{spec.path}.{worker}")
    audit = AuditLog(path, deny=spec.on_failure == "deny")
    audit.config = digest(loaded)
    audit.open()
    access.audit = audit
    with hearing(audit.hear):
        try:
            yield audit
        finally:
            access.audit = None
            audit.close()
