"""Envoy, ext_authz over HTTP: the ask is the caller's request itself, with `/decide` before its target.

Fields of the caller come only as far as Envoy's configuration names them; what Envoy says by itself are the scheme, the
caller's address, and the certificate.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, NotAsked, address_of, once, rest, scheme_of
from ostiary.model import Request

_PREFIX: Final = b"/decide"


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    target = request.target.removeprefix(_PREFIX)
    if len(target) == len(request.target) or not target.startswith(b"/"):
        raise NotAsked("the target does not begin with /decide, and the caller's behind it")
    headers = request.headers
    return Asked(
        method=request.method,
        target=target,
        authority=request.authority,
        scheme=scheme_of(once(headers, FORWARDED.scheme)),
        address=address_of(once(headers, FORWARDED.address)),
        headers=rest(headers, FORWARDED.all, FORWARDED.certificate),
    )
