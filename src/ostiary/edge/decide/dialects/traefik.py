"""Traefik, ForwardAuth: as Caddy asks, with a header of its own for the certificate.

PassTLSClientCert writes it, and has to stand before ForwardAuth in the chain.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, NotAsked, path_of, read_forwarded
from ostiary.model import Request

NAMES: Final = replace(FORWARDED, certificate=b"x-forwarded-tls-client-cert", others=(b"x-client-cert",))


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    if path_of(request) != b"/decide":
        raise NotAsked("it is not /decide that is asked for")
    return read_forwarded(request, NAMES)
