"""When certificates and revocation lists end."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge
from ostiary.admin.view import View
from ostiary.listener.publication import Publication

_LIST = "revocation-list"


def certificates(view: View) -> Iterator[Metric]:
    """Return what is told of ends. Of several of one name the last counts: the others are its predecessors."""
    known = [(one.place.name, one.place.tls) for one in view.listeners if one.place.tls is not None]
    ends = [(f"{name} {end.name}", end) for name, tls in known for end in tls.ends]
    yield gauge(
        "ostiary_certificate_not_after_timestamp_seconds", "When a certificate in use ends.", ("role", "name"),
        (((end.kind, name), end.at) for name, end in ends if end.kind != _LIST),
    )  # fmt: skip
    yield gauge(
        "ostiary_crl_next_update_timestamp_seconds", "When a revocation list is to be replaced.", ("name",),
        [*(((name,), end.at) for name, end in ends if end.kind == _LIST), *_fetched_ends(view)],
    )  # fmt: skip
    clients = [tls.clients.soonest for _, tls in known if tls.clients is not None]
    clients += [one.place.forwarded.soonest for one in view.listeners if one.place.forwarded is not None]
    yield gauge(
        "ostiary_client_certificate_not_after_timestamp_seconds",
        "When the certificates of clients end: of those that were seen, the few that end first.", ("subject",),
        (((subject,), at) for soonest in clients for subject, at in soonest.now(time.time())),
    )  # fmt: skip
    yield from _fetched(view)
    asked = [(one.place.name, one.place.responder) for one in view.listeners]
    yield gauge(
        "ostiary_ocsp_oldest_answer_age_seconds", "Age of the oldest answer in use of a responder.", ("listener",),
        (((name,), responder.oldest) for name, responder in asked if responder is not None),
    )  # fmt: skip


def _fetched(view: View) -> Iterator[Metric]:
    """Return what is told of revocation lists that are fetched."""
    lists = [(one.place.name, lists) for one in view.listeners for lists in one.place.lists]
    places = _publications(view)
    yield gauge(
        "ostiary_crl_fetched_age_seconds", "How long ago a revocation list was fetched.", ("listener", "url"),
        (((name, url), age) for name, fetched in lists for url, age in fetched.ages.items()),
    )  # fmt: skip
    yield counter(
        "ostiary_crl_fetch_failures_total", "Looks at a revocation list that brought none.", ("listener", "url"),
        (((name, one.url), one.failures) for name, one in places),
    )  # fmt: skip


def _publications(view: View) -> list[tuple[str, Publication]]:
    """Return every list that is fetched, with the name of its listener."""
    lists = [(one.place.name, lists) for one in view.listeners for lists in one.place.lists]
    return [(name, one) for name, fetched in lists for one in fetched.publications]


def _fetched_ends(view: View) -> Iterator[tuple[tuple[str, ...], float]]:
    for name, one in _publications(view):
        if one.issue is not None and one.issue.until:
            yield (f"{name} {one.url}",), one.issue.until
