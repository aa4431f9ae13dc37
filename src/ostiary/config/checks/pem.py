"""Certificates, keys and revocation lists as files hold them. Pure: octets in, objects or a sentence out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, pkcs12

from ostiary.config.pkcs11 import is_elsewhere

_CRL: Final = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Unusable(Exception):
    """A file does not hold what it should. The sentence never quotes it."""

    code: str
    sentence: str


def certificates(data: bytes) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        Unusable: there is none in it, or one cannot be read.
    """
    if b"-----BEGIN" not in data:
        raise Unusable("C502", "is not PEM: it has no -----BEGIN CERTIFICATE-----")
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise Unusable("C502", "has no certificate in it, but something else")
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise Unusable("C502", "has a certificate that cannot be read") from None


def private_key(data: bytes, password: bytes | None) -> PrivateKeyTypes | None:
    """Return the private key of a PEM file, or None when that says only where it is: in an HSM.

    Raises:
        Unusable: it cannot be read, or not with this password.
    """
    if is_elsewhere(data):
        return None
    try:
        return load_pem_private_key(data, password)
    except TypeError:
        wrong = "is encrypted, and there is no `password`" if password is None else "is not encrypted; drop `password`"
    except ValueError:
        wrong = "holds no private key that can be read" + (" with this password" if password is not None else " (PEM)")
    except Exception as error:  # noqa: BLE001 - an algorithm that the library lacks has an exception of its own
        wrong = f"holds a private key that cannot be used ({type(error).__name__})"
    raise Unusable("C515", wrong)


def bundle(data: bytes, password: bytes | None) -> x509.Certificate:
    """Return the certificate of a PKCS#12 file that has its key beside it.

    Raises:
        Unusable: it cannot be opened, or lacks one of the two.
    """
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password)
    except ValueError:
        raise Unusable("C516", "cannot be opened as PKCS#12 with this password") from None
    if key is None or certificate is None:
        raise Unusable("C516", "lacks the certificate or its private key")
    return certificate


def revocation_lists(data: bytes) -> list[x509.CertificateRevocationList]:
    """Return the revocation lists of a file: any number as PEM, or one as DER.

    Raises:
        Unusable: there is none, or one cannot be read.
    """
    blocks = _CRL.findall(data)
    try:
        if len(blocks) == data.count(b"-----BEGIN X509 CRL-----") > 0:
            return [x509.load_pem_x509_crl(block) for block in blocks]
        return [x509.load_der_x509_crl(data)]
    except ValueError:
        raise Unusable("C509", "is not a certificate revocation list (PEM or DER)") from None


def signed_by(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """Whether an authority has signed a revocation list (RFC 5280, section 6.3.3)."""
    try:
        return crl.issuer == authority.subject and crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def name_of(certificate: x509.Certificate) -> str:
    """Return how a certificate is called in sentences."""
    return repr(certificate.subject.rfc4514_string() or "without a subject")


def belongs(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    """Whether a private key is the certificate's."""
    return _octets(certificate.public_key()) == _octets(key.public_key())


def _octets(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def out_of_date(certificate: x509.Certificate, now: float) -> str | None:
    """Return what is the matter with the dates of a certificate, or None (RFC 5280, section 4.1.2.5)."""
    moment = datetime.fromtimestamp(now, UTC)
    if moment > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if moment < certificate.not_valid_before_utc:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return None


def days_left(certificate: x509.Certificate, now: float) -> int:
    """Return the whole days until a certificate expires."""
    return (certificate.not_valid_after_utc - datetime.fromtimestamp(now, UTC)).days


def is_authority(certificate: x509.Certificate) -> bool | None:
    """Whether a certificate may issue others; None when it cannot say (X.509 v1, no basicConstraints)."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return None
    except ValueError:
        return False
