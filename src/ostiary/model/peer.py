"""Who is on the line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a verified client certificate says. Parsed once per connection.

    Attributes:
        subject, issuer: distinguished names (RFC 4514).
        serial: the serial number.
        common_names: every CN of the subject, in order.
        san_uris, san_dns, san_emails: the alternative names (RFC 5280, section 4.2.1.6).
        not_before, not_after: validity, seconds since the epoch.
        thumbprint: SHA-256 of the DER, base64url without padding: `x5t#S256` (RFC 8705, section 3.1).
        der: the certificate itself.
        organizations, units: every O and every OU of the subject, in order.
        san_upns: user principal names, an otherName of Microsoft's.
        spki: SHA-256 of the public key, base64: stays the same when a certificate is renewed with its key.
        chain: the verified authorities above it as DER, nearest first, the trust anchor included.
    """

    subject: str
    issuer: str
    serial: int
    common_names: tuple[str, ...]
    san_uris: tuple[str, ...]
    san_dns: tuple[str, ...]
    san_emails: tuple[str, ...]
    not_before: float
    not_after: float
    thumbprint: str
    der: bytes = field(repr=False)
    organizations: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    san_upns: tuple[str, ...] = ()
    spki: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)


class Local(NamedTuple):
    """The process at the other end of a unix socket, as the kernel says of it (SO_PEERCRED, unix(7)).

    Attributes:
        user: number of the user that it runs as.
        group: number of the group that it runs with.
    """

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection, as TLS proved it.

    Attributes:
        address: IP address, without the port ("" on a unix socket).
        certificate: the verified client certificate, or None when none was presented.
        server_name: the name that the client asked for (SNI, RFC 6066), or None.
        tls_version: "TLSv1.3", or None on a connection in clear.
        local: the process at the other end of a unix socket, or None.
    """

    address: str
    certificate: Certificate | None = None
    server_name: str | None = None
    tls_version: str | None = None
    local: Local | None = None
