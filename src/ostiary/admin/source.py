"""Where the admin pages have it from: of this process alone, or of all workers together (`ostiary.workers`)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition import registry
from ostiary.admin.health import Part, parts
from ostiary.admin.redact import digest, shown
from ostiary.admin.view import State, View
from ostiary.keys import Document


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several processes.

    Attributes:
        number: which one, from 1.
        pid: its process id.
        state: whether requests may be sent to it; None: it does not answer.
        digest: of the configuration that it serves.
    """

    number: int
    pid: int
    state: State | None
    digest: str


@dataclass(frozen=True, slots=True)
class Health:
    """How it is.

    Attributes:
        state: whether requests may be sent here.
        parts: what it depends on.
        digest: of the configuration in use.
        workers: the processes, where there are several.
    """

    state: State
    parts: tuple[Part, ...]
    digest: str
    workers: tuple[Worker, ...] = ()


class Families(Protocol):
    """Metrics, as they are written down."""

    def collect(self) -> Iterable[Metric]:
        """Return them. May take a while; in whatever thread."""


class Source(Protocol):
    """What the pages are made of."""

    async def health(self) -> Health:
        """Return how it is."""

    async def metrics(self) -> Families:
        """Return what was counted."""

    async def config(self) -> dict[str, Any]:
        """Return the configuration in use, every secret left out."""

    async def decision(self, request_id: str) -> dict[str, Any] | None:
        """Return what the access log has of one of the last requests, or None."""

    async def explain(self, document: Any) -> dict[str, Any] | None:
        """Return what would become of a request (`ostiary.explain.running`); None: nobody can tell now."""

    async def published(self, path: str) -> Document | None:
        """Return what is published of our keys at a path; None: nothing. Without content it cannot be known now."""


Explain: TypeAlias = Callable[[Any], Awaitable[dict[str, Any] | None]]
"""Explains a request by what serves."""


async def nobody(_: Any) -> None:
    """Explain nothing."""


class Own:
    """What this process knows of itself.

    Args:
        view: what is looked at.
        explain: explains a request by what serves.
    """

    def __init__(self, view: View, explain: Explain = nobody) -> None:
        self._explain = explain
        self._view = view
        self._registry = registry(view)

    async def health(self) -> Health:
        """Return how it is."""
        view = self._view
        found = tuple(parts(view, asyncio.get_running_loop().time(), time.time()))
        return Health(view.state, found, digest(view.loaded))

    async def metrics(self) -> Families:
        """Return what was counted; it is read when it is collected."""
        return self._registry

    async def config(self) -> dict[str, Any]:
        """Return the configuration in use, every secret left out."""
        loaded = self._view.loaded
        files = {"file": str(loaded.path), "overlays": [str(path) for path in loaded.overlays]}
        return {**files, "digest": digest(loaded), "config": shown(loaded)}

    async def decision(self, request_id: str) -> dict[str, Any] | None:
        """Return what the access log has of one of the last requests, or None."""
        line = self._view.access.find(request_id)
        found: dict[str, Any] | None = None if line is None else json.loads(line)
        return found

    async def published(self, path: str) -> Document | None:
        """Return what is published of our keys at a path, or None."""
        publication = self._view.publication
        return None if publication is None else await publication.shown(path)

    async def explain(self, document: Any) -> dict[str, Any] | None:
        """Return what would become of a request."""
        return await self._explain(document)
