"""A certificate in the model's words, and whether it is valid now.

Names are read by structure, attribute by attribute; a distinguished name is never split as a string,
so the common name `a,CN=admin` is one name and not two. What cannot be read, or would not print, is no name.
"""

from __future__ import annotations

from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ostiary.errors import InvalidCertificate
from ostiary.model import Certificate
from ostiary.pki.names import upn_of
from ostiary.pki.prints import spki_pin, thumbprint
from ostiary.reasons import Reason

_Named = TypeVar("_Named", x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier)


def unsuitable(detail: str) -> InvalidCertificate:
    """Return the refusal of a certificate that is not made for this use."""
    return InvalidCertificate(detail, reason=Reason.CERTIFICATE_UNSUITABLE)


def parse(der: bytes) -> x509.Certificate:
    """Return the parsed certificate, with names and extensions known to be readable.

    Raises:
        InvalidCertificate: it is not a certificate of RFC 5280, or says something twice.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.subject, certificate.issuer, certificate.extensions  # these are read lazily
    except (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise unsuitable("the certificate cannot be read") from None
    return certificate


def describe(certificate: x509.Certificate) -> Certificate:
    """Return what a certificate says.

    Raises:
        InvalidCertificate: one of its names holds a NUL, a control or an invisible character.
    """
    alternative = _alternative_names(certificate)
    return Certificate(
        subject=_distinguished(certificate.subject),
        issuer=_distinguished(certificate.issuer),
        serial=certificate.serial_number,
        common_names=_attributes(certificate.subject, NameOID.COMMON_NAME),
        san_uris=_values(alternative, x509.UniformResourceIdentifier),
        san_dns=_values(alternative, x509.DNSName),
        san_emails=_values(alternative, x509.RFC822Name),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        thumbprint=thumbprint(certificate),
        der=certificate.public_bytes(Encoding.DER),
        organizations=_attributes(certificate.subject, NameOID.ORGANIZATION_NAME),
        units=_attributes(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        san_upns=_upns(alternative),
        spki=_spki(certificate),
    )


def validity(certificate: Certificate, now: float) -> None:
    """Return when the certificate is valid at a time (RFC 5280, section 4.1.2.5: both ends belong to it).

    Args:
        certificate: what was verified when the connection was made.
        now: seconds since the epoch.

    Raises:
        InvalidCertificate: it is not valid yet, or not any more.
    """
    if now > certificate.not_after:
        raise InvalidCertificate(f"serial {certificate.serial:x} has expired", reason=Reason.CERTIFICATE_EXPIRED)
    if now < certificate.not_before:
        detail = f"serial {certificate.serial:x} is not valid yet"
        raise InvalidCertificate(detail, reason=Reason.CERTIFICATE_NOT_YET_VALID)


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _values(names: x509.SubjectAlternativeName | None, kind: type[_Named]) -> tuple[str, ...]:
    found = () if names is None else [name.value for name in names if isinstance(name, kind)]
    if not all(value.isascii() for value in found):  # an IA5String, which the parser does not insist on
        raise unsuitable("an alternative name of the certificate is not ASCII")
    return tuple(_plain(value) for value in found)


def _upns(names: x509.SubjectAlternativeName | None) -> tuple[str, ...]:
    try:
        found = [upn_of(name) for name in names or ()]
    except ValueError:
        raise unsuitable("a user principal name of the certificate cannot be read") from None
    return tuple(_plain(upn) for upn in found if upn is not None)


def _attributes(subject: x509.Name, kind: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(_plain(attribute.value) for attribute in subject.get_attributes_for_oid(kind))


def _spki(certificate: x509.Certificate) -> str:
    try:
        return spki_pin(certificate)
    except (ValueError, UnsupportedAlgorithm):
        return ""


def _distinguished(name: x509.Name) -> str:
    for attribute in name:
        if isinstance(attribute.value, str):
            _plain(attribute.value)
    return name.rfc4514_string()


def _plain(value: str | bytes) -> str:
    """Return a name that shows what it is: no control, invisible or direction-changing characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise unsuitable("a name of the certificate holds a character that does not print")
    return value
