"""Distinguished names as people write them.

/C=GB/O=Any Org/CN=John Doe      as `openssl -subj` takes them
CN=John Doe,O=Any Org,C=GB       RFC 4514: the most specific part first
John Doe                         a common name, and nothing else
"""

from __future__ import annotations

import re
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from ostiary.pki.errors import PkiError

_PARTS: Final = re.compile(r"/((?:\\.|[^/\\])*)")
_ESCAPE: Final = re.compile(r"\\(.)")
_TYPES: Final = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "STREET": NameOID.STREET_ADDRESS,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "UID": NameOID.USER_ID,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "EMAILADDRESS": NameOID.EMAIL_ADDRESS,
    "GN": NameOID.GIVEN_NAME,
    "SN": NameOID.SURNAME,
    "TITLE": NameOID.TITLE,
}


def parse_subject(text: str) -> x509.Name:
    """Return the distinguished name that a text says; "" is the empty one.

    Raises:
        PkiError: it cannot be read, names an unknown attribute, or holds what does not print.
    """
    if not text.isprintable():
        raise PkiError("a subject holds printable characters only")
    try:
        return _parse(text)
    except ValueError as error:  # the library's sentences name the attribute and its limits
        raise PkiError(f"the subject {text!r} cannot be used: {error}") from None


def _parse(text: str) -> x509.Name:
    if text.startswith("/"):
        if "".join(f"/{part}" for part in _PARTS.findall(text)) != text:
            raise ValueError("a backslash without what it escapes")
        return x509.Name([_attribute(part) for part in _PARTS.findall(text)])
    if "=" in text:
        return x509.Name.from_rfc4514_string(
            text, {"EMAILADDRESS": NameOID.EMAIL_ADDRESS, "emailAddress": NameOID.EMAIL_ADDRESS}
        )
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def _attribute(part: str) -> x509.NameAttribute[str]:
    kind, equals, value = part.partition("=")
    if not equals or kind.strip().upper() not in _TYPES:
        raise ValueError(f"{part!r} is not one of {', '.join(f'{name}=' for name in _TYPES)}")
    return x509.NameAttribute(_TYPES[kind.strip().upper()], _ESCAPE.sub(r"\1", value))


def show_subject(name: x509.Name) -> str:
    """Return a name as RFC 4514 writes it, or words for the empty one."""
    return name.rfc4514_string() or "(no subject)"
