"""What Ostiary is to reach, beside what it has reached: ratios first, since only they travel between machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final, TypeVar

from benchmarks.results import Results
from benchmarks.rounds import times

OURS: Final = ("ostiary", "ostiary-pure")
"""Which of our peers is held to the targets: the first that was measured."""
_MIB: Final = 1 << 20
_KIB: Final = 1 << 10

Figure = Callable[[Results], float | None]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Target:
    """One bound.

    Attributes:
        what: is measured.
        most: what it may be at most.
        unit: of both; "x" is a ratio.
        figure: what it is; None when the run cannot say.
    """

    what: str
    most: float
    unit: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured; None is not measured."""

    target: Target
    measured: float | None

    @property
    def word(self) -> str:
        """Met, missed, or not measured."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.target.most else "missed"


def _ours(by_peer: Mapping[str, Thing]) -> Thing | None:
    """Return what is known of Ostiary."""
    return next((by_peer[name] for name in OURS if name in by_peer), None)


def _cpu(workload: str, peer: str) -> Figure:
    """CPU per request, beside that of a peer in the same workload."""
    return _beside(workload, peer, "microseconds")


def _beside(workload: str, peer: str, field: str) -> Figure:
    def figure(results: Results) -> float | None:
        samples = results.samples.get(workload, {})
        ours, theirs = _ours(samples), samples.get(peer)
        return times(ours, theirs, field) if ours and theirs else None

    return figure


def _against(workload: str, base: str) -> Figure:
    """CPU per request, beside our own in another workload."""

    def figure(results: Results) -> float | None:
        some, others = (_ours(results.samples.get(name, {})) for name in (workload, base))
        return times(some, others) if some and others else None

    return figure


def _resident(results: Results) -> float | None:
    samples = _ours(results.samples.get("W1", {}))
    return median(one.resident for one in samples) / _MIB if samples else None


def _each(results: Results) -> float | None:
    held = _ours(results.held)
    return held.each / _KIB if held else None


def _beyond_the_signature(results: Results) -> float | None:
    seen = results.first_sight
    return seen.ours - seen.raw if seen else None


TARGETS: Final = (
    Target("W1, CPU per request beside nginx", 2.0, "x", _cpu("W1", "nginx")),
    Target("W1, CPU per request beside Envoy", 0.6, "x", _cpu("W1", "envoy")),
    Target("W1M beside W1", 1.3, "x", _against("W1M", "W1")),
    Target("W2 beside nginx", 1.0, "x", _cpu("W2", "nginx")),
    Target("W2 beside Envoy", 0.75, "x", _cpu("W2", "envoy")),
    Target("W3 beside nginx", 1.1, "x", _cpu("W3", "nginx")),
    Target("W4 beside nginx", 0.9, "x", _cpu("W4", "nginx")),
    Target("R2 beside R1", 1.05, "x", _against("R2", "R1")),
    Target("first sight of a token, beyond the signature", 60, "us", _beyond_the_signature),
    Target("W1, p99 at 64 connections, beside Envoy", 1.0, "x", _beside("W1", "envoy", "p99")),
    Target("LAT, p50 beside Envoy", 1.0, "x", _beside("LAT", "envoy", "p50")),
    Target("LAT, p99 beside Envoy", 1.0, "x", _beside("LAT", "envoy", "p99")),
    Target("resident memory of a worker under W1", 64, "MiB", _resident),
    Target("an idle TLS connection, 5 000 held", 60, "KiB", _each),
)


def verdicts(results: Results) -> list[Verdict]:
    """Return every target with what this run says of it."""
    return [Verdict(target, target.figure(results)) for target in TARGETS]
