"""ingress-nginx, by annotations: one URL says scheme, host and target; the controller's template writes it."""

from __future__ import annotations

import re
from typing import Final

from ostiary.edge.decide.ask import Asked, Names, NotAsked, address_of, method_of, needed, path_of
from ostiary.model import Request

NAMES: Final = Names(
    method=b"x-original-method",
    target=b"x-original-url",
    authority=b"x-sent-from",
    scheme=b"x-auth-request-redirect",
    address=b"x-real-ip",
    certificate=b"ssl-client-cert",
    others=(b"x-forwarded-for", b"ssl-client-verify", b"ssl-client-subject-dn", b"ssl-client-issuer-dn"),
)
_URL: Final = re.compile(rb"(https?)://([^/?#]+)(/.*)", re.DOTALL)


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    if path_of(request) != b"/decide":
        raise NotAsked("it is not /decide that is asked for")
    said, headers = NAMES.apart(request.headers)
    if needed(said, NAMES.authority) != b"nginx-ingress-controller":
        raise NotAsked("x-sent-from is not the controller")
    match = _URL.fullmatch(needed(said, NAMES.target))
    if match is None:
        raise NotAsked("x-original-url is no URL")
    scheme, authority, target = match.groups()
    return Asked(
        method=method_of(needed(said, NAMES.method)),
        target=target,
        authority=authority,
        scheme=scheme.decode(),
        address=address_of(needed(said, NAMES.address)),
        headers=headers,
        certificate=said.get(NAMES.certificate),
    )
