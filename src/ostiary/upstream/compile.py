"""From the spec of an upstream to its pool."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from ostiary.config.upstreams import UpstreamSpec
from ostiary.upstream.http1.pool import Http1Pool
from ostiary.upstream.http2 import Http2Pool
from ostiary.upstream.tls import Showing, client_context

AnyPool: TypeAlias = Http1Pool | Http2Pool
"""An upstream, whichever HTTP is spoken there: that is decided here, and for no request again."""


def compile_upstream(
    name: str, spec: UpstreamSpec, folder: Path, shown: Mapping[str, Showing] | None = None
) -> AnyPool:
    """Return the pool that a spec describes; `shown` are the keys that may be shown in TLS, by name.

    Raises:
        ConfigError: its authorities cannot be read.
    """
    secure = any(endpoint.scheme == "https" for endpoint in spec.endpoints)
    tls = client_context(spec.tls, folder, f"upstreams > {name}", shown, spec.protocol) if secure else None
    return Http2Pool(name, spec, tls) if spec.protocol == "h2" else Http1Pool(name, spec, tls)
