"""Envoy, ext_authz over HTTP: the ask is the caller's request itself, with `/decide` before its target.

Fields of the caller come only as far as Envoy's configuration names them; what Envoy says by itself are the scheme, the
caller's address, and the certificate.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, Names, NotAsked, address_of, needed, scheme_of
from ostiary.model import Request

_PREFIX: Final = b"/decide"
_NAMES: Final = Names(scheme=FORWARDED.scheme, address=FORWARDED.address, certificate=FORWARDED.certificate)


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    target = request.target.removeprefix(_PREFIX)
    if len(target) == len(request.target) or not target.startswith(b"/"):
        raise NotAsked("the target does not begin with /decide, and the caller's behind it")
    said, headers = _NAMES.apart(request.headers)
    return Asked(
        method=request.method,
        target=target,
        authority=request.authority,
        scheme=scheme_of(needed(said, _NAMES.scheme)),
        address=address_of(needed(said, _NAMES.address)),
        headers=headers,
        certificate=said.get(_NAMES.certificate),
    )
