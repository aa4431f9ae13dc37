"""Spans for OpenTelemetry: one for each request whose trace is recorded, sent in batches by a thread of its own.

An extra (`ostiary[otel]`). Names and attributes are those of OpenTelemetry's semantic conventions for HTTP servers;
there is no query, no header, and no claim among them.
"""

from __future__ import annotations

import time
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from ostiary import __version__
from ostiary.model import Record, Trace
from ostiary.observe.ended import Ended

_SCOPE: Final = InstrumentationScope("ostiary", __version__)
_RESOURCE: Final = Resource.create({"service.name": "ostiary", "service.version": __version__})
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_SERVER_ERROR: Final = 500


class Spans:
    """Makes spans of what the access log is told, and sends them.

    Args:
        exporter: where they go.
    """

    def __init__(self, exporter: SpanExporter) -> None:
        self._processor = BatchSpanProcessor(exporter)

    def add(self, ended: Ended) -> None:
        """Take a request that has ended; its trace is known, and to be recorded."""
        record, method = ended.record, ended.method
        assert record.trace is not None  # noqa: S101 - who calls has looked
        end = time.time_ns()
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "http.response.status_code": ended.status,
            "url.path": ended.target.partition(b"?")[0].decode("latin-1"),
            "server.address": ended.host,
            "client.address": ended.address,
            **_outcome(record, ended.status),
        }
        if record.called is not None:
            attributes["rpc.grpc.status_code"] = record.called
        span = ReadableSpan(
            name=f"{method} {record.route}" if record.route else method,
            context=_context(record.trace, record.trace.span),
            parent=_context(record.trace, record.trace.parent, remote=True) if record.trace.parent else None,
            resource=_RESOURCE,
            attributes=attributes,
            events=[Event("decision", {"ostiary.reason": str(record.reason)}, timestamp=end)],
            kind=SpanKind.SERVER,
            status=Status(StatusCode.ERROR if _failed(ended.status) else StatusCode.UNSET),
            start_time=end - int((ended.now - record.started) * 1e9),
            end_time=end,
            instrumentation_scope=_SCOPE,
        )
        self._processor.on_end(span)

    def close(self) -> None:
        """Send what is left, for a few seconds at most. Blocks."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


def _failed(status: int) -> bool:
    return status >= _SERVER_ERROR or not status


def _outcome(record: Record, status: int) -> dict[str, str]:
    """Return which route it took, and why it failed; what there is not is left out."""
    route = {} if record.route is None else {"http.route": record.route}
    return {**route, "error.type": str(record.reason)} if _failed(status) else route


def _context(trace: Trace, span: str, *, remote: bool = False) -> SpanContext:
    state = TraceState.from_header([trace.state.decode("ascii")]) if trace.state else TraceState()
    return SpanContext(int(trace.id, 16), int(span, 16), remote, _SAMPLED, state)


def spans_to(url: str) -> Spans:
    """Return what sends spans by OTLP over HTTP to this URL."""
    return Spans(OTLPSpanExporter(endpoint=url, timeout=5))
