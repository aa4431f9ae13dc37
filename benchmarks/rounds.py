"""Alternating rounds, and what their samples amount to: medians, ratios, spread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from benchmarks.errors import BenchmarkFailed
from benchmarks.measure import Contestant, Sample
from benchmarks.workloads import Workload

Pair = tuple[Contestant, Workload]


def alternate(
    pairs: list[Pair], rounds: int, take: Callable[[Pair], Sample], give_up: Callable[[Pair, BenchmarkFailed], None]
) -> dict[Pair, list[Sample]]:
    """Take `rounds` samples of each pair in turn, every other round backwards, so that drift hits all alike.

    A pair that fails once is out, and told to `give_up` with the reason.
    """
    samples: dict[Pair, list[Sample]] = {pair: [] for pair in pairs}
    for number in range(rounds):
        for pair in tuple(samples) if number % 2 == 0 else tuple(reversed(samples)):
            try:
                samples[pair].append(take(pair))
            except BenchmarkFailed as failure:
                del samples[pair]
                give_up(pair, failure)
    return samples


def middle(samples: Iterable[Sample]) -> Sample:
    """Return the medians, field by field."""
    taken = list(samples)
    return Sample(
        **{
            name: median(getattr(one, name) for one in taken)
            for name in ("microseconds", "rate", "p50", "p99", "busy", "foreign")
        },
        resident=int(median(one.resident for one in taken)),
    )


def ratio(samples: Mapping[str, list[Sample]], name: str, base: str) -> float | None:
    """Return how many times the CPU of `base` a peer needs; None when there is no such base."""
    return times(samples[name], samples[base]) if name in samples and base in samples else None


def times(some: list[Sample], others: list[Sample], field: str = "microseconds") -> float:
    """Return how many times a figure of some samples that of others is: the median of the ratios within each round."""
    pairs = zip(some, others, strict=True)
    return float(median(getattr(one, field) / getattr(other, field) for one, other in pairs))


def spread(samples: list[Sample]) -> float:
    """Return how far the rounds lie apart: (largest - smallest) / median of the CPU per request."""
    values = [one.microseconds for one in samples]
    return (max(values) - min(values)) / median(values)
