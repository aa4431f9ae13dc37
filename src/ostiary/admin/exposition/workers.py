"""The processes that share the work."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge
from ostiary.admin.view import View


def alone(view: View) -> Iterator[Metric]:
    """Return what is told of a process that shares the work with nobody."""
    ready = view.state == "ready"
    yield from workers(int(ready), int(not ready), 0)


def workers(serving: int, missing: int, deaths: int) -> Iterator[Metric]:
    """Return what is told of workers.

    Args:
        serving: how many serve.
        missing: how many should, and do not.
        deaths: how many have died.
    """
    rows = [(("serving",), float(serving)), (("missing",), float(missing))]
    yield gauge("ostiary_workers", "Processes that share the work, or do all of it.", ("state",), rows)
    yield counter("ostiary_worker_deaths", "Workers that died and were started anew.", (), [((), float(deaths))])
