"""How long something took, counted into buckets."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final

COARSE: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds in seconds: those that OpenTelemetry advises for HTTP, and three smaller ones before them,
because a gateway adds less than the smallest of those."""

FINE: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Upper bounds in seconds for what the gateway itself takes."""


class Histogram:
    """Counts of durations.

    Attributes:
        bounds: upper bounds of the buckets, in seconds, each within its bucket.
        counts: one count for each bound, and one for everything above.
        total: all durations together, in seconds.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...] = COARSE) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Return the buckets as Prometheus writes them: each with everything below it."""
        names = [*(repr(bound) for bound in self.bounds), "+Inf"]
        return [(name, float(count)) for name, count in zip(names, accumulate(self.counts), strict=True)]
