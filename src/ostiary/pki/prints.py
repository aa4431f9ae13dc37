"""Digests by which certificates and keys are known."""

from __future__ import annotations

import base64
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def thumbprint(certificate: x509.Certificate) -> str:
    """Return `x5t#S256`: SHA-256 of the DER, base64url without padding (RFC 8705, section 3.1)."""
    return base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()


def spki_pin(certificate: x509.Certificate | x509.CertificateSigningRequest) -> str:
    """Return SHA-256 of the public key's SubjectPublicKeyInfo, base64 (RFC 7469, section 2.4).

    It stays the same when a certificate is renewed with its key.
    """
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
