"""Folders, ports and cores of one run."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.material import Material

LOOPBACK: Final = "127.0.0.1"
ROOT: Final = Path(__file__).resolve().parent.parent
TOOLS: Final = ROOT / ".tools"


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core does what.

    Attributes:
        gateway: the core that the measured gateway has for itself.
        load: the core of the callers and of the upstream.
    """

    gateway: int
    load: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one peer stands.

    Attributes:
        folder: for its configuration, logs and temporary files; its own.
        port: where it listens, with TLS.
        upstream: port of the protected side, in clear.
        material: certificates, tokens, credential.
        routes: how many it has.
    """

    folder: Path
    port: int
    upstream: int
    material: Material
    routes: int = 1

    @property
    def upstream_url(self) -> str:
        """The protected side."""
        return f"http://{LOOPBACK}:{self.upstream}"

    @property
    def jwks_url(self) -> str:
        """Where the issuer's key set is."""
        return f"{self.upstream_url}/jwks.json"
