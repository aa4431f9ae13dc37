"""What a client or a server wants of its certificate (RFC 5280, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ostiary.pki.diagnosis.dates import dates
from ostiary.pki.diagnosis.finding import Finding, anew, called, extension
from ostiary.pki.diagnosis.names import names
from ostiary.pki.diagnosis.strength import strength

_PURPOSES: Final = {
    "client": (ExtendedKeyUsageOID.CLIENT_AUTH, "clientAuth"),
    "server": (ExtendedKeyUsageOID.SERVER_AUTH, "serverAuth"),
}
_MOST_BITS: Final = 160


def leaf(certificate: x509.Certificate, purpose: str, now: datetime) -> Iterator[Finding]:
    """Look at the certificate of a client or a server.

    Args:
        certificate: it.
        purpose: "client" or "server".
        now: the time, aware of its zone.
    """
    about, remedy = called(certificate), anew(certificate, purpose)
    yield from dates(certificate, now, remedy, leaf=True)
    yield from strength(certificate, remedy)
    if certificate.version is not x509.Version.v3:
        yield Finding("D101", about, remedy)
    if not 0 < certificate.serial_number < 1 << _MOST_BITS:
        yield Finding("D112", about, remedy, f"{certificate.serial_number:x}")
    if certificate.issuer == certificate.subject and list(certificate.subject):
        yield Finding("D123", about, remedy)
    yield from _extensions(certificate, purpose, remedy)
    yield from names(certificate, purpose)


def _extensions(certificate: x509.Certificate, purpose: str, remedy: str) -> Iterator[Finding]:
    about = called(certificate)
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        yield Finding("D105", about, remedy)
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.value.digital_signature:
        yield Finding("D106", about, remedy)
    yield from _purpose(certificate, purpose, remedy)
    if certificate.version is x509.Version.v3 and extension(certificate, x509.AuthorityKeyIdentifier) is None:
        yield Finding("D119", about, remedy)
    for one in certificate.extensions:
        if one.critical and isinstance(one.value, x509.UnrecognizedExtension):
            yield Finding("D120", about, remedy, one.oid.dotted_string)


def _purpose(certificate: x509.Certificate, purpose: str, remedy: str) -> Iterator[Finding]:
    wanted, word = _PURPOSES[purpose]
    found = extension(certificate, x509.ExtendedKeyUsage)
    if found is None:
        yield Finding("D102", called(certificate), remedy, f"it should say {word}")
    elif wanted not in found.value:
        alone = list(found.value) == [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
        yield Finding("D104" if alone else "D103", called(certificate), remedy, f"it should say {word}")
