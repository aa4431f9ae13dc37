"""Tell the upstream which trace a request belongs to (W3C Trace Context)."""

from __future__ import annotations

from ostiary.model import Outbound
from ostiary.observe.trace import PARENT, STATE, written


class TraceInjector:
    """Writes `traceparent`, and `tracestate` where the caller sent one that can be read."""

    owns = frozenset((PARENT, STATE))

    async def inject(self, outbound: Outbound) -> None:
        """Write."""
        trace = outbound.request.record.trace
        if trace is None:
            return
        fields = outbound.headers.fields
        fields.append((PARENT, PARENT, written(trace)))
        if trace.state:
            fields.append((STATE, STATE, trace.state))
