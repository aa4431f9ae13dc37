"""Private keys: make them, write them down."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from ostiary.model import Secret

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
KeyKind: TypeAlias = Literal["ec-p256", "ec-p384", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519"]

_RSA_EXPONENT: Final = 65537


def generate(kind: KeyKind = "ec-p256") -> PrivateKey:
    """Return a new private key."""
    match kind:
        case "ec-p256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ec-p384":
            return ec.generate_private_key(ec.SECP384R1())
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "rsa-2048" | "rsa-3072" | "rsa-4096":
            return rsa.generate_private_key(_RSA_EXPONENT, int(kind.removeprefix("rsa-")))


def signing_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | None:
    """Return the hash to sign with: as strong as the key, none for EdDSA, which brings its own (RFC 8410)."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return hashes.SHA384()
    return hashes.SHA256()


def encryption(password: Secret | None) -> KeySerializationEncryption:
    """Return how a key is written down: encrypted when there is a password."""
    return NoEncryption() if password is None else BestAvailableEncryption(password.reveal())


def private_pem(key: PrivateKey, password: Secret | None = None) -> bytes:
    """Return the key as PEM, PKCS#8 (RFC 5958)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption(password))
