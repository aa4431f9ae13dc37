"""Keys, key sets and tokens as an issuer makes them, and as somebody who means ill does.

Made with `cryptography` alone, so that nothing under test, and no library of the product, has a say.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.support.clock import Clock

from ostiary.config.schema import IssuerSpec
from ostiary.jwks import Issuer
from ostiary.jwks.source import Document, FetchError
from ostiary.model import Certificate, Headers, Peer, Record, Request

NOW = 1_800_000_000.0
ISSUER = "https://id.example.com/realms/bank"
AUDIENCE = "legacy-accounts"

_CURVES = {
    "ES256": (ec.SECP256R1(), "P-256", 32),
    "ES384": (ec.SECP384R1(), "P-384", 48),
    "ES512": (ec.SECP521R1(), "P-521", 66),
}
_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    """A number as RFC 7518 writes it."""
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


@dataclass
class Signer:
    """A private key of an issuer, with the id and the algorithm it goes by."""

    kid: str | None = "key-1"
    alg: str = "ES256"
    bits: int = 2048
    private: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.private is None:
            self.private = self._generate()

    def _generate(self) -> Any:
        if self.alg in _CURVES:
            return ec.generate_private_key(_CURVES[self.alg][0])
        if self.alg == "EdDSA":
            return ed25519.Ed25519PrivateKey.generate() if self.bits != 448 else ed448.Ed448PrivateKey.generate()
        return rsa.generate_private_key(65537, self.bits)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """The public half as a member of a key set; a change to None removes a member."""
        member = {"kid": self.kid, "use": "sig", "alg": self.alg, **self._numbers(), **changes}
        return {name: value for name, value in member.items() if value is not None}

    def _numbers(self) -> dict[str, str]:
        public = self.private.public_key()
        if self.alg in _CURVES:
            _, curve, size = _CURVES[self.alg]
            at = public.public_numbers()
            return {"kty": "EC", "crv": curve, "x": number(at.x, size), "y": number(at.y, size)}
        if self.alg == "EdDSA":
            curve = "Ed448" if self.bits == 448 else "Ed25519"
            return {"kty": "OKP", "crv": curve, "x": b64(public.public_bytes_raw())}
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    def private_jwk(self) -> dict[str, Any]:
        """The whole key, for an issuer of a test that wants to sign with it (EC and RSA)."""
        secret = self.private.private_numbers()
        if self.alg in _CURVES:
            return self.jwk(d=number(secret.private_value, _CURVES[self.alg][2]))
        rest = {"d": secret.d, "p": secret.p, "q": secret.q, "dp": secret.dmp1, "dq": secret.dmq1, "qi": secret.iqmp}
        return self.jwk(**{name: number(value) for name, value in rest.items()})

    def sign(self, data: bytes, alg: str | None = None) -> bytes:
        """A signature over `data`."""
        alg = alg or self.alg
        if alg == "EdDSA":
            return bytes(self.private.sign(data))
        digest = _HASHES[alg[2:]]
        if alg in _CURVES:
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(digest)))
            size = (self.private.curve.key_size + 7) // 8
            return r.to_bytes(size) + s.to_bytes(size)
        if alg.startswith("RS"):
            return bytes(self.private.sign(data, padding.PKCS1v15(), digest))
        return bytes(self.private.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest))

    def compact(self, header: bytes | str, payload: bytes | str, alg: str | None = None) -> bytes:
        """A signed token of exactly these octets."""
        parts = [b64(part.encode() if isinstance(part, str) else part) for part in (header, payload)]
        signing_input = ".".join(parts).encode()
        return signing_input + b"." + b64(self.sign(signing_input, alg)).encode()

    def header(self, **changes: Any) -> dict[str, Any]:
        """The header of its tokens; a change to None removes a member."""
        header = {"alg": self.alg, "kid": self.kid, "typ": "JWT", **changes}
        return {name: value for name, value in header.items() if value is not None}

    def token(self, claims: dict[str, Any] | None = None, **header: Any) -> bytes:
        """A token; the default claims are good ones."""
        return self.compact(json.dumps(self.header(**header)), json.dumps(good_claims() if claims is None else claims))


class Absent:
    """A claim that is not there."""


ABSENT = Absent()


def good_claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted; a change to ABSENT removes one."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": NOW - 10, "exp": NOW + 300, **changes}
    return {name: value for name, value in claims.items() if value is not ABSENT}


def key_set(*members: Signer | dict[str, Any]) -> bytes:
    """A key set document."""
    return json.dumps({"keys": [one.jwk() if isinstance(one, Signer) else one for one in members]}).encode()


def issuer_spec(**changes: Any) -> IssuerSpec:
    """The block of an issuer."""
    block: dict[str, Any] = {
        "issuer": ISSUER,
        "jwks_url": "https://id.example.com/jwks",
        "audiences": [AUDIENCE],
        "algorithms": ["ES256", "RS256"],
        **changes,
    }
    return IssuerSpec.model_validate(block)


class Shelf:
    """A source of key sets in memory.

    Attributes:
        document: what the next fetch finds; None for an issuer that is down.
        fetches: how often somebody came.
        gate: set it to make fetches wait.
        validator, lifetime: what it says of the document's state and age.
    """

    def __init__(self, document: bytes | None) -> None:
        self.document = document
        self.fetches = 0
        self.gate: asyncio.Event | None = None
        self.closed = False
        self.validator: str | None = None
        self.lifetime: float | None = None
        self.origin = "https://id.example.com/jwks"

    async def fetch(self, validator: str | None = None) -> Document:
        self.fetches += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.document is None:
            raise FetchError("the issuer is down")
        if validator is not None and validator == self.validator:
            return Document(None, validator, self.lifetime)
        return Document(self.document, self.validator, self.lifetime)

    async def aclose(self) -> None:
        self.closed = True


def issuer(
    *signers: Signer, name: str = "bank", clock: Clock | None = None, shelf: Shelf | None = None, **changes: Any
) -> Issuer:
    """An issuer whose keys are in memory."""
    source = shelf or Shelf(key_set(*signers))
    return Issuer(name, issuer_spec(**changes), source, clock=clock or Clock(), chance=lambda: 0.0)


def request(
    authorization: bytes | None = None, *, certificate: Certificate | None = None, headers: Headers | None = None
) -> Request:
    """A request with these credentials."""
    if headers is None:
        headers = Headers.of([] if authorization is None else [(b"Authorization", authorization)])
    return Request(
        id="r1",
        method="GET",
        target=b"/",
        path="/",
        host="api.example.com",
        authority=b"api.example.com",
        scheme="https",
        headers=headers,
        peer=Peer("127.0.0.1", certificate),
        body=None,  # type: ignore[arg-type] - no authenticator looks at a body
        record=Record(),
    )


def certificate(der: bytes = b"a certificate") -> Certificate:
    """What the listener would make of a verified client certificate with these octets."""
    return Certificate(
        subject="CN=alice",
        issuer="CN=ca",
        serial=1,
        common_names=("alice",),
        san_uris=(),
        san_dns=(),
        san_emails=(),
        not_before=0.0,
        not_after=2e9,
        thumbprint=b64(hashlib.sha256(der).digest()),
        der=der,
    )
