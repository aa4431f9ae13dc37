"""Apache, mod_authnz_fcgi: the variables of CGI (RFC 3875), of which those of the server cannot be the caller's.

A caller's field is `HTTP_...`, in which a hyphen has become an underscore; Apache leaves out names that had one before.
"""

from __future__ import annotations

from typing import Final

from ostiary.edge.decide.ask import FORWARDED, Asked, NotAsked, address_of, method_of
from ostiary.model import Headers, Request

_CERTIFICATE: Final = b"OSTIARY_CERT"


def read(request: Request) -> Asked:
    """Return what an ask is about; raises NotAsked."""
    parameters = request.headers
    secure = _maybe(parameters, b"HTTPS") == b"on"
    fields = [(name[5:].replace(b"_", b"-"), value) for name, value in parameters if name.startswith(b"HTTP_")]
    _, headers = FORWARDED.apart(Headers.of(fields))
    certificate = _maybe(parameters, _CERTIFICATE)
    return Asked(
        method=method_of(_once(parameters, b"REQUEST_METHOD")),
        target=_once(parameters, b"REQUEST_URI"),
        authority=_once(parameters, b"HTTP_HOST"),
        scheme="https" if secure else "http",
        address=address_of(_once(parameters, b"REMOTE_ADDR")),
        headers=headers,
        certificate=b" ".join(certificate.split()) or None,
    )


def _maybe(parameters: Headers, name: bytes) -> bytes:
    found = [value for received, value in parameters if received == name]
    if len(found) > 1:
        raise NotAsked(f"{name.decode()} is there twice")
    return found[0] if found else b""


def _once(parameters: Headers, name: bytes) -> bytes:
    value = _maybe(parameters, name)
    if not value:
        raise NotAsked(f"{name.decode()} is missing")
    return value
