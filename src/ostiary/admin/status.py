"""What the status page says, as data: `/status.json`. A function of what the other pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from prometheus_client.metrics_core import Metric

from ostiary import __version__
from ostiary.admin.source import Health

Rows = list[tuple[Mapping[str, str], float]]

_REASONS: Final = 15
"""Reasons that are told, the most frequent first."""
_ENDS: Final = 20
"""Certificates that are told, the soonest first."""
_P99: Final = 0.99


class Samples:
    """Metrics, by the names of their samples."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._found: dict[str, Rows] = {}
        for family in families:
            for sample in family.samples:
                self._found.setdefault(sample.name, []).append((sample.labels, sample.value))

    def rows(self, name: str, **labels: str) -> Rows:
        """Return the samples of a name that have these labels."""
        wanted = labels.items()
        return [(its, value) for its, value in self._found.get(name, ()) if wanted <= dict(its).items()]

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum of those samples."""
        return sum(value for _, value in self.rows(name, **labels))

    def one(self, name: str, **labels: str) -> float | None:
        """Return the first of those samples, or None."""
        found = self.rows(name, **labels)
        return found[0][1] if found else None


def status(health: Health, config: Mapping[str, Any], samples: Samples, now: float) -> dict[str, Any]:
    """Return the facts.

    Args:
        health: how it is.
        config: what `/config` says.
        samples: what `/metrics` says.
        now: seconds since the epoch.
    """
    return {
        "version": __version__,
        "state": health.state,
        "at": now,
        "started": samples.one("process_start_time_seconds"),
        "configuration": {
            "file": config["file"],
            "digest": health.digest,
            "read": samples.one("ostiary_config_last_reload_success_timestamp_seconds"),
            "last_change_taken": samples.one("ostiary_config_last_reload_successful") != 0,
        },
        "degraded": [part.told() for part in health.parts if part.condition != "ok"],
        "workers": [asdict(worker) for worker in health.workers],
        "requests": _requests(samples),
        "refused": _refused(samples),
        "routes": [_route(one, samples) for one in config["config"].get("routes", ())],
        "issuers": list(_issuers(samples)),
        "credentials": list(_credentials(samples)),
        "keys": list(_keys(samples)),
        "upstreams": list(_upstreams(samples)),
        "certificates": _certificates(samples),
    }


def _requests(samples: Samples) -> dict[str, Any]:
    name = "ostiary_decisions_total"
    decisions = {one: samples.sum(name, decision=one) for one in ("allow", "deny", "error")}
    active, connections = samples.sum("http_server_active_requests"), samples.sum("ostiary_connections")
    return {**decisions, "under_way": active, "connections": connections}


def _refused(samples: Samples) -> list[dict[str, Any]]:
    counts: dict[str, float] = {}
    for labels, count in samples.rows("ostiary_decisions_total"):
        if labels["decision"] != "allow":
            counts[labels["reason"]] = counts.get(labels["reason"], 0.0) + count
    most = sorted(counts.items(), key=lambda one: -one[1])[:_REASONS]
    return [{"reason": reason, "count": count} for reason, count in most]


def _route(route: Mapping[str, Any], samples: Samples) -> dict[str, Any]:
    name = str(route.get("name"))
    answered = samples.rows("http_server_request_duration_seconds_count", http_route=name)
    classes = {f"{first}xx": sum(n for labels, n in answered if _class(labels) == first) for first in "2345"}
    return {
        "name": name,
        "match": route.get("match"),
        "requests": sum(count for _, count in answered),
        **classes,
        "p99_seconds": quantile(samples.rows("http_server_request_duration_seconds_bucket", http_route=name), _P99),
    }


def _class(labels: Mapping[str, str]) -> str:
    return labels["http_response_status_code"][:1]


def quantile(buckets: Rows, share: float) -> float | None:
    """Return the bound that this share of requests is within, in seconds; None where none was, or none is finite."""
    counts: dict[float, float] = {}
    for labels, count in buckets:
        bound = float(labels["le"])
        counts[bound] = counts.get(bound, 0.0) + count
    whole = counts.get(float("inf"), 0.0)
    within = (bound for bound in sorted(counts) if counts[bound] >= share * whole)
    found = next(within, None) if whole else None
    return None if found is None or found == float("inf") else found


def _issuers(samples: Samples) -> Iterator[dict[str, Any]]:
    for labels, keys in samples.rows("ostiary_key_set_keys"):
        fetched = samples.one("ostiary_key_set_fetched_timestamp_seconds", **labels)
        old, void = (samples.one(f"ostiary_key_set_{word}", **labels) for word in ("stale", "void"))
        yield {"name": labels["issuer"], "keys": keys, "fetched": fetched, "stale": bool(old), "void": bool(void)}


def _credentials(samples: Samples) -> Iterator[dict[str, Any]]:
    for labels, usable in samples.rows("ostiary_credential_usable"):
        versions = [its["version"] for its, _ in samples.rows("ostiary_credential_version_info", **labels)]
        fetched = samples.one("ostiary_credential_fetched_timestamp_seconds", **labels)
        yield {"name": labels["credential"], "usable": bool(usable), "versions": versions, "fetched": fetched}


def _keys(samples: Samples) -> Iterator[dict[str, Any]]:
    for labels, usable in samples.rows("ostiary_signing_key_usable"):
        versions = [its["version"] for its, _ in samples.rows("ostiary_signing_key_version_info", **labels)]
        moments = {
            name: samples.one(f"ostiary_signing_key_{name}_timestamp_seconds", **labels) for name in ("next", "expiry")
        }
        yield {"name": labels["key"], "usable": bool(usable), "versions": versions, **moments}


def _upstreams(samples: Samples) -> Iterator[dict[str, Any]]:
    for labels, up in samples.rows("ostiary_upstream_endpoint_up"):
        yield {"name": labels["upstream"], "endpoint": labels["endpoint"], "up": bool(up)}


def _certificates(samples: Samples) -> list[dict[str, Any]]:
    rows = samples.rows("ostiary_certificate_not_after_timestamp_seconds")
    ends: list[dict[str, Any]] = [{"role": labels["role"], "name": labels["name"], "ends": at} for labels, at in rows]
    lists = samples.rows("ostiary_crl_next_update_timestamp_seconds")
    ends += [{"role": "revocation-list", "name": labels["name"], "ends": at} for labels, at in lists]
    return sorted(ends, key=lambda one: one["ends"])[:_ENDS]
