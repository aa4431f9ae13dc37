"""Spans, where the configuration wants them sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ostiary.config.schema import TracingSpec
from ostiary.errors import ConfigError
from ostiary.observe.access import SpanSink


class Sending(SpanSink, Protocol):
    """Takes requests whose trace is recorded, and sends them."""

    def close(self) -> None:
        """Send what is left, for a few seconds at most. Blocks."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """What sends spans.

    Attributes:
        url: where they go.
        spans: takes them.
    """

    url: str
    spans: Sending


def exporter_of(spec: TracingSpec | None, before: Exporter | None = None) -> Exporter | None:
    """Return what sends spans as the configuration says; None where it says nothing.

    Args:
        spec: the block of the configuration.
        before: what sent them until now; it goes on where they still go to the same place.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    if spec is None or spec.otlp is None:
        return None
    if before is not None and before.url == spec.otlp:
        return before
    try:
        from ostiary.observe.spans import spans_to  # noqa: PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("tracing > otlp: OpenTelemetry is not installed: pip install 'ostiary[otel]'") from error
    return Exporter(spec.otlp, spans_to(spec.otlp))
