"""The few ways in which octets become the value of a header.

Each is read strictly: one value has one reading, and what is left over is an error.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from ostiary.pki.dialect.shown import NotUnderstood

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_PEM: Final = re.compile(_BEGIN + rb"([A-Za-z0-9+/=\s]*)" + _END)
_SPACE: Final = re.compile(rb"\s+")
_ESCAPED: Final = re.compile(rb"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")  # visible ASCII, `%` with two digits
_WIDTH: Final = 64


def base64_of(der: bytes) -> bytes:
    """Return octets as base64 (RFC 4648, section 4)."""
    return base64.b64encode(der)


def from_base64(text: bytes) -> bytes:
    """Return the octets of base64, with its padding and nothing else in it.

    Raises:
        NotUnderstood: it is none.
    """
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if not der or base64.b64encode(der) != text:
        raise NotUnderstood("not base64")
    return der


def pem_of(ders: Sequence[bytes]) -> bytes:
    """Return certificates as PEM (RFC 7468)."""
    return b"".join(_one_pem(der) for der in ders)


def _one_pem(der: bytes) -> bytes:
    text = base64_of(der)
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return b"\n".join([_BEGIN, *lines, _END, b""])


def from_pem(text: bytes) -> list[bytes]:
    """Return the certificates of PEM, whose lines may have been folded to one.

    Raises:
        NotUnderstood: there is none, or something else beside them.
    """
    if not text.strip() or _PEM.sub(b"", text).strip():
        raise NotUnderstood("not PEM, or not only certificates")
    return [from_base64(_SPACE.sub(b"", body)) for body in _PEM.findall(text)]


def percent_encoded(text: bytes, safe: str = "") -> bytes:
    """Return text with everything but unreserved characters, and those in `safe`, percent-encoded (RFC 3986)."""
    return quote(text, safe=safe).encode()


def from_percent_encoded(text: bytes) -> bytes:
    """Return percent-encoded text as it was. A `+` is a plus.

    Raises:
        NotUnderstood: it holds what is not written so.
    """
    if not _ESCAPED.fullmatch(text):
        raise NotUnderstood("not percent-encoded")
    return unquote_to_bytes(text)
