"""What an authority's revocation lists say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.pki.published import lists_of, scope_of

Signer: TypeAlias = tuple[bytes, bytes]
"""An authority: its name and its key, so that two of one name are told apart."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """What an authority's lists say.

    Attributes:
        serials: the certificates it has revoked.
        until: when its newest list of all its certificates is overdue, seconds since the epoch; 0.0 without one.
        parts: the same of lists that are for the certificates of a distribution point, by its URL.
    """

    serials: frozenset[int]
    until: float
    parts: Mapping[str, float] = field(default_factory=dict)

    def covers(self, certificate: x509.Certificate, now: float) -> bool:
        """Whether a list that is current would name a certificate if it were revoked.

        A list with a distribution point is for those certificates that name it (RFC 5280, section 6.3.3, b).
        """
        if now <= self.until:
            return True
        return bool(self.parts) and any(now <= self.parts.get(url, 0.0) for url in lists_of(certificate))


def signer(certificate: x509.Certificate) -> Signer:
    """Return under which name and key an authority signs."""
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return certificate.subject.public_bytes(), key


def said(crl: x509.CertificateRevocationList) -> Revoked:
    """Return what one list says."""
    serials = frozenset(entry.serial_number for entry in crl)
    until = (crl.next_update_utc or datetime.fromtimestamp(0, UTC)).timestamp()
    scope = scope_of(crl)
    return Revoked(serials, until) if scope is None else Revoked(serials, 0.0, dict.fromkeys(scope, until))


def together(lists: Iterable[Revoked | None]) -> Revoked | None:
    """Return what several lists of one authority say together, or None when there is none."""
    known: Revoked | None = None
    for one in lists:
        if one is not None:
            known = one if known is None else _both(known, one)
    return known


def joined(known: Revoked | None, crl: x509.CertificateRevocationList) -> Revoked:
    """Return what an authority's lists say, with one more."""
    return said(crl) if known is None else _both(known, said(crl))


def _both(one: Revoked, other: Revoked) -> Revoked:
    parts = {url: max(one.parts.get(url, 0.0), other.parts.get(url, 0.0)) for url in (*one.parts, *other.parts)}
    return Revoked(one.serials | other.serials, max(one.until, other.until), parts)
