"""Metrics from (labels, value) rows: one line for each family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    SummaryMetricFamily,
)

from ostiary.observe.histogram import Histogram

Row = tuple[tuple[str, ...], float]


def counter(name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> CounterMetricFamily:
    """Return a counter. Rows of the same labels are added up."""
    family = CounterMetricFamily(name, text, labels=labels)
    together: dict[tuple[str, ...], float] = {}
    for values, value in rows:
        together[values] = together.get(values, 0.0) + value
    for values, value in together.items():
        family.add_metric(values, value)
    return family


def gauge(name: str, text: str, labels: tuple[str, ...], rows: Iterable[Row]) -> GaugeMetricFamily:
    """Return a gauge. Of rows of the same labels the largest counts."""
    family = GaugeMetricFamily(name, text, labels=labels)
    largest: dict[tuple[str, ...], float] = {}
    for values, value in rows:
        largest[values] = max(value, largest.get(values, value))
    for values, value in largest.items():
        family.add_metric(values, value)
    return family


def histogram(
    name: str, text: str, labels: tuple[str, ...], held: Mapping[tuple[str, ...], Histogram]
) -> HistogramMetricFamily:
    """Return a histogram; those that nothing was counted in are left out."""
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, one in list(held.items()):
        buckets = one.cumulative()
        if buckets[-1][1]:
            family.add_metric(values, buckets, one.total)
    return family


def summary(
    name: str, text: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], int, float]]
) -> SummaryMetricFamily:
    """Return how often, and how long all together."""
    family = SummaryMetricFamily(name, text, labels=labels)
    for values, count, total in rows:
        family.add_metric(values, count, total)
    return family
