"""How all workers are, together: what operators see of several processes.

Each worker is asked when somebody wants to know, and its metrics now and then in any case: what a worker had counted
when it died is counted on, so that no total ever becomes smaller: what stands in its ledger, or what it had told.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from prometheus_client.metrics_core import Metric

from ostiary.admin.encoding import health_of, health_told, metrics_of, metrics_told, undisturbed
from ostiary.admin.exposition import registry
from ostiary.admin.exposition.requests import counted_requests
from ostiary.admin.exposition.together import latest, together
from ostiary.admin.exposition.workers import workers
from ostiary.admin.health import Condition, Part
from ostiary.admin.source import Families, Health, Own, Worker
from ostiary.admin.view import View
from ostiary.keys import Document
from ostiary.observe.counted import counted_of
from ostiary.reasons import Reason
from ostiary.workers.supervisor import Supervisor
from ostiary.workers.worker import Worker as Process

_EVERY: Final = 10.0
"""Seconds after which a worker is asked for its metrics though nobody wants to know."""
_OF_ALL: Final = frozenset(("ostiary_workers", "ostiary_worker_deaths"))
_MINE: Final = frozenset(("ostiary_config_reloads", "ostiary_ready")) | _OF_ALL
"""What the supervisor alone knows: it judges each change once, and is ready when one worker is."""
_NOT_MINE: Final = frozenset(("ostiary_config_info",)) | _OF_ALL
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_SEVERITY: Final[dict[Condition, int]] = {"ok": 0, "degraded": 1, "down": 2}


class Aggregate:
    """All workers of a supervisor, as one source.

    Args:
        supervisor: whose.
        view: what the supervisor knows of itself.
    """

    def __init__(self, supervisor: Supervisor, view: View) -> None:
        self._supervisor = supervisor
        self._view = view
        self._own = Own(view)
        self._registry = registry(view)
        self._told: dict[int, tuple[Process, bytes]] = {}  # what each worker has told of its metrics last
        self._dead: list[Metric] = []  # what those that have died had counted
        self._asked = 0.0
        supervisor.gone = self._remember

    # --- health --------------------------------------------------------------------------------

    async def health(self) -> Health:
        """Return how they are: what is not well with one of them is not quite well."""
        own = await self._own.health()
        told = [(one, health_of(answer) if answer else None) for one, answer in await self._ask("health")]
        parts = joined(health.parts for _, health in told if health is not None)
        each = tuple(
            Worker(one.number, one.process.pid, health.state if health else None, health.digest if health else "")
            for one, health in told
        )
        found = (*own.parts, *parts, *themselves(each, own.digest))
        return Health(self._view.state, found, own.digest, each)

    # --- metrics -------------------------------------------------------------------------------

    async def metrics(self) -> Families:
        """Return what all of them have counted, and what those had that have died."""
        await self._gather()
        return self

    async def keep(self) -> None:
        """Ask for metrics now and then, until it is cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            if time.monotonic() > self._asked + _EVERY / 2:
                await self._gather()

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of all of them, as they were gathered last. Takes a while; in whatever thread."""
        own = [one for one in self._registry.collect() if one.name not in _NOT_MINE]
        every = list(self._supervisor.workers.values())
        serving = sum(worker.serving for worker in every)
        told = workers(serving, len(every) - serving, self._supervisor.deaths)
        processes: dict[str, list[Metric]] = {"0": [*own, *told]}
        for number, (_, answer) in sorted(self._told.items()):
            processes[str(number)] = [one for one in metrics_of(answer) if one.name not in _MINE]
        return together({**processes, "dead": self._dead})

    async def _gather(self) -> None:
        self._asked = time.monotonic()
        for process, answer in await self._ask("metrics"):
            if answer and process.serving:  # what died meanwhile is counted already
                self._told[process.number] = process, answer

    def _remember(self, worker: Process) -> None:
        """Count on what a worker had counted that is gone."""
        known, told = self._told.get(worker.number, (None, b""))
        tellings: list[Iterable[Metric]] = []
        if known is worker:
            del self._told[worker.number]
            tellings.append(metrics_of(told))
        if worker.beside:
            tellings.append(metrics_of(worker.beside))
        if worker.counted:
            tellings.append(counted_requests(counted_of(worker.counted)))
        self._dead = list(together({"before": self._dead, "now": latest(tellings)}))

    # --- configuration -------------------------------------------------------------------------

    async def config(self) -> dict[str, Any]:
        """Return the configuration of the first worker that answers, and which one each of them has."""
        answers = {process.number: json.loads(answer) for process, answer in await self._ask("config") if answer}
        shown = next(iter(answers.values()), None) or await self._own.config()
        return {**shown, "workers": {str(number): one["digest"] for number, one in answers.items()}}

    # --- requests --------------------------------------------------------------------------------

    async def decision(self, request_id: str) -> dict[str, Any] | None:
        """Return what any of them has in its log of one of its last requests."""
        if not _ID.fullmatch(request_id):
            return None
        found = (answer for _, answer in await self._ask(f"decision:{request_id}") if answer)
        return next(map(json.loads, found), None)

    async def explain(self, document: Any) -> dict[str, Any] | None:
        """Return what the first worker that answers says of a request: they all have the same configuration."""
        asked = b64encode(json.dumps(document).encode()).decode()
        for _, process in sorted(self._supervisor.workers.items()):
            if answer := await process.ask(f"explain:{asked}"):
                told: dict[str, Any] = json.loads(answer)
                return told
        return None

    async def published(self, path: str) -> Document | None:
        """Return what the first worker that answers publishes of our keys: they all have the same."""
        asked = b64encode(path.encode()).decode()
        found = (answer for _, answer in await self._ask(f"published:{asked}") if answer)
        return next((Document.of(json.loads(answer)) for answer in found), None)

    async def _ask(self, what: str) -> list[tuple[Process, bytes | None]]:
        processes = [process for _, process in sorted(self._supervisor.workers.items())]
        return list(zip(processes, await asyncio.gather(*(one.ask(what) for one in processes)), strict=True))


async def tell(own: Own, what: str) -> bytes:
    """Answer a question of the supervisor's, as a worker."""
    kind, _, more = what.partition(":")
    match kind:
        case "health":
            return health_told(await own.health())
        case "metrics":
            return await asyncio.to_thread(undisturbed, metrics_told, await own.metrics())
        case "config":
            return json.dumps(await own.config()).encode()
        case "decision" | "explain" | "published":
            return _written(await _document(own, kind, more))
        case _:
            return b""


async def _document(own: Own, kind: str, more: str) -> dict[str, Any] | None:
    match kind:
        case "decision":
            return await own.decision(more)
        case "explain":
            return await own.explain(json.loads(b64decode(more)))
    found = await own.published(b64decode(more).decode())
    return None if found is None else found.as_json()


def _written(document: dict[str, Any] | None) -> bytes:
    return b"" if document is None else json.dumps(document).encode()


def joined(told: Iterable[Sequence[Part]]) -> list[Part]:
    """Return the parts of several processes as those of one: down is what is down for each of them.

    A process that has no such part counts for nothing. The reason is that of the worst.
    """
    found: dict[tuple[str, str], list[Part]] = {}
    for parts in told:
        for part in parts:
            found.setdefault((part.kind, part.name), []).append(part)
    return [_joined(parts) for parts in found.values()]


def _joined(parts: Sequence[Part]) -> Part:
    worst = max(parts, key=lambda part: _SEVERITY[part.condition])
    alike = all(part.condition == worst.condition for part in parts)
    return worst if alike else replace(worst, condition="degraded")


def themselves(each: Iterable[Worker], digest: str) -> Iterator[Part]:
    """Return the workers as parts: one that does not answer is missing, one with another configuration is behind."""
    for worker in each:
        if worker.state is None:
            yield Part("worker", str(worker.number), "down", Reason.WORKER_MISSING)
        elif worker.digest != digest:
            yield Part("worker", str(worker.number), "degraded", Reason.WORKER_BEHIND)
        else:
            yield Part("worker", str(worker.number), "ok")
