"""What is counted of a request, and how many series may that make?"""

from __future__ import annotations

import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.model import Principal, Record
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.observe.histogram import COARSE, Histogram
from ostiary.observe.metrics import Kind, Metrics
from ostiary.reasons import Reason


def record(**changes: Any) -> Record:
    facts = {
        "started": 1.0,
        "route": "accounts",
        "reason": Reason.ALLOWED,
        "principal": Principal("ada", "bank", "jwt"),
    }
    sent = {"upstream": "legacy", "credential": "old", "upstream_started": 1.001, "upstream_answered": 1.011}
    return Record(**{**facts, **sent, **changes})


def refused(reason: Reason = Reason.TOKEN_MISSING) -> Record:
    return Record(started=1.0, route="accounts", reason=reason)


def count(metrics: Metrics, one: Record, **changes: Any) -> None:
    metrics.count(Ended(one, **{"listener": "public", "method": "GET", "status": 200, "now": 1.02, **changes}))


def test_requests_that_are_alike_are_one_series():
    metrics = Metrics()
    count(metrics, record())
    count(metrics, record(started=0.5))
    expected = Kind("accounts", "public", "GET", 200, "allowed", "legacy", True, "old", "jwt")
    assert list(metrics.kinds()) == [(expected, 2)]


def test_a_refused_request_has_no_upstream_and_no_principal():
    metrics = Metrics()
    count(metrics, refused(), status=401)
    expected = Kind("accounts", "public", "GET", 401, "token.missing", None, False, None, None)
    assert list(metrics.kinds()) == [(expected, 1)]


def test_calls_of_grpc_are_counted_by_their_status_and_nothing_else_is():
    metrics = Metrics()
    for called in (0, 0, 14, None):
        one = record()
        one.called = called
        count(metrics, one)
    one = refused()
    one.route, one.called = None, 12
    count(metrics, one, status=404)
    assert metrics.calls == {("accounts", "0"): 2, ("accounts", "14"): 1, ("", "12"): 1}


def test_the_three_durations_are_told_apart():
    metrics = Metrics()
    count(metrics, record())
    (whole,), (upstream,), (overhead,) = metrics.whole.values(), metrics.upstream.values(), metrics.overhead.values()
    assert [one.total for one in (whole, upstream, overhead)] == pytest.approx([0.02, 0.01, 0.001])


def test_an_upstream_that_never_answered_is_timed_until_the_failure():
    metrics = Metrics()
    count(metrics, record(reason=Reason.UPSTREAM_TIMEOUT, upstream_answered=0.0), status=504, now=3.001)
    assert list(metrics.upstream) == [("legacy", "GET", "", "upstream.timeout")]
    assert metrics.upstream["legacy", "GET", "", "upstream.timeout"].total == pytest.approx(2.0)


def test_a_request_that_was_never_sent_takes_no_time_upstream():
    metrics = Metrics()
    count(metrics, refused(), status=401)
    assert [sum(one.counts) for one in (*metrics.upstream.values(), *metrics.overhead.values())] == [0, 0]


def test_reasons_of_one_status_share_their_durations():
    metrics = Metrics()
    count(metrics, refused(Reason.TOKEN_MISSING), status=401)
    count(metrics, refused(Reason.TOKEN_EXPIRED), status=401)
    assert len(metrics.series) == 2
    assert [sum(one.counts) for one in metrics.whole.values()] == [2]


@given(st.lists(st.text(max_size=12).filter(lambda one: one not in COARSE_METHODS), max_size=30))
def test_methods_that_callers_invent_are_one_series(methods):
    metrics = Metrics()
    count(metrics, refused(), method="_OTHER")
    before = dict.fromkeys(metrics.series), dict.fromkeys(metrics.whole)
    for method in methods:
        count(metrics, refused(), method=method)
    assert (dict.fromkeys(metrics.series), dict.fromkeys(metrics.whole)) == before
    assert sum(requests for _, requests in metrics.kinds()) == len(methods) + 1


COARSE_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, "0.0005"), (0.0005, "0.0005"), (0.00051, "0.001"), (10.0, "10.0")]
)
def test_a_bound_belongs_to_its_bucket(seconds, bucket):
    histogram = Histogram()
    histogram.observe(seconds)
    assert next(name for name, total in histogram.cumulative() if total) == bucket


def test_what_is_above_every_bound_is_only_in_the_last_bucket():
    histogram = Histogram()
    histogram.observe(11.0)
    *below, last = histogram.cumulative()
    assert last == ("+Inf", 1.0)
    assert {total for _, total in below} == {0.0}
    assert len(below) == len(COARSE)


def test_a_silent_access_log_counts_all_the_same():
    metrics = Metrics()
    log = AccessLog(metrics=metrics)
    log.write(Ended(refused(), id="r1", method="GET", target=b"/", status=401, now=1.5, listener="public"))
    ((kind, requests),) = metrics.kinds()
    assert (kind.listener, kind.status, requests) == ("public", 401, 1)


def test_counting_costs_microseconds_not_tens_of_them():
    """About 0.6 us on a quiet machine; the bound is wide because tests run on busy ones."""
    metrics, one = Metrics(), record()
    count(metrics, one)
    took = min(timeit.repeat(lambda: count(metrics, one), number=2000, repeat=5)) / 2000
    assert took < 10e-6
