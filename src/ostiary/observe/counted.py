"""What was counted of requests, as octets and back: so that it outlives the process that has counted it.

JSON, because who reads it may be of another build. Fifty kinds of requests take a tenth of a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ostiary.observe.histogram import COARSE, FINE, Histogram
from ostiary.observe.metrics import Kind, Metrics, Series


def counted_told(metrics: Metrics) -> bytes:
    """Return what was counted, as octets."""
    told = {
        "kinds": metrics.kinds(),
        "whole": _histograms_told(metrics.whole),
        "upstream": _histograms_told(metrics.upstream),
        "overhead": _histograms_told(metrics.overhead),
        "calls": list(metrics.calls.items()),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def counted_of(octets: bytes) -> Metrics:
    """Return what `counted_told` has written.

    Raises:
        ValueError: it has not.
    """
    told, metrics = json.loads(octets), Metrics()
    for name, bounds in (("whole", COARSE), ("upstream", COARSE), ("overhead", FINE)):
        getattr(metrics, name).update(_histograms_of(told[name], bounds))
    for kind, count in told["kinds"]:
        series = metrics.series[Kind(*kind)] = Series(Histogram(), Histogram(), Histogram(FINE))
        series.requests = count
    metrics.calls.update((tuple(call), count) for call, count in told["calls"])
    return metrics


def _histograms_told(held: dict[tuple[str, ...], Histogram]) -> list[tuple[tuple[str, ...], Sequence[int], float]]:
    return [(labels, one.counts, one.total) for labels, one in held.items()]


def _histograms_of(told: list[Any], bounds: tuple[float, ...]) -> dict[tuple[str, ...], Histogram]:
    found = {}
    for labels, counts, total in told:
        if len(counts) != len(bounds) + 1:
            raise ValueError("buckets of another build")
        found[tuple(labels)] = Histogram(bounds, tuple(counts), total)
    return found
