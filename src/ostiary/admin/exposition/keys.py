"""The keys that we sign, decrypt and connect with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge, summary
from ostiary.admin.view import View
from ostiary.keys import Ring, RingState

_LABEL: Final = ("key",)
_MOMENTS: Final[tuple[tuple[str, str, Callable[[RingState], float | None]], ...]] = (
    ("begun", "When the version that signs began, where whoever keeps it tells.", lambda state: state.begun),
    ("next", "When a newer version is to sign, where one waits.", lambda state: state.turn),
    ("expiry", "Until when versions sign if nothing is done; not told without an end.", lambda state: state.ends),
)


def keys(view: View) -> Iterator[Metric]:
    """Return what is told of our keys."""
    known = [((ring.alias,), ring.state) for ring in view.rings]
    yield gauge(
        "ostiary_signing_key_usable", "0 when no version signs: what needs the key ends with 503.", _LABEL,
        ((alias, float(state.version is not None)) for alias, state in known),
    )  # fmt: skip
    yield gauge(
        "ostiary_signing_key_version_info", "The version that signs.", ("key", "version", "kid", "alg"),
        (
            ((*alias, state.version.id, state.version.kid, state.version.alg), 1.0)
            for alias, state in known
            if state.version is not None
        ),
    )  # fmt: skip
    text = "Versions of a key: the one that signs, others that are published, and those that are neither."
    rows = [((*alias, word), float(count)) for alias, state in known for word, count in state.counts.items()]
    yield gauge("ostiary_signing_key_versions", text, ("key", "state"), rows)
    for name, text, moment in _MOMENTS:
        at = [(alias, found) for alias, state in known if (found := moment(state)) is not None]
        yield gauge(f"ostiary_signing_key_{name}_timestamp_seconds", text, _LABEL, at)
    yield from _keepers(view.rings)


def _keepers(rings: Sequence[Ring]) -> Iterator[Metric]:
    """Return what is told of whoever keeps the private halves."""
    now = time.time()
    yield gauge(
        "ostiary_signing_key_read_timestamp_seconds", "When the versions in use were asked for.", _LABEL,
        (((ring.alias,), now - ring.age) for ring in rings if ring.age is not None),
    )  # fmt: skip
    asked = [((ring.alias, operation), one) for ring in rings for operation, one in ring.tally.asked.items()]
    words = {True: "success", False: "failure"}
    yield counter(
        "ostiary_signing_key_operations", "Signatures, and keys of tokens unwrapped, as their keeper was asked.",
        ("key", "operation", "outcome"),
        (((*names, words[good]), float(count)) for names, one in asked for good, count in one.outcomes.items()),
    )  # fmt: skip
    yield summary(
        "ostiary_signing_key_operation_duration_seconds", "How long keepers took to answer, or not to.",
        ("key", "operation"), ((names, sum(one.outcomes.values()), one.seconds) for names, one in asked),
    )  # fmt: skip
