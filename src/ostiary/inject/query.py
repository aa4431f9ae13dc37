"""Show the upstream a parameter of the query.

The caller's own parameters of that name go first, however they are spelled; every other octet of
the target stays as it was received. Queries end up in many logs: prefer a header where the
upstream lets you choose.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from ostiary.errors import BadRequest
from ostiary.inject.value import Put
from ostiary.model import Credential, Outbound
from ostiary.reasons import Reason

_UNICODE: Final = re.compile(rb"%u00([0-9A-Fa-f]{2})")  # how old Microsoft servers also read a letter
_ENDS: Final = bytes((*range(0x21), *range(0x7F, 0x100)))  # what servers may drop around a name, as white space
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ. ", b"abcdefghijklmnopqrstuvwxyz__")


def into(name: str) -> Put:
    """Return what writes a parameter of a name."""

    def put(outbound: Outbound, value: bytes) -> None:
        outbound.target = replaced(outbound.target, name, value)

    return put


def spell(text: str) -> str:
    """Return text, percent-encoded (RFC 3986, section 2.1)."""
    return quote(text, safe="")


def encode(credential: Credential) -> bytes:
    """Return the secret, percent-encoded (RFC 3986, section 2.1)."""
    return quote_from_bytes(credential.secret.reveal(), safe="").encode()


def replaced(target: bytes, name: str, value: bytes) -> bytes:
    """Return the target with one parameter of that name: ours, at the end.

    Args:
        target: path and query as received.
        name: the parameter.
        value: encoded.

    Raises:
        BadRequest: a `;` would make a parameter of that name for some servers, and not for others.
    """
    path, _, query = target.partition(b"?")
    wanted = alike(name.encode())
    kept = [piece for piece in query.split(b"&") if not _is(piece, wanted)] if query else []
    if any(_is(part, wanted) for piece in kept for part in piece.split(b";")):
        raise BadRequest(f"parameter {name} stands behind a semicolon", reason=Reason.REQUEST_AMBIGUOUS)
    return path + b"?" + b"&".join([*kept, quote(name, safe="").encode() + b"=" + value])


def alike(name: bytes) -> bytes:
    """Return the one spelling under which parameter names are compared.

    Decoded, without regard to case, and with `.` and space as `_`: upstreams that cannot tell
    these apart exist, and the caller must not find one.
    """
    plain = unquote_to_bytes(_UNICODE.sub(rb"%\1", name.replace(b"+", b" ")))
    return plain.strip(_ENDS).translate(_ALIKE)


def _is(piece: bytes, wanted: bytes) -> bool:
    """Whether a piece of a query is that parameter, or an element of a list or map of that name."""
    name = alike(piece.partition(b"=")[0])
    return wanted in (name, name.replace(b"[", b"_", 1)) or name.startswith((wanted + b"[", wanted + b"\0"))
