"""Spans, where the configuration wants them sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ostiary.config.schema import TracingSpec
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog


@asynccontextmanager
async def exporting(access: AccessLog, spec: TracingSpec | None) -> AsyncIterator[None]:
    """Send spans of what the access log is told, while the block runs; what is left is sent at the end.

    Raises:
        ConfigError: OpenTelemetry is not installed.
    """
    if spec is None or spec.otlp is None:
        yield
        return
    try:
        from ostiary.observe.spans import spans_to  # noqa: PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("tracing > otlp: OpenTelemetry is not installed: pip install 'ostiary[otel]'") from error
    access.spans = spans = spans_to(spec.otlp)
    try:
        yield
    finally:
        access.spans = None
        await asyncio.to_thread(spans.close)
