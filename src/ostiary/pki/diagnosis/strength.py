"""Can the key be broken, or the signature be forged?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ostiary.pki.diagnosis.finding import Finding, called

_RSA_BITS: Final = 2048
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_EDWARDS: Final = (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def strength(certificate: x509.Certificate, remedy: str) -> Iterator[Finding]:
    """Look at the key and the signature of a certificate. `remedy` issues it anew."""
    if weakness := _weakness(certificate):
        yield Finding("D110", called(certificate), remedy, weakness)
    if certificate.issuer != certificate.subject and (digest := _digest(certificate)):
        yield Finding("D111", called(certificate), remedy, digest)


def _weakness(certificate: x509.Certificate) -> str:
    """Return what is too weak about a key, or ""."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "it cannot be read"
    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size >= _RSA_BITS else f"RSA of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "" if isinstance(key.curve, _CURVES) else f"EC {key.curve.name}"
    return "" if isinstance(key, _EDWARDS) else type(key).__name__.removesuffix("PublicKey")


def _digest(certificate: x509.Certificate) -> str:
    """Return the hash of a signature when it is too weak, or ""."""
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "an unknown one"
    return "" if digest is None or isinstance(digest, _HASHES) else digest.name
