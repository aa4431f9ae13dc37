"""The gateway itself: its configuration, its build, its event loop."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from ostiary import __version__
from ostiary.admin.exposition.families import counter, gauge
from ostiary.admin.redact import digest
from ostiary.admin.view import View


def gateway(view: View) -> Iterator[Metric]:
    """Return what is told of the gateway itself."""
    build = (__version__, platform.python_version(), ssl.OPENSSL_VERSION)
    yield gauge("ostiary_build_info", "What runs.", ("version", "python", "openssl"), [(build, 1.0)])
    yield gauge("ostiary_config_info", "The configuration in use.", ("digest",), [((digest(view.loaded),), 1.0)])
    yield gauge("ostiary_ready", "1 when requests may be sent here.", (), [((), float(view.state == "ready"))])
    yield from _reloads(view)
    lag = "The longest that the event loop was late in the last 15 to 30 seconds."
    yield gauge("ostiary_event_loop_lag_seconds", lag, (), [((), view.lag.worst)])
    audit = view.access.audit
    writable = [] if audit is None else [((), float(not audit.broken))]
    yield gauge("ostiary_audit_writable", "0 when the audit log, where there is one, cannot be written.", (), writable)
    dropped = [((), float(view.access.dropped))]
    yield counter(
        "ostiary_log_dropped",
        "Lines of the access log that nobody took in time, or for which a disk had no room.",
        (),
        dropped,
    )


def _reloads(view: View) -> Iterator[Metric]:
    life, reloads = view.life, view.life.reloads
    text = "1 when the last attempt to load a configuration succeeded."
    yield gauge("ostiary_config_last_reload_successful", text, (), [((), float(not life.reload_refused))])
    text = "When the configuration in use was read."
    at = [((), life.configured_at or view.started)]
    yield gauge("ostiary_config_last_reload_success_timestamp_seconds", text, (), at)
    rows = [(("success",), float(reloads[True])), (("failure",), float(reloads[False]))]
    yield counter("ostiary_config_reloads", "Attempts to load another configuration.", ("outcome",), rows)
