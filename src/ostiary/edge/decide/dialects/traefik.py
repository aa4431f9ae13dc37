"""Traefik, ForwardAuth: as Caddy asks, with a header of its own for the certificate.

PassTLSClientCert writes it, and has to stand before ForwardAuth in the chain.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, Names, NotAsked, path_of, read_forwarded
from ostiary.model import Request

NAMES: Final = Names(
    method=FORWARDED.method,
    target=FORWARDED.target,
    authority=FORWARDED.authority,
    scheme=FORWARDED.scheme,
    address=FORWARDED.address,
    certificate=b"x-forwarded-tls-client-cert",
    others=(FORWARDED.certificate,),
)


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    if path_of(request) != b"/decide":
        raise NotAsked("it is not /decide that is asked for")
    return read_forwarded(request, NAMES)
