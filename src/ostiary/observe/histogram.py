"""How long something took, counted into buckets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import Final

COARSE: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds in seconds: those that OpenTelemetry advises for HTTP, and three smaller ones before them,
because a gateway adds less than the smallest of those."""

FINE: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
"""Upper bounds in seconds for what the gateway itself takes."""


_GATHERED: Final = 32
"""Durations that are sorted into buckets at once, which takes a fifth of what it takes one by one."""


class Histogram:
    """Counts of durations. May be read in another thread than the one that counts.

    Args:
        bounds: upper bounds of the buckets, in seconds, each within its bucket.
        counts: what was counted before, one for each bound, and one for everything above.
        total: of what was counted before, in seconds.

    Attributes:
        bounds: as given.
    """

    __slots__ = ("_fresh", "_state", "bounds")

    def __init__(self, bounds: tuple[float, ...] = COARSE, counts: Sequence[int] = (), total: float = 0.0) -> None:
        self.bounds = bounds
        self._fresh: list[float] = []  # the last of the state; what the other two are is never changed
        self._state = (counts or (0,) * (len(bounds) + 1), total, self._fresh)

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._fresh.append(seconds)
        if len(self._fresh) >= _GATHERED:
            self._sort()

    def _sort(self) -> None:
        counts, total = self._read()
        fresh: list[float] = []
        self._state = (counts, total, fresh)
        self._fresh = fresh

    @property
    def counts(self) -> Sequence[int]:
        """One count for each bound, and one for everything above."""
        return self._read()[0]

    @property
    def total(self) -> float:
        """All durations together, in seconds."""
        return self._read()[1]

    def _read(self) -> tuple[Sequence[int], float]:
        before, total, gathered = self._state
        fresh, counts = sorted(gathered), list(before)
        place, bounds = 0, (*self.bounds, inf)
        for seconds in fresh:
            while seconds > bounds[place]:
                place += 1
            counts[place] += 1
        return counts, total + sum(fresh)

    def cumulative(self) -> list[tuple[str, float]]:
        """Return the buckets as Prometheus writes them: each with everything below it."""
        names = [*(repr(bound) for bound in self.bounds), "+Inf"]
        return [(name, float(count)) for name, count in zip(names, accumulate(self.counts), strict=True)]
