"""From the spec of an upstream to its pool."""

from __future__ import annotations

from pathlib import Path

from ostiary.config.schema import UpstreamSpec
from ostiary.upstream.pool import UpstreamPool
from ostiary.upstream.tls import client_context


def compile_upstream(name: str, spec: UpstreamSpec, folder: Path) -> UpstreamPool:
    """Return the pool that a spec describes.

    Raises:
        ConfigError: its authorities cannot be read.
    """
    secure = any(endpoint.scheme == "https" for endpoint in spec.endpoints)
    return UpstreamPool(name, spec, client_context(spec.tls, folder, f"upstreams > {name}") if secure else None)
