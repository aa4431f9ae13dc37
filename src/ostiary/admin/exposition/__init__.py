"""What was counted, in Prometheus' words.

Names, labels and buckets follow Prometheus' conventions (base units, `_total`, moments instead of ages) and, for the
two HTTP histograms, OpenTelemetry's. Everything is read when somebody asks; nothing here runs while requests
are served. Labels come from the configuration and from closed vocabularies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ostiary.admin.exposition.certificates import certificates
from ostiary.admin.exposition.connections import connections
from ostiary.admin.exposition.gateway import gateway
from ostiary.admin.exposition.issued import issued
from ostiary.admin.exposition.keys import keys
from ostiary.admin.exposition.requests import requests, shadows
from ostiary.admin.exposition.rooms import rooms
from ostiary.admin.exposition.shared import shared
from ostiary.admin.exposition.together import growing
from ostiary.admin.exposition.tokens import tokens
from ostiary.admin.exposition.workers import alone
from ostiary.admin.view import View

__all__ = ["CHAPTERS", "Beside", "registry"]

CHAPTERS: Final[tuple[Callable[[View], Iterable[Metric]], ...]] = (
    requests,
    shadows,
    tokens,
    connections,
    certificates,
    rooms,
    shared,
    keys,
    issued,
    gateway,
    alone,
)


class _ViewCollector(Collector):
    def __init__(self, view: View) -> None:
        self._view = view

    def describe(self) -> Iterable[Metric]:
        """Say nothing: what is collected depends on the configuration, which may change."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        for chapter in CHAPTERS:
            yield from chapter(self._view)


class Beside:
    """What only ever grows, but for requests, which are counted apart (`ostiary.observe.counted`).

    Args:
        view: where it is read.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    def collect(self) -> list[Metric]:
        """Read it."""
        return growing(one for chapter in CHAPTERS if chapter is not requests for one in chapter(self._view))


def registry(view: View) -> CollectorRegistry:
    """Return what `/metrics` is written from."""
    own = CollectorRegistry(auto_describe=False)
    own.register(_ViewCollector(view))
    ProcessCollector(registry=own)
    return own
