"""Certificates, tokens, a key set and a credential: made anew for every run, thrown away after it."""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from ostiary.pki.development import DevelopmentPki, write_development_pki

ISSUER: Final = "https://id.example.com/realms/bank"
AUDIENCE: Final = "legacy-accounts"
KEY_ID: Final = "benchmark"
ALIAS: Final = "legacy-accounts"
MANY: Final = 2000
"""Tokens of the workload that rotates them."""


@dataclass(frozen=True, slots=True)
class Material:
    """What callers, gateways and the upstream need to know each other.

    Attributes:
        pki: a CA, the gateway's identity, the caller's identity (ECDSA P-256, all of them).
        jwks: the issuer's key set (RFC 7517).
        public_key: the only key of it, for those who take no key set (PEM).
        tokens: ES256 tokens of that issuer, all valid, all different.
        forged: a token like them, signed with another key.
        user, password: the credential that the upstream is shown in place of the token.
    """

    pki: DevelopmentPki
    jwks: str
    public_key: bytes
    tokens: tuple[str, ...] = field(repr=False)
    forged: str = field(repr=False)
    user: str = "benchmark"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)

    @property
    def basic(self) -> str:
        """The credential as `Authorization` carries it (RFC 7617)."""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

    def write_tokens(self, path: Path, count: int) -> Path:
        """Write the first `count` tokens, one a line, for the load generator."""
        path.write_text("\n".join(self.tokens[:count]) + "\n")
        return path


def make(folder: Path, lifetime: float) -> Material:
    """Return new material.

    Args:
        folder: where certificates and keys are written.
        lifetime: seconds that the tokens are valid.
    """
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    expires = int(time.time() + lifetime)
    return Material(
        pki=write_development_pki(folder),
        jwks=json.dumps({"keys": [jwk(key.public_key())]}, separators=(",", ":")),
        public_key=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        tokens=tuple(signed(key, number, expires) for number in range(MANY)),
        forged=signed(other, 0, expires),
    )


def jwk(key: ec.EllipticCurvePublicKey, kid: str = KEY_ID) -> dict[str, Any]:
    """Return a key as a key set holds it (RFC 7517)."""
    return {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": kid, "alg": "ES256", "use": "sig"}


def signed(key: ec.EllipticCurvePrivateKey, number: int, expires: int, kid: str = KEY_ID) -> str:
    """Return a token that lets its bearer in, as far as the key does (RFC 7519)."""
    claims = {
        "iss": ISSUER,
        "sub": f"customer-{number:05}",
        "aud": [AUDIENCE],
        "iat": int(time.time()),
        "exp": expires,
        "jti": f"{number:032x}",
        "tenantId": "bank-north",
        "permissions": {"accounts": ["read", "manage"]},
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})
