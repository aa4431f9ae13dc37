"""What is told to OpenTelemetry of a request?"""

from __future__ import annotations

import sys
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ostiary.config.schema import TracingSpec
from ostiary.errors import ConfigError
from ostiary.model import Record, Trace
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended
from ostiary.observe.export import exporter_of
from ostiary.observe.spans import Spans
from ostiary.reasons import Reason

TRACE = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "53995c3f42cd8ad8", True, b"vendor=1")


def told(trace: Trace | None = TRACE, reason: Reason = Reason.ALLOWED, **changes: Any) -> ReadableSpan | None:
    exporter = InMemorySpanExporter()
    access = AccessLog()
    access.spans = spans = Spans(exporter)
    record = Record(started=1.0, route="accounts", reason=reason, trace=trace)
    facts = {"method": "GET", "target": b"/a/b?token=canary", "host": "api.example.com", "address": "192.0.2.7"}
    access.write(Ended(record, id="r1", **{**facts, "status": 200, "now": 1.25, **changes}))
    spans.close()
    return next(iter(exporter.get_finished_spans()), None)


def test_it_is_named_and_described_by_the_conventions():
    span = told()
    assert (span.name, span.kind) == ("GET accounts", SpanKind.SERVER)
    assert dict(span.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "accounts",
        "url.path": "/a/b",
        "server.address": "api.example.com",
        "client.address": "192.0.2.7",
    }


def test_it_stands_where_the_trace_says():
    span = told()
    assert (format(span.context.trace_id, "032x"), format(span.context.span_id, "016x")) == (TRACE.id, TRACE.span)
    assert format(span.parent.span_id, "016x") == TRACE.parent
    assert span.context.trace_state.to_header() == "vendor=1"
    assert told(TRACE._replace(parent="")).parent is None


def test_it_lasts_as_long_as_the_request():
    span = told()
    assert (span.end_time - span.start_time) / 1e9 == pytest.approx(0.25)


def test_an_event_says_why():
    (event,) = told(reason=Reason.TOKEN_EXPIRED, status=401).events
    assert (event.name, event.attributes["ostiary.reason"]) == ("decision", "token.expired")


@pytest.mark.parametrize(("status", "failed"), [(200, False), (401, False), (503, True), (0, True)])
def test_a_refusal_is_no_error_and_a_failure_is(status, failed):
    span = told(reason=Reason.UPSTREAM_TIMEOUT, status=status)
    assert (span.status.status_code is StatusCode.ERROR) is failed
    assert ("error.type" in span.attributes) is failed


def test_neither_query_nor_anything_else_that_may_be_secret_is_told():
    assert "canary" not in told().to_json()


@pytest.mark.parametrize("trace", [None, TRACE._replace(sampled=False)])
def test_what_is_not_to_be_recorded_is_not_told(trace):
    assert told(trace) is None


def test_without_a_collector_nothing_is_sent():
    assert exporter_of(None) is exporter_of(TracingSpec()) is None


def test_a_collector_that_stays_the_same_is_kept_and_another_one_is_not():
    one = exporter_of(TracingSpec(otlp="http://127.0.0.1:4318/v1/traces"))
    assert exporter_of(TracingSpec(otlp="http://127.0.0.1:4318/v1/traces", sample=5), one) is one
    other = exporter_of(TracingSpec(otlp="http://127.0.0.1:4319/v1/traces"), one)
    assert other is not one
    for exporter in (one, other):
        exporter.spans.close()


def test_where_opentelemetry_is_missing_the_start_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "ostiary.observe.spans", None)
    with pytest.raises(ConfigError, match=r"ostiary\[otel\]"):
        exporter_of(TracingSpec(otlp="http://127.0.0.1:4318/v1/traces"))
