"""The alternative names of a certificate (RFC 5280, section 4.2.1.6), as people write them and read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cryptography import x509

from ostiary.pki.errors import PkiError
from ostiary.pki.extensions import host_names

UPN: Final = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
"""Microsoft's user principal name, an otherName."""

_LABELS: Final = (
    (x509.UniformResourceIdentifier, "URI"),
    (x509.DNSName, "DNS"),
    (x509.RFC822Name, "email"),
    (x509.IPAddress, "IP"),
)
_UTF8_STRING: Final = 0x0C
_SHORT: Final = 0x80


def general_names(
    *,
    uris: Iterable[str] = (),
    hosts: Iterable[str] = (),
    emails: Iterable[str] = (),
    upns: Iterable[str] = (),
) -> list[x509.GeneralName]:
    """Return alternative names.

    Args:
        uris: URIs, such as a SPIFFE ID.
        hosts: host names and addresses.
        emails: mail addresses.
        upns: user principal names.

    Raises:
        PkiError: one of them cannot be written: they are ASCII, but for the UPN.
    """
    try:
        return [
            *(x509.UniformResourceIdentifier(uri) for uri in uris),
            *host_names(hosts),
            *(x509.RFC822Name(email) for email in emails),
            *(x509.OtherName(UPN, utf8_string(upn)) for upn in upns),
        ]
    except ValueError as error:
        raise PkiError(f"an alternative name cannot be written: {error}") from None


def show_name(name: x509.GeneralName) -> str:
    """Return an alternative name for people: `URI:spiffe://example.com/a`."""
    for kind, label in _LABELS:
        if isinstance(name, kind):
            return f"{label}:{name.value}"
    if isinstance(name, x509.DirectoryName):
        return f"directory:{name.value.rfc4514_string()}"
    upn = upn_of(name)
    return type(name).__name__ if upn is None else f"UPN:{upn}"


def upn_of(name: x509.GeneralName) -> str | None:
    """Return the user principal name that an alternative name is, or None when it is something else.

    Raises:
        ValueError: it says that it is one, and is not a UTF8String.
    """
    if not isinstance(name, x509.OtherName) or name.type_id != UPN:
        return None
    return _read_utf8_string(name.value)


def utf8_string(text: str) -> bytes:
    """Return a text as DER, UTF8String (X.690, section 8.23)."""
    octets = text.encode()
    size = len(octets)
    if size < _SHORT:
        length = bytes([size])
    else:
        counted = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([_SHORT | len(counted)]) + counted
    return bytes([_UTF8_STRING]) + length + octets


def _read_utf8_string(der: bytes) -> str:
    """Return the text of a UTF8String; only the one encoding that DER has of it is read."""
    for head in (2, 3, 4):
        text = der[head:].decode("utf-8", "replace")
        if utf8_string(text) == der:
            return text
    raise ValueError("a user principal name that is not a UTF8String")
