"""The Grafana dashboard, made from a list of questions: each has a title, a unit, and one query or more.

`tools/generate.py` writes it to `deploy/grafana/ostiary.json`. A test asks a running gateway for every metric
and every label that stands here.
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any, NamedTuple

_RATE = "$__rate_interval"
_REQUESTS = "http_server_request_duration_seconds"
_JOB = 'job=~"$job"'
SHARES = {"half of them": 0.5, "9 of 10": 0.9, "99 of 100": 0.99}


def rate(metric: str, by: str, where: str = "") -> str:
    """Return how many there are in a second, summed by labels."""
    labels = ",".join(part for part in (_JOB, where) if part)
    return f"sum by ({by}) (rate({metric}{{{labels}}}[{_RATE}]))"


def quantile(share: float, metric: str, by: str = "") -> str:
    """Return how long a share of them took at most."""
    together = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(metric + '_bucket', together)})"


def gauge(metric: str, where: str = "") -> str:
    """Return a gauge as it is."""
    return f"{metric}{{{','.join(part for part in (_JOB, where) if part)}}}"


def until(metric: str) -> str:
    """Return how many seconds are left."""
    return f"{gauge(metric)} - time()"


def since(metric: str) -> str:
    """Return how many seconds ago."""
    return f"time() - {gauge(metric)}"


def hits() -> str:
    """Return the share of tokens that were known from before."""
    known = rate("ostiary_token_cache_requests_total", "job", 'result="hit"')
    return f"{known} / {rate('ostiary_token_cache_requests_total', 'job')}"


def failed_reloads() -> str:
    """Return how many configurations were not taken."""
    failures = gauge("ostiary_config_reloads_total", 'outcome="failure"')
    return f"increase({failures}[{_RATE}])"


def mean(metric: str, by: str) -> str:
    """Return how long one of them took on average."""
    return f"{rate(metric + '_sum', by)} / {rate(metric + '_count', by)}"


class Panel(NamedTuple):
    """One question: its title, its unit, and queries by the legend of their lines."""

    title: str
    unit: str
    queries: dict[str, str]


REQUESTS = [
    Panel("Requests by route", "reqps", {"{{http_route}}": rate(f"{_REQUESTS}_count", "http_route")}),
    Panel(
        "Requests by status",
        "reqps",
        {"{{http_response_status_code}}": rate(f"{_REQUESTS}_count", "http_response_status_code")},
    ),
    Panel(
        "Why requests were refused",
        "reqps",
        {"{{reason}}": rate("ostiary_decisions_total", "reason", 'decision!="allow"')},
    ),
    Panel("How long requests took", "s", {name: quantile(share, _REQUESTS) for name, share in SHARES.items()}),
    Panel(
        "Of that, the gateway's share",
        "s",
        {name: quantile(share, "ostiary_overhead_seconds") for name, share in SHARES.items()},
    ),
    Panel(
        "Of that, upstreams until the head of their answer",
        "s",
        {"p99 {{upstream}}": quantile(0.99, "http_client_request_duration_seconds", "upstream")},
    ),
    Panel(
        "Calls of gRPC by status",
        "reqps",
        {"{{http_route}} {{grpc_status}}": rate("ostiary_grpc_calls_total", "http_route, grpc_status")},
    ),
]
CALLERS = [
    Panel(
        "Evidence that proved nobody",
        "reqps",
        {"{{method}} {{reason}}": rate("ostiary_authentications_total", "method, reason", 'outcome!="success"')},
    ),
    Panel("Tokens known from before", "percentunit", {"hits": hits()}),
    Panel(
        "TLS handshakes that failed",
        "ops",
        {
            "{{listener}} {{outcome}} {{reason}}": rate(
                "ostiary_tls_handshakes_total", "listener, outcome, reason", 'outcome!="success"'
            )
        },
    ),
    Panel(
        "How long handshakes took",
        "s",
        {"p99 {{listener}}": quantile(0.99, "ostiary_tls_handshake_duration_seconds", "listener")},
    ),
]
SECRETS = [
    Panel("Age of key sets", "s", {"{{issuer}}": since("ostiary_key_set_fetched_timestamp_seconds")}),
    Panel(
        "Fetches of key sets that failed",
        "ops",
        {"{{issuer}}": rate("ostiary_key_set_fetches_total", "issuer", 'outcome="failure"')},
    ),
    Panel("Age of credentials", "s", {"{{credential}}": since("ostiary_credential_fetched_timestamp_seconds")}),
    Panel(
        "Credentials that upstreams refused",
        "reqps",
        {"{{credential}}": rate("ostiary_credential_rejections_total", "credential")},
    ),
    Panel("Age of the versions that sign", "s", {"{{key}}": since("ostiary_signing_key_begun_timestamp_seconds")}),
    Panel("Keys: time left", "s", {"{{key}}": until("ostiary_signing_key_expiry_timestamp_seconds")}),
    Panel(
        "Signatures and unwrapped keys",
        "ops",
        {"{{key}} {{operation}} {{outcome}}": rate("ostiary_signing_key_operations_total", "key, operation, outcome")},
    ),
    Panel(
        "How long they took",
        "s",
        {"{{key}} {{operation}}": mean("ostiary_signing_key_operation_duration_seconds", "key, operation")},
    ),
    Panel(
        "Certificates: time left", "s", {"{{role}} {{name}}": until("ostiary_certificate_not_after_timestamp_seconds")}
    ),
    Panel(
        "Clients' certificates: time left",
        "s",
        {"{{subject}}": until("ostiary_client_certificate_not_after_timestamp_seconds")},
    ),
    Panel("Revocation lists: time left", "s", {"{{name}}": until("ostiary_crl_next_update_timestamp_seconds")}),
]
UPSTREAMS = [
    Panel(
        "Failures by kind",
        "reqps",
        {
            "{{upstream}} {{error_type}}": rate(
                "http_client_request_duration_seconds_count", "upstream, error_type", 'error_type!=""'
            )
        },
    ),
    Panel(
        "Connections",
        "short",
        {"{{upstream}} {{state}}": f"sum by (upstream, state) ({gauge('ostiary_upstream_connections')})"},
    ),
    Panel("Requests that wait for a connection", "short", {"{{upstream}}": gauge("ostiary_upstream_waiting_requests")}),
    Panel(
        "Endpoints that are down",
        "short",
        {"{{upstream}} {{endpoint}}": f"1 - {gauge('ostiary_upstream_endpoint_up')}"},
    ),
]
_PROCESS = "{{instance}} {{worker}}"  # several workers are told apart, one has no number
ITSELF = [
    Panel("Ready", "bool", {"{{instance}}": gauge("ostiary_ready")}),
    Panel("Callers' connections", "short", {"{{listener}}": gauge("ostiary_connections")}),
    Panel(
        "Beyond a limit",
        "reqps",
        {
            "{{limit}}": rate("ostiary_rejected_total", "limit"),
            "connections of {{listener}}": rate("ostiary_connections_refused_total", "listener"),
        },
    ),
    Panel("Event loop: the longest delay", "s", {"{{instance}}": gauge("ostiary_event_loop_lag_seconds")}),
    Panel("Processor", "percentunit", {_PROCESS: f"rate({gauge('process_cpu_seconds_total')}[{_RATE}])"}),
    Panel("Memory", "bytes", {_PROCESS: gauge("process_resident_memory_bytes")}),
    Panel("Processes", "short", {"{{instance}} {{state}}": gauge("ostiary_workers")}),
    Panel("Configurations not taken", "short", {"{{instance}}": failed_reloads()}),
]
ROWS = {
    "Requests": REQUESTS,
    "Who is calling": CALLERS,
    "Keys, credentials, certificates": SECRETS,
    "Upstreams": UPSTREAMS,
    "The gateway itself": ITSELF,
}
WIDTH, HEIGHT = 8, 8


def dashboard() -> str:
    """Return the dashboard as Grafana reads it."""
    ids, y = count(1), 0
    panels: list[dict[str, Any]] = []
    for title, row in ROWS.items():
        panels.append({"type": "row", "id": next(ids), "title": title, "gridPos": _place(0, y, 24, 1), "panels": []})
        for position, panel in enumerate(row):
            place = _place(position % 3 * WIDTH, y + 1 + position // 3 * HEIGHT, WIDTH, HEIGHT)
            panels.append(_panel(next(ids), panel, place))
        y += 1 + -(-len(row) // 3) * HEIGHT
    return json.dumps(_frame(panels), indent=2) + "\n"


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    targets = [
        {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend, "datasource": source}
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "type": "timeseries",
        "id": number,
        "title": panel.title,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


def _frame(panels: list[dict[str, Any]]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    jobs = {
        "name": "job", "type": "query", "datasource": source, "query": "label_values(ostiary_build_info, job)",
        "includeAll": True, "multi": True, "refresh": 2, "allValue": ".+",
    }  # fmt: skip
    return {
        "uid": "ostiary",
        "title": "Ostiary",
        "tags": ["ostiary"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "timezone": "utc",
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}, jobs]},
        "panels": panels,
    }
