"""What a key can do: its algorithms, its signature, its place in a key set (RFC 7517, RFC 7518, RFC 8037)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from ostiary.keys.errors import KeyRefused
from ostiary.pki.keys import PrivateKey, PublicKey

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 4096
_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_OPENED: Final = ("RSA-OAEP-256", "RSA-OAEP", "ECDH-ES")
_CURVES: Final = {"secp256r1": ("ES256",), "secp384r1": ("ES384",)}
_ALGORITHMS: Final[dict[str, Any]] = get_default_algorithms()
_IDENTIFYING: Final = ("crv", "e", "kty", "n", "x", "y")


def fitting(public: object) -> tuple[str, ...]:
    """Return the algorithms that a key can sign with, the usual one first.

    Raises:
        KeyRefused: it is of a kind or a size that we do not sign with.
    """
    match public:
        case rsa.RSAPublicKey() if MIN_RSA_BITS <= public.key_size <= MAX_RSA_BITS:
            return _RSA
        case rsa.RSAPublicKey():
            raise KeyRefused(f"an RSA key of {public.key_size} bits: {MIN_RSA_BITS} to {MAX_RSA_BITS} are used")
        case ec.EllipticCurvePublicKey() if public.curve.name in _CURVES:
            return _CURVES[public.curve.name]
        case ed25519.Ed25519PublicKey():
            return ("EdDSA",)
    raise KeyRefused("a key of another kind: RSA, EC P-256, EC P-384 and Ed25519 are used")


def encrypts(alg: str) -> bool:
    """Whether this is how tokens are encrypted to a key (RFC 7518, section 4.1), and not how it signs."""
    return alg in _OPENED


def encryption(public: object) -> tuple[str, ...]:
    """Return how tokens can be encrypted to a key, the usual way first; a key of Ed25519 only signs."""
    match public:
        case rsa.RSAPublicKey():
            return _OPENED[:2]
        case ec.EllipticCurvePublicKey():
            return _OPENED[2:]
    return ()


def algorithm(public: object, wanted: str | None) -> str:
    """Return what a key does: as wanted, or to sign in its usual way.

    Raises:
        KeyRefused: it cannot do that.
    """
    able = fitting(public)
    if wanted is not None and encrypts(wanted):
        if wanted not in encryption(public):
            raise KeyRefused(f"tokens cannot be encrypted to this key with {wanted}")
    elif wanted is not None and wanted not in able:
        raise KeyRefused(f"this key cannot sign with {wanted}; it can with {', '.join(able)}")
    return wanted or able[0]


def sign(key: PrivateKey, alg: str, data: bytes) -> bytes:
    """Return the signature in the form of JOSE."""
    signature: bytes = _ALGORITHMS[alg].sign(data, key)
    return signature


def verifies(key: PublicKey, alg: str, data: bytes, signature: bytes) -> bool:
    """Whether a signature in the form of JOSE is one of this key over these octets."""
    return bool(_ALGORITHMS[alg].verify(data, key, signature))


def jwk(public: PublicKey, alg: str, kid: str) -> dict[str, str]:
    """Return a public key as it stands in a key set (RFC 7517, section 4)."""
    return {**_members(public), "use": "enc" if encrypts(alg) else "sig", "alg": alg, "kid": kid}


def thumbprint(public: PublicKey) -> str:
    """Return the thumbprint of a key: SHA-256 of its identifying members, base64url (RFC 7638, section 3)."""
    members = {name: value for name, value in _members(public).items() if name in _IDENTIFYING}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def kid(public: PublicKey, alg: str) -> str:
    """Return the id of a key in a key set: its thumbprint, and another one where it is encrypted to.

    One key may have both uses, and the ids of a set are distinct (RFC 7517, section 4.5).
    """
    return f"{thumbprint(public)}{'-enc' if encrypts(alg) else ''}"


def _members(public: PublicKey) -> dict[str, str]:
    found: dict[str, Any] = _ALGORITHMS[fitting(public)[0]].to_jwk(public, as_dict=True)
    return {name: value for name, value in found.items() if name in _IDENTIFYING}
