"""The public key in a member of a key set: RSA, NIST curves, Edwards curves (RFC 7518, section 6; RFC 8037).

What is weak, malformed or not on its curve raises ValueError; the text says why and repeats no key material.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from ostiary.jwks.encoding import base64url, unpadded
from ostiary.jwks.roca import has_roca_fingerprint

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey

MIN_RSA_BITS: Final = 2048
MAX_RSA_BITS: Final = 8192  # a larger one makes each verification a burden
MAX_RSA_EXPONENT: Final = 1 << 64  # likewise

_RSA_ALGORITHMS: Final = frozenset(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"))
_CURVES: Final = {
    "P-256": (SECP256R1(), "ES256", 32),
    "P-384": (SECP384R1(), "ES384", 48),
    "P-521": (SECP521R1(), "ES512", 66),
}
_EDWARDS: Final = {"Ed25519": (Ed25519PublicKey, 64), "Ed448": (Ed448PublicKey, 114)}


@dataclass(frozen=True, slots=True)
class Material:
    """A public key and what its type says of it.

    Attributes:
        public: the key.
        algorithms: what fits its type and curve.
        signature_size: octets of a signature, in the form of RFC 7518.
        required: the members that make its thumbprint (RFC 7638, section 3.2).
    """

    public: PublicKey
    algorithms: frozenset[str]
    signature_size: int
    required: tuple[str, ...]


def read_material(member: Mapping[str, Any]) -> Material:
    """Return the public key that a member of a key set describes.

    Raises:
        ValueError: it is of a type we do not know, weak, or malformed.
    """
    kind = member.get("kty")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise ValueError("it is a symmetric key" if kind == "oct" else "its type (kty) is not supported")
    return reader(member)


def _read_rsa(member: Mapping[str, Any]) -> Material:
    modulus = int.from_bytes(_octets(member, "n"))
    exponent = int.from_bytes(_octets(member, "e"))
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS:
        raise ValueError(f"its modulus has {bits} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}")
    if exponent < 3 or exponent % 2 == 0 or exponent > MAX_RSA_EXPONENT:  # noqa: PLR2004 - RFC 8017, section 3.1
        raise ValueError("its exponent is even, less than 3 or too large")
    if modulus % 2 == 0 or has_roca_fingerprint(modulus):
        raise ValueError("its modulus can be factored")
    public = RSAPublicNumbers(exponent, modulus).public_key()
    return Material(public, _RSA_ALGORITHMS, (bits + 7) // 8, ("e", "kty", "n"))


def _read_ec(member: Mapping[str, Any]) -> Material:
    curve, algorithm, size = _known(_CURVES, member)
    x, y = _octets(member, "x"), _octets(member, "y")
    if len(x) != size or len(y) != size:  # RFC 7518, section 6.2.1.2
        raise ValueError("its coordinates have the wrong length")
    numbers = EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve)
    try:
        public = numbers.public_key()
    except ValueError:
        raise ValueError("its point is not on the curve") from None
    return Material(public, frozenset((algorithm,)), 2 * size, ("crv", "kty", "x", "y"))


def _read_okp(member: Mapping[str, Any]) -> Material:
    curve, size = _known(_EDWARDS, member)
    try:
        public = curve.from_public_bytes(_octets(member, "x"))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("its public key is not one of its curve") from None
    return Material(public, frozenset(("EdDSA",)), size, ("crv", "kty", "x"))


_READERS: Final = {"RSA": _read_rsa, "EC": _read_ec, "OKP": _read_okp}


def describe(public: Any) -> dict[str, str]:
    """Return the members that describe a public key: the inverse of `read_material`, which will judge it.

    Raises:
        ValueError: it is of a type or on a curve that we do not know.
    """
    match public:
        case RSAPublicKey():
            numbers = public.public_numbers()
            return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        case EllipticCurvePublicKey():
            for name, (curve, _, size) in _CURVES.items():
                if curve.name == public.curve.name:
                    point = public.public_numbers()
                    return {"kty": "EC", "crv": name, "x": _number(point.x, size), "y": _number(point.y, size)}
        case Ed25519PublicKey():
            return {"kty": "OKP", "crv": "Ed25519", "x": unpadded(public.public_bytes_raw())}
        case Ed448PublicKey():
            return {"kty": "OKP", "crv": "Ed448", "x": unpadded(public.public_bytes_raw())}
    raise ValueError("its type or curve is not supported")


def _number(value: int, size: int | None = None) -> str:
    """Base64urlUInt (RFC 7518, section 2); coordinates have a fixed length."""
    return unpadded(value.to_bytes(size or max(1, (value.bit_length() + 7) // 8)))


def _known(curves: Mapping[str, Any], member: Mapping[str, Any]) -> Any:
    name = member.get("crv")
    if not isinstance(name, str) or name not in curves:
        raise ValueError("its curve (crv) is not supported")
    return curves[name]


def _octets(member: Mapping[str, Any], name: str) -> bytes:
    value = member.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"it lacks {name}")
    try:
        return base64url(value.encode("ascii"))
    except ValueError:
        raise ValueError(f"its {name} is not base64url") from None
