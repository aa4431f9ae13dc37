"""Tokens that were verified before, and the keys that verify them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge, summary
from ostiary.admin.view import View


def tokens(view: View) -> Iterator[Metric]:
    """Return what is told of tokens and keys."""
    memories = view.tokens
    hits, misses = sum(one.hits for one in memories), sum(one.misses for one in memories)
    rows = [(("hit",), float(hits)), (("miss",), float(misses))]
    yield counter("ostiary_token_cache_requests", "Look-ups of tokens that were verified before.", ("result",), rows)
    size = [((), float(sum(map(len, memories))))]
    yield gauge("ostiary_token_cache_entries", "Verified tokens in memory.", (), size)
    evicted = [((), float(sum(one.evictions for one in memories)))]
    yield counter("ostiary_token_cache_evictions", "Verified tokens that had to make room.", (), evicted)
    yield from _keys(view, time.time())


def _keys(view: View, now: float) -> Iterator[Metric]:
    known = [((issuer.name,), issuer.facts()) for issuer in view.issuers]
    label = ("issuer",)
    yield gauge(
        "ostiary_key_set_fetched_timestamp_seconds", "When the key set in use was asked for.", label,
        ((name, now - facts.age) for name, facts in known if facts.age is not None),
    )  # fmt: skip
    yield gauge("ostiary_key_set_keys", "Keys that verify.", label, ((name, facts.keys) for name, facts in known))
    yield gauge(
        "ostiary_key_set_left_out",
        "Members of the key set that are not used: weak, private, for something else. The log says why.",
        label,
        ((name, float(sum(facts.dropped.values()))) for name, facts in known),
    )
    yield gauge(
        "ostiary_key_set_stale", "1 when the key set is older than the configuration wants.", label,
        ((name, float(facts.stale)) for name, facts in known),
    )  # fmt: skip
    yield gauge(
        "ostiary_key_set_void", "1 when there is no key set that may be used: its tokens end with 503.", label,
        ((name, float(facts.void)) for name, facts in known),
    )  # fmt: skip
    fetched = [((*name, "success"), float(facts.fetches - facts.failures)) for name, facts in known]
    failed = [((*name, "failure"), float(facts.failures)) for name, facts in known]
    yield counter("ostiary_key_set_fetches", "Fetches of key sets.", ("issuer", "outcome"), [*fetched, *failed])
    took = [(name, facts.fetches, facts.seconds) for name, facts in known]
    yield summary("ostiary_key_set_fetch_duration_seconds", "How long fetches of key sets took.", label, took)
    unknown = [(name, float(facts.unknown)) for name, facts in known]
    yield counter(
        "ostiary_unknown_key_ids", "Tokens that named a key which their issuer does not have.", label, unknown
    )
