"""From the spec of an upstream to its pool."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ostiary.config.schema import UpstreamSpec
from ostiary.upstream.pool import UpstreamPool
from ostiary.upstream.tls import Showing, client_context


def compile_upstream(
    name: str, spec: UpstreamSpec, folder: Path, shown: Mapping[str, Showing] | None = None
) -> UpstreamPool:
    """Return the pool that a spec describes; `shown` are the keys that may be shown in TLS, by name.

    Raises:
        ConfigError: its authorities cannot be read.
    """
    secure = any(endpoint.scheme == "https" for endpoint in spec.endpoints)
    tls = client_context(spec.tls, folder, f"upstreams > {name}", shown) if secure else None
    return UpstreamPool(name, spec, tls)
