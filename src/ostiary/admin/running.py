"""Which configuration does the gateway serve that runs here? Asked from outside, as an operator would."""

from __future__ import annotations

import http.client
import json
from typing import Any, Final

from ostiary.config.schema import AdminSpec

_PATIENCE: Final = 2.0
_LARGEST: Final = 1 << 20


def running(spec: AdminSpec) -> str | None:
    """Return the digest of the configuration that is served; None where nobody answers, or asks who wants to know.

    Args:
        spec: where the admin listener is to be.
    """
    if spec.tls is not None or spec.token is not None or spec.bind.port == 0:
        return None
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(spec.bind.host, spec.bind.host)  # noqa: S104 - what is meant by it
    connection = http.client.HTTPConnection(host, spec.bind.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/status.json")
        return _digest(json.loads(connection.getresponse().read(_LARGEST)))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _digest(said: Any) -> str | None:
    configuration = said.get("configuration") if isinstance(said, dict) else None
    digest = configuration.get("digest") if isinstance(configuration, dict) else None
    return digest if isinstance(digest, str) else None
