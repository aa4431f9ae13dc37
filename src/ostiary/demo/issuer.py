"""An OpenID provider for the demo: discovery, a key set, and a pen.

It signs with ES256 (RFC 7518, section 3.4) and a key that lives as long as the process.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

from ostiary.demo.service import LOOPBACK, Asked, Told, serving

REALM: Final = "/realms/bank"
DISCOVERY: Final = f"{REALM}/.well-known/openid-configuration"
KEYS: Final = f"{REALM}/keys"


def _new_key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


@dataclass(frozen=True)
class Issuer:
    """Whoever holds one can sign.

    Attributes:
        url: its identifier, the `iss` of its tokens.
    """

    url: str
    kid: str = field(default_factory=lambda: secrets.token_hex(4))
    key: EllipticCurvePrivateKey = field(default_factory=_new_key, repr=False)

    def sign(self, claims: Mapping[str, Any], *, life: float, now: float | None = None) -> str:
        """Return a token.

        Args:
            claims: beside `iss`, `iat` and `exp`.
            life: seconds until it expires; negative for one that has expired.
            now: seconds since the epoch; the clock by default.
        """
        expires = (time.time() if now is None else now) + life
        times = {"iat": int(expires - abs(life) - 60), "exp": int(expires)}
        return jwt.encode({"iss": self.url, **times, **claims}, self.key, algorithm="ES256", headers={"kid": self.kid})

    def forger(self) -> Issuer:
        """Return somebody who claims to be this issuer, with the same key id and another key."""
        return Issuer(self.url, self.kid)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key (RFC 7517)."""
        public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "ES256"}


@contextmanager
def serve_issuer(port: int) -> Iterator[Issuer]:
    """Serve discovery and key set while the block runs; give the issuer."""
    present: list[Issuer] = []

    def answer(asked: Asked) -> Told:
        issuer = present[0]
        match asked.target:
            case path if path == DISCOVERY:
                return Told(200, _metadata(issuer.url))
            case path if path == KEYS:
                return Told(200, {"keys": [issuer.jwk]})
        return Told(404, {"error": "there is nothing here"})

    with serving(answer, port) as bound:
        present.append(Issuer(f"http://{LOOPBACK}:{bound}{REALM}"))
        yield present[0]


def _metadata(url: str) -> dict[str, Any]:
    """Return the issuer's metadata (OpenID Connect Discovery 1.0, section 3), as far as it is true."""
    parts = urlsplit(url)
    return {
        "issuer": url,
        "jwks_uri": f"{parts.scheme}://{parts.netloc}{KEYS}",
        "id_token_signing_alg_values_supported": ["ES256"],
        "subject_types_supported": ["public"],
        "response_types_supported": ["none"],
    }
