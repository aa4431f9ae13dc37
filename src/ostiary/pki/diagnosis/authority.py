"""What an authority's own certificate must say (RFC 5280, sections 4.2.1.2, 4.2.1.3 and 4.2.1.9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509

from ostiary.pki.diagnosis.dates import dates
from ostiary.pki.diagnosis.finding import Finding, authority_anew, called, extension
from ostiary.pki.diagnosis.strength import strength


def authority(certificate: x509.Certificate, now: datetime) -> Iterator[Finding]:
    """Look at the certificate of an authority at a time, which is aware of its zone."""
    about, remedy = called(certificate), authority_anew(certificate)
    yield from dates(certificate, now, remedy, leaf=False)
    yield from strength(certificate, remedy)
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.value.ca:
        yield Finding("D204", about, remedy)
    elif not constraints.critical:
        yield Finding("D203", about, remedy)
    elif constraints.value.path_length is None and certificate.issuer == certificate.subject:
        yield Finding("D207", about, f"{remedy} --path-length 0")
    yield from _usage(certificate, remedy)
    if extension(certificate, x509.SubjectKeyIdentifier) is None:
        yield Finding("D205", about, remedy)


def _usage(certificate: x509.Certificate, remedy: str) -> Iterator[Finding]:
    usage = extension(certificate, x509.KeyUsage)
    if usage is None:
        yield Finding("D201", called(certificate), remedy)
    elif not usage.value.key_cert_sign:
        yield Finding("D202", called(certificate), remedy)
    elif not usage.value.crl_sign:
        yield Finding("D206", called(certificate), remedy)
