"""What `/readyz` says."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from ostiary.admin.source import Health
from ostiary.reasons import Reason

_WHY_NOT: Final = {"starting": "the listeners are not open yet", "draining": str(Reason.STOPPING)}


def report(health: Health, *, verbose: bool) -> tuple[int, dict[str, Any]]:
    """Return status and content of `/readyz`."""
    if health.state != "ready":
        return 503, {"status": health.state, "reason": _WHY_NOT[health.state]}
    failing = [part.told() for part in health.parts if part.condition != "ok"]
    content: dict[str, Any] = {"status": "degraded" if failing else "ready", "degraded": failing}
    if verbose:
        content["parts"] = [part.told() for part in health.parts]
        if health.workers:
            content["workers"] = [asdict(worker) for worker in health.workers]
    return 200, content
