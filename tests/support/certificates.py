"""Certificates around the keys of an issuer, as Google's, Entra's and Keycloak's publish them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.tokens import Signer


def certificate_of(signer: Signer, *, days: int = 10, started: int = -1) -> str:
    """A self-signed certificate (PEM), valid from `started` days from now for `days`."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    begin = datetime.now(UTC) + timedelta(days=started)
    made = (
        x509.CertificateBuilder(name, name, signer.private.public_key(), x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .sign(signer.private, None if signer.alg == "EdDSA" else hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def public_pem(signer: Signer) -> str:
    """The public key alone (PEM)."""
    return signer.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
