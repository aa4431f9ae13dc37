"""Counting what became of requests: plain integers, because it is on the data path.

`count` costs one look-up and up to three bucket searches. Requests that are alike share a `Series`; what makes
them alike comes from the configuration and from closed vocabularies, never from the caller, so that the
number of series is bounded. Prometheus' words are made of it when somebody asks, see `ostiary.admin`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ostiary.observe.ended import Ended
from ostiary.observe.histogram import FINE, Histogram

OTHER: Final = "_OTHER"
"""Any method that is not one of the nine (OpenTelemetry's word)."""

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


class Kind(NamedTuple):
    """What the requests of a series have in common.

    Attributes:
        route: its name, or None when none was found.
        listener: its name.
        method: as received; or `_OTHER`.
        status: of the answer; 0 when the caller went away before there was one.
        reason: a word of the closed vocabulary.
        upstream: its name, or None when the request did not get so far.
        answered: whether the upstream's answer reached the caller, at least its head.
        credential: the alias of what was injected, or None.
        authenticated_by: how the principal was proven, or None when nobody was.
    """

    route: str | None
    listener: str
    method: str
    status: int
    reason: str
    upstream: str | None
    answered: bool
    credential: str | None
    authenticated_by: str | None


class Series:
    """Requests of one kind. The histograms are shared by all series that differ in nothing they tell.

    Attributes:
        requests: how many.
        whole: from the end of the request's head until the answer was sent.
        upstream: from sending the head upstream until the head of the answer came, or the failure.
        overhead: from the end of the request's head until it was sent upstream.
    """

    __slots__ = ("overhead", "requests", "upstream", "whole")

    def __init__(self, whole: Histogram, upstream: Histogram, overhead: Histogram) -> None:
        self.requests = 0
        self.whole = whole
        self.upstream = upstream
        self.overhead = overhead


class Metrics:
    """Everything that is counted on the data path. One for the process; a reload does not reset it.

    Attributes:
        series: requests, by kind.
        whole: durations by (route, method, status, listener).
        upstream: durations by (upstream, method, status, failure).
        overhead: durations by (route,).
        calls: calls of gRPC that have ended with a status, by (route, status).
    """

    def __init__(self) -> None:
        self.series: dict[tuple[object, ...], Series] = {}
        self.whole: dict[tuple[str, ...], Histogram] = {}
        self.upstream: dict[tuple[str, ...], Histogram] = {}
        self.overhead: dict[tuple[str, ...], Histogram] = {}
        self.calls: dict[tuple[str, ...], int] = {}

    def count(self, ended: Ended) -> None:
        """Count one request, whatever became of it."""
        record, now = ended.record, ended.now
        principal = record.principal
        answered = record.upstream_answered
        kind = (
            record.route,
            ended.listener,
            ended.method,
            ended.status,
            record.reason._value_,  # `value` is a property in Python, and three times as slow
            record.upstream,
            answered > 0.0,
            record.credential,
            None if principal is None else principal.method,
        )
        series = self.series.get(kind)
        if series is None:
            series = self._series(Kind(*kind))
        series.requests += 1
        series.whole.observe(now - record.started)
        sent = record.upstream_started
        if sent > 0.0:
            series.overhead.observe(sent - record.started)
            series.upstream.observe((answered or now) - sent)
        if record.called is not None:  # one of gRPC's 17 codes, or none
            call = record.route or "", str(record.called)
            self.calls[call] = self.calls.get(call, 0) + 1

    @property
    def requests(self) -> int:
        """How many requests were counted."""
        return sum(series.requests for series in self.series.values())

    def kinds(self) -> list[tuple[Kind, int]]:
        """Return how many requests there were of each kind. May be asked in another thread than the one that counts."""
        return [(Kind(*key), series.requests) for key, series in list(self.series.items())]  # type: ignore[arg-type]

    def _series(self, kind: Kind) -> Series:
        """Return the series of a kind that was not seen before, or whose method is nobody's."""
        if kind.method not in _METHODS:
            kind = kind._replace(method=OTHER)
        series = self.series.get(kind)
        if series is None:
            series = self.series[kind] = self._new(kind)
        return series

    def _new(self, kind: Kind) -> Series:
        route, status = kind.route or "", str(kind.status)
        failure = "" if kind.reason == "allowed" else kind.reason
        answered = status if kind.answered else ""
        return Series(
            self.whole.setdefault((route, kind.method, status, kind.listener), Histogram()),
            self.upstream.setdefault((kind.upstream or "", kind.method, answered, failure), Histogram()),
            self.overhead.setdefault((route,), Histogram(FINE)),
        )
