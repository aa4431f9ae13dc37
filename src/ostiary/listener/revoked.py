"""What an authority's revocation lists say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Signer: TypeAlias = tuple[bytes, bytes]
"""An authority: its name and its key, so that two of one name are told apart."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """What an authority's lists say.

    Attributes:
        serials: the certificates it has revoked.
        until: when its newest list is overdue, seconds since the epoch.
    """

    serials: frozenset[int]
    until: float


def signer(certificate: x509.Certificate) -> Signer:
    """Return under which name and key an authority signs."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.subject.public_bytes(), key


def joined(known: Revoked | None, crl: x509.CertificateRevocationList) -> Revoked:
    """Return what an authority's lists say together."""
    serials = frozenset(entry.serial_number for entry in crl)
    until = (crl.next_update_utc or datetime.fromtimestamp(0, UTC)).timestamp()
    if known is None:
        return Revoked(serials, until)
    return Revoked(known.serials | serials, max(known.until, until))
