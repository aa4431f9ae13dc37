"""Names of a certificate: which there are, and the one spelling under which each is compared.

What is equal by its standard is brought to one spelling first: scheme and host of a URI (RFC 3986, section
6.2.2.1), host names (RFC 4343), the domain of a mail address (RFC 5321, section 2.4), distinguished names
(RFC 4514), hexadecimal digits of serial numbers and fingerprints.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from cryptography import x509

from ostiary.model import Certificate

NameSource: TypeAlias = Literal[
    "cn", "o", "ou", "dn", "serial",
    "san.uri", "san.dns", "san.email", "san.upn", "spiffe",
    "fingerprint", "spki", "issuer",
]  # fmt: skip

URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)([^/?#]*)(.*)", re.DOTALL)

_NAMES: Final[dict[NameSource, Callable[[Certificate], tuple[str, ...]]]] = {
    "cn": lambda one: one.common_names,
    "o": lambda one: one.organizations,
    "ou": lambda one: one.units,
    "dn": lambda one: (one.subject,) if one.subject else (),
    "serial": lambda one: (f"{one.serial:x}",),
    "san.uri": lambda one: one.san_uris,
    "san.dns": lambda one: one.san_dns,
    "san.email": lambda one: one.san_emails,
    "san.upn": lambda one: one.san_upns,
    "spiffe": lambda one: one.san_uris,  # an SVID has one URI and no other (X509-SVID, section 2)
    "fingerprint": lambda one: (sha256(one.der).hexdigest(),),
    "spki": lambda one: (one.spki,) if one.spki else (),
    "issuer": lambda one: (one.issuer,) if one.issuer else (),
}


def names_of(certificate: Certificate, source: NameSource) -> tuple[str, ...]:
    """Return every name of one kind. The kinds do not stand in for each other."""
    return _NAMES[source](certificate)


def canonical(name: str, source: NameSource) -> str:
    """Return the one spelling of a name under which it is compared and handed on."""
    match source:
        case "san.dns":
            return name.lower()
        case "san.email" | "san.upn":
            local, at, domain = name.rpartition("@")
            return f"{local}{at}{domain.lower()}"
        case "san.uri" | "spiffe":
            parts = URI.fullmatch(name)
            return name if parts is None else f"{parts[1].lower()}{parts[2].lower()}{parts[3]}"
        case "serial" | "fingerprint":
            return _hexadecimal(name, source)
        case "dn" | "issuer":
            return ",".join(reversed(relative_names(name)))
        case "cn" | "o" | "ou" | "spki":
            return name


def is_distinguished(name: str) -> bool:
    """Whether a text is a distinguished name as RFC 4514 writes it, without spaces between its parts."""
    try:
        x509.Name.from_rfc4514_string(name)
    except ValueError:
        return False
    return True


def relative_names(name: str) -> tuple[str, ...]:
    """Return the parts of a distinguished name (RFC 4514), the most general first; itself when it is none."""
    try:
        return tuple(part.rfc4514_string() for part in x509.Name.from_rfc4514_string(name).rdns)
    except ValueError:
        return (name,)


def _hexadecimal(name: str, source: NameSource) -> str:
    plain = name.replace(":", "").lower()
    return plain.lstrip("0") or "0" if source == "serial" else plain
