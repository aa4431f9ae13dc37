"""Show the upstream a cookie (RFC 6265).

The caller's own cookies of that name go first, in every spelling that some server takes for it; the others
pass, in one `Cookie` field, as a client has to write them (section 5.4). Where servers disagree on whether there
is such a cookie at all, the request is refused.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from ostiary.errors import BadRequest
from ostiary.inject.value import Put
from ostiary.inject.write import unusable
from ostiary.model import Credential, Headers
from ostiary.reasons import Reason

_VALUE: Final = re.compile(rb"[!#-+\--:<-\[\]-~]+")
"""cookie-octets (RFC 6265, section 4.1.1)."""
_KEPT: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # cookie-octets that stay as they are in text; `%` never does
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ.[ ", b"abcdefghijklmnopqrstuvwxyz___")
_ENDS: Final = bytes((*range(0x21), *b'"', *range(0x7F, 0x100)))
"""What servers drop around a name: quotes, and all that is white space in whatever encoding they read the field."""
_APART: Final = re.compile(rb"[,\s]")
"""What ends a cookie for old servers (RFC 2109), and is part of its value for others."""


def into(name: str) -> Put:
    """Return what writes a cookie of a name."""
    octets = name.encode()
    return lambda outbound, value: replace(outbound.headers, octets, value)


def spell(text: str) -> str:
    """Return text, percent-encoded where a cookie cannot hold it."""
    return quote(text, safe=_KEPT)


def encode(credential: Credential) -> bytes:
    """Return the secret as the value of a cookie, unchanged.

    Raises:
        CredentialUnavailable: it has something in it that no cookie has (section 4.1.1).
    """
    if not _VALUE.fullmatch(credential.secret.reveal()):
        raise unusable(
            credential, "a cookie has no control characters, blanks, quotes, commas, semicolons, backslashes"
        )
    return credential.secret.reveal()


def replace(headers: Headers, name: bytes, value: bytes) -> None:
    """Put a cookie in place of the caller's of that name; all cookies are in one field then.

    Raises:
        BadRequest: a comma or a blank would make a cookie of that name for some servers, and not for others.
    """
    fields = [field for field in headers.fields if field[1] != b"cookie"]
    kept: list[bytes] = []
    if len(fields) != len(headers.fields):
        wanted = alike(name)
        pieces = [piece.strip(b" \t") for whole in headers.all(b"cookie") for piece in whole.split(b";")]
        kept = [piece for piece in pieces if piece and not _is(piece, wanted)]
        if any(_is(part, wanted) for piece in kept for part in _APART.split(piece)[1:]):
            raise BadRequest(
                f"cookie {name.decode()} stands behind a comma or a blank", reason=Reason.REQUEST_AMBIGUOUS
            )
    fields.append((b"Cookie", b"cookie", b"; ".join([*kept, name + b"=" + value])))
    headers.fields = fields


def alike(name: bytes) -> bytes:
    """Return the one spelling under which names of cookies are compared.

    Case counts (RFC 6265, section 5.2), but not for every server; some decode names, and PHP reads `.` and `[`
    as `_`.
    """
    return unquote_to_bytes(name).strip(_ENDS).translate(_ALIKE)


def _is(piece: bytes, wanted: bytes) -> bool:
    """Whether a piece is that cookie, or an element of a list or map of that name."""
    name, first = piece.partition(b"=")[0], piece.partition(b"[")[0]
    return alike(name) == wanted or (len(first) < len(name) and alike(first) == wanted)
