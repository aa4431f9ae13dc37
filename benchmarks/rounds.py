"""Alternating rounds, and what their samples amount to: medians, ratios, spread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median

from benchmarks.measure import Contestant, Sample


def alternate(
    contestants: list[Contestant], rounds: int, take: Callable[[Contestant], Sample]
) -> dict[str, list[Sample]]:
    """Take `rounds` samples of each peer in turn, every other round backwards, so that drift hits all alike."""
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants if number % 2 == 0 else reversed(contestants):
            samples[contestant.name].append(take(contestant))
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
    """Return how many times the CPU of `base` a peer needs: the median of the ratios within each round."""
    if base not in samples:
        return None
    pairs = zip(samples[name], samples[base], strict=True)
    return median(one.microseconds / other.microseconds for one, other in pairs)


def spread(samples: list[Sample]) -> float:
    """Return how far the rounds lie apart: (largest - smallest) / median of the CPU per request."""
    values = [one.microseconds for one in samples]
    return (max(values) - min(values)) / median(values)
