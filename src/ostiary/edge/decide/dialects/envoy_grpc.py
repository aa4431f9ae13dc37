"""Envoy, ext_authz over gRPC: a message says what the request is, and what Envoy knows of the caller.

Every field of the caller is told, and none of them is Envoy's own: the certificate and the address are told apart. It
is best told with `encode_raw_headers`; otherwise fields of one name are joined by Envoy, and what is not UTF-8 becomes
`!`, so that a target with one may be another than the one that is forwarded.
"""

from __future__ import annotations

import re
from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, NotAsked, address_of, method_of, scheme_of
from ostiary.edge.decide.grpc.check import CONNECTION, Check, Told
from ostiary.model import Headers, Request, fold
from ostiary.remember import Remembered

_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_SCHEME: Final = FORWARDED.scheme
_USUAL: Final = 64  # octets of a name that may be remembered


def _folded(name: bytes) -> bytes:
    """Return the folded name of a field that is the caller's to write; nothing for one that is not.

    Raises:
        NotAsked: it is no name of a field in lower case, nor of a pseudo-header field.
    """
    if not _NAME.fullmatch(name.removeprefix(b":")):
        raise NotAsked("a field's name is none")
    folded = fold(name)
    return b"" if name[:1] == b":" or folded in CONNECTION or folded == FORWARDED.certificate else folded


_FOLDED: Final = Remembered(_folded)


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    told = request.body
    if not isinstance(told, Told):
        raise NotAsked("it is no call of Authorization/Check")
    check = told.check
    if not check.raw and b"!" in check.path:
        raise NotAsked("the target may have been changed: let Envoy encode_raw_headers")
    return Asked(
        method=method_of(check.method),
        target=_there("path", check.path),
        authority=_there("host", check.host),
        scheme=scheme_of(check.scheme),
        address=address_of(check.address),
        headers=_headers(check),
        certificate=check.certificate or None,
    )


def _there(name: str, value: bytes) -> bytes:
    if not value:
        raise NotAsked(f"{name} is missing")
    return value


def _headers(check: Check) -> Headers:
    """Return the caller's fields."""
    agreed = {
        b":method": check.method,
        b":path": check.path,
        b":authority": check.host,
        b":scheme": check.scheme,
        b"host": check.host,
    }
    fields: list[tuple[bytes, bytes, bytes]] = []
    for name, value in check.fields:
        folded = _FOLDED.of(name) if len(name) <= _USUAL else _folded(name)
        if folded:
            fields.append((name, folded, value))
        elif agreed.get(name, value) != value:
            raise NotAsked(f"{name.decode()} is told in two ways")
        if name == _SCHEME and value != check.scheme:  # what TLS says; the other may be what the caller says
            raise NotAsked("the scheme is told in two ways")
    return Headers(fields)
