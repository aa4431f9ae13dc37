"""Show the upstream a cookie (RFC 6265).

The caller's own cookies of that name go first, in every spelling that some server takes for it; the others
pass, in one `Cookie` field, as a client has to write them (section 5.4). Where servers disagree on whether there
is such a cookie at all, the request is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from ostiary.config.oauth import OnReject
from ostiary.errors import BadRequest
from ostiary.inject.encoded import Written
from ostiary.inject.template import Template
from ostiary.inject.write import unusable
from ostiary.model import Credential, Headers, Outbound
from ostiary.reasons import Reason

_VALUE: Final = re.compile(rb"[!#-+\--:<-\[\]-~]+")
"""cookie-octets (RFC 6265, section 4.1.1)."""
_KEPT: Final = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # cookie-octets that stay as they are in text; `%` never does
_ALIKE: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ.[ ", b"abcdefghijklmnopqrstuvwxyz___")
_APART: Final = re.compile(rb"[,\s]")
"""What ends a cookie for old servers (RFC 2109), and is part of its value for others."""


@dataclass(frozen=True, slots=True)
class SecretCookie:
    """Writes a credential's secret into a cookie."""

    name: str
    owns: frozenset[bytes]
    credential: Written
    on_reject: OnReject = "ignore"
    reject_status: tuple[int, ...] = (401,)

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: there is no credential, or its secret cannot stand in a cookie.
            BadRequest: the caller's cookies can be read in two ways.
        """
        replace(outbound.headers, self.name.encode(), await self.credential.octets(outbound))


@dataclass(frozen=True, slots=True)
class TextCookie:
    """Writes text about the caller into a cookie, percent-encoded where a cookie cannot hold it."""

    name: str
    owns: frozenset[bytes]
    template: Template

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            Forbidden: a value cannot be passed on safely.
            BadRequest: the caller's cookies can be read in two ways.
        """
        value = quote(self.template.fill(outbound, str), safe=_KEPT)
        replace(outbound.headers, self.name.encode(), value.encode())


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
    return unquote_to_bytes(name).strip(b' \t\r\n\0"').translate(_ALIKE)


def _is(piece: bytes, wanted: bytes) -> bool:
    """Whether a piece is that cookie, or an element of a list or map of that name."""
    name, first = piece.partition(b"=")[0], piece.partition(b"[")[0]
    return alike(name) == wanted or (len(first) < len(name) and alike(first) == wanted)
