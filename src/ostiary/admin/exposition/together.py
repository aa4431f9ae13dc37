"""The metrics of several processes as those of one.

Counters, histograms and summaries are added up. Of a gauge, each has its own sense: what is a number of things is
added up; of what must not be overlooked the worse value counts. `process_*` stay apart, by the label `worker`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.metrics_core import Metric

ADDED: Final = frozenset(
    (
        "http_server_active_requests",
        "ostiary_connections",
        "ostiary_oauth_exchanged_tokens",
        "ostiary_token_cache_entries",
        "ostiary_upstream_connections",
        "ostiary_upstream_waiting_requests",
        "ostiary_workers",
    )
)
"""Gauges that are numbers of things: each process has its own."""

SMALLEST: Final = frozenset(
    (
        "ostiary_audit_writable",
        "ostiary_certificate_not_after_timestamp_seconds",
        "ostiary_client_certificate_not_after_timestamp_seconds",
        "ostiary_config_last_reload_success_timestamp_seconds",
        "ostiary_config_last_reload_successful",
        "ostiary_credential_expiry_timestamp_seconds",
        "ostiary_credential_fetched_timestamp_seconds",
        "ostiary_credential_usable",
        "ostiary_crl_next_update_timestamp_seconds",
        "ostiary_key_set_fetched_timestamp_seconds",
        "ostiary_key_set_keys",
        "ostiary_oauth_token_expiry_timestamp_seconds",
        "ostiary_oauth_token_usable",
        "ostiary_ready",
        "ostiary_revocations_told",
        "ostiary_shared_connected",
        "ostiary_signing_key_begun_timestamp_seconds",
        "ostiary_signing_key_expiry_timestamp_seconds",
        "ostiary_signing_key_next_timestamp_seconds",
        "ostiary_signing_key_read_timestamp_seconds",
        "ostiary_signing_key_usable",
        "ostiary_upstream_endpoint_up",
    )
)
"""Gauges of which the smallest is the one to worry about."""

LARGEST: Final = frozenset(
    (
        "ostiary_build_info",
        "ostiary_config_info",
        "ostiary_credential_version_info",
        "ostiary_crl_fetched_age_seconds",
        "ostiary_event_loop_lag_seconds",
        "ostiary_key_set_left_out",
        "ostiary_key_set_stale",
        "ostiary_key_set_void",
        "ostiary_ocsp_oldest_answer_age_seconds",
        "ostiary_revocations",
        "ostiary_revocations_compared_age_seconds",
        "ostiary_signing_key_version_info",
        "ostiary_signing_key_versions",
    )
)
"""Gauges of which the largest is the one to worry about, or which only say that there is something."""

_APART: Final = "process_"
_GROWING: Final = frozenset(("counter", "histogram", "summary"))
_Join = Callable[[float, float], float]
_Key = tuple[str, tuple[tuple[str, str], ...]]


def _add(one: float, other: float) -> float:
    return one + other


def join_of(family: Metric) -> _Join:
    """Return how two samples of a family become one."""
    if family.type in _GROWING or family.name in ADDED:
        return _add
    return min if family.name in SMALLEST else max


def together(processes: Mapping[str, Iterable[Metric]]) -> Iterator[Metric]:
    """Return the metrics of several processes as those of one; each process has a number."""
    joined: dict[str, tuple[Metric, dict[_Key, float]]] = {}
    for number, families in processes.items():
        for family in families:
            _, samples = joined.setdefault(family.name, (family, {}))
            join, apart = join_of(family), family.name.startswith(_APART)
            for sample in family.samples:
                labels = {**sample.labels, "worker": number} if apart else sample.labels
                key = (sample.name, tuple(labels.items()))
                samples[key] = join(samples[key], sample.value) if key in samples else sample.value
    for family, samples in joined.values():
        yield _written(family, samples)


def latest(tellings: Iterable[Iterable[Metric]]) -> list[Metric]:
    """Return what only ever grows, of one process that has told it several times: the last time counts."""
    joined: dict[str, tuple[Metric, dict[_Key, float]]] = {}
    for families in tellings:
        for family in growing(families):
            _, samples = joined.setdefault(family.name, (family, {}))
            for sample in family.samples:
                key = (sample.name, tuple(sample.labels.items()))
                samples[key] = max(sample.value, samples.get(key, 0.0))
    return [_written(family, samples) for family, samples in joined.values()]


def growing(families: Iterable[Metric]) -> list[Metric]:
    """Return what only ever grows: what is counted on when its process has died."""
    return [one for one in families if one.type in _GROWING and not one.name.startswith(_APART)]


def _written(like: Metric, samples: Mapping[_Key, float]) -> Metric:
    """Return a family with samples. Those of one histogram stand together, as they came."""
    family = Metric(like.name, like.documentation, like.type)
    for (name, labels), value in samples.items():
        family.add_sample(name, dict(labels), value)
    return family
