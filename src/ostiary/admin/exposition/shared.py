"""What several gateways know together, and the line to Redis."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary.admin.exposition.families import counter, gauge, summary
from ostiary.admin.view import View


def shared(view: View) -> Iterator[Metric]:
    """Return what is told of Redis; nothing where there is none."""
    links = view.links
    text = "1 while Redis answers and can be believed; 0: what counts once ends with 503."
    yield gauge("ostiary_shared_connected", text, (), [((), float(one.here)) for one in links])
    tallies = [one.tally for one in links]
    answered = [(("answered",), float(one.answered)) for one in tallies]
    failed = [(("failed",), float(one.failed)) for one in tallies]
    yield counter("ostiary_shared_questions", "Questions to Redis.", ("outcome",), [*answered, *failed])
    took = [((), one.trips, one.seconds) for one in tallies]
    yield summary(
        "ostiary_shared_trip_duration_seconds", "How long Redis took; several questions may go at once.", (), took
    )
    entries = [((), float(len(one))) for one in view.revocations]
    yield gauge("ostiary_revocations", "What is revoked for all gateways together.", (), entries)
    ages = [((), one.age) for one in view.revocations if one.age is not None]
    text = "How long ago the copy of what is revoked was compared with the list."
    yield gauge("ostiary_revocations_compared_age_seconds", text, (), ages)
    heard = [((), float(one.tracker is not None and one.tracker.open)) for one in view.revocations]
    text = "1 while Redis tells at once what is revoked; 0: it is looked at every `poll`."
    yield gauge("ostiary_revocations_told", text, (), heard)
    alone = [((), float(one.alone)) for one in tallies]
    text = "Requests that were counted (`rate`) here alone, because Redis was away."
    yield counter("ostiary_shared_fallbacks", text, (), alone)
    made = [((), float(one.connected)) for one in tallies]
    yield counter("ostiary_shared_connections", "Connections to Redis that were made.", (), made)
