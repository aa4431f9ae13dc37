"""When a certificate is valid (RFC 5280, section 4.1.2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509

from ostiary.pki.diagnosis.finding import Finding, called

_SOON = timedelta(days=30)
_LONG = timedelta(days=825)


def dates(certificate: x509.Certificate, now: datetime, remedy: str, *, leaf: bool) -> Iterator[Finding]:
    """Look at the validity of a certificate. `remedy` issues it anew."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    name = called(certificate)
    if end < begin:
        yield Finding("D124", name, remedy)
    elif now > end:
        yield Finding("D107", name, remedy, f"on {end:%Y-%m-%d %H:%M} UTC, {(now - end).days} days ago")
    elif now < begin:
        yield Finding("D108", name, "compare `date -u` here and at the authority", f"before {begin:%Y-%m-%d %H:%M} UTC")
    elif end - now < _SOON:
        yield Finding("D109", name, remedy, f"on {end:%Y-%m-%d %H:%M} UTC")
    if leaf and end - begin > _LONG:
        yield Finding("D121", name, "ostiary certs sign NAME.csr --days 365", f"{(end - begin).days} days")
