"""Connections, on both sides."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge, histogram
from ostiary.admin.view import Open, View
from ostiary.listener.handshake import ABANDONED
from ostiary.observe.histogram import Histogram
from ostiary.reasons import Reason
from ostiary.upstream import AnyPool


def connections(view: View) -> Iterator[Metric]:
    """Return what is told of connections."""
    yield from _downstream(view.listeners)
    yield from _handshakes(view.listeners)
    yield from _upstream(view.upstreams, time.monotonic())


def _downstream(listeners: Sequence[Open]) -> Iterator[Metric]:
    label = ("listener",)
    open_ = [((one.place.name,), float(one.connections)) for one in listeners]
    yield gauge("ostiary_connections", "Open connections from callers.", label, open_)
    active = [((one.place.name,), float(len(one.under_way()))) for one in listeners]
    yield gauge("http_server_active_requests", "Requests under way.", label, active)
    refused = [((one.place.name, str(Reason.OVERLOADED)), float(one.refused)) for one in listeners]
    yield counter("ostiary_connections_refused", "Connections beyond a limit.", ("listener", "reason"), refused)


def _handshakes(listeners: Sequence[Open]) -> Iterator[Metric]:
    known = [(one.place.name, one.place.tls.handshakes) for one in listeners if one.place.tls is not None]
    rows = [((name, "success", ""), float(sum(tally.took.counts))) for name, tally in known]
    for name, tally in known:
        for reason, count in list(tally.refused.items()):
            outcome = "abandoned" if reason == ABANDONED else "failure"
            rows.append(((name, outcome, "" if reason == ABANDONED else reason), float(count)))
    labels = ("listener", "outcome", "reason")
    yield counter("ostiary_tls_handshakes", "TLS handshakes, by what became of them.", labels, rows)
    took: dict[tuple[str, ...], Histogram] = {(name,): tally.took for name, tally in known}
    text = "How long completed TLS handshakes took."
    yield histogram("ostiary_tls_handshake_duration_seconds", text, ("listener",), took)


def _upstream(pools: Sequence[AnyPool], now: float) -> Iterator[Metric]:
    known = [(pool.name, endpoint) for pool in pools for endpoint in pool.endpoints(now)]
    states: dict[tuple[str, ...], float] = {}
    for name, endpoint in known:
        for state in ("idle", "busy", "connecting"):
            key = (name, state)
            states[key] = states.get(key, 0.0) + getattr(endpoint, state)
    text = "Connections to upstreams, by what they do."
    yield gauge("ostiary_upstream_connections", text, ("upstream", "state"), states.items())
    waiting = [((pool.name,), float(pool.waiting)) for pool in pools]
    yield gauge("ostiary_upstream_waiting_requests", "Requests that wait for a connection.", ("upstream",), waiting)
    up = [((name, endpoint.name), float(endpoint.up)) for name, endpoint in known]
    text = "0 for a moment after an endpoint could not be reached."
    yield gauge("ostiary_upstream_endpoint_up", text, ("upstream", "endpoint"), up)
    repeated = [((pool.name, str(Reason.UPSTREAM_CLOSED)), float(pool.repeated)) for pool in pools]
    text = "Requests that were sent once more, because a kept connection lost them."
    yield counter("ostiary_upstream_retries", text, ("upstream", "reason"), repeated)
