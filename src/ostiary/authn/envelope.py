"""Open an encrypted token: a signed one in a JWE that only we can read (RFC 7516; RFC 7519, section 5.2).

    alg  RSA-OAEP-256, ECDH-ES        enc  A256GCM

Nothing else is opened: no password-based key (whose work the sender chooses), no compression (whose size he
does). An envelope proves nothing of who closed it, since everybody has our public key; what is in it is judged as
any signed token, and by the issuer whose keys opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.errors import ConfigError, InvalidToken
from ostiary.jwks.encoding import base64url, json_object
from ostiary.jwks.material import MIN_RSA_BITS, read_material
from ostiary.reasons import Reason

_PARTS: Final = 5
_KEY, _IV, _TAG = 32, 12, 16
_ENC: Final = "A256GCM"
_OAEP: Final = OAEP(MGF1(SHA256()), SHA256(), None)
_REFUSED: Final = frozenset(("zip", "crit", "p2c", "p2s"))


@dataclass(frozen=True, slots=True)
class _Parts:
    header: bytes
    fields: Mapping[str, Any]
    wrapped: bytes
    iv: bytes
    content: bytes
    tag: bytes


def is_closed(token: bytes) -> bool:
    """Whether a token has the five parts of a JWE."""
    return token.count(b".") == _PARTS - 1


class Envelopes:
    """Our private keys of one issuer.

    Args:
        keys: RSA and NIST-curve keys; each is tried that fits.
    """

    def __init__(self, keys: Sequence[RSAPrivateKey | EllipticCurvePrivateKey]) -> None:
        self._keys = tuple(keys)

    def open(self, token: bytes) -> bytes:
        """Return the signed token inside.

        Raises:
            InvalidToken: it is malformed, of other algorithms, or of other keys.
        """
        parts = _take_apart(token)
        unwrap = _UNWRAPPERS.get(str(parts.fields.get("alg")))
        if unwrap is None or parts.fields.get("enc") != _ENC or not _REFUSED.isdisjoint(parts.fields):
            raise _closed("its algorithms are not ours")
        for key in self._keys:
            secret = unwrap(key, parts)
            if secret is not None and len(secret) == _KEY:
                try:
                    return AESGCM(secret).decrypt(parts.iv, parts.content + parts.tag, parts.header)
                except InvalidTag:
                    continue
        raise _closed("no key of ours opens it")


def _take_apart(token: bytes) -> _Parts:
    """RFC 7516, section 7.1."""
    try:
        header, *rest = token.split(b".")
        fields = json_object(base64url(header))
        wrapped, iv, content, tag = map(base64url, rest)
    except ValueError as error:
        raise InvalidToken(f"the envelope is malformed: {error}") from error
    if len(iv) != _IV or len(tag) != _TAG:
        raise _closed("its nonce or its tag has another length")
    return _Parts(header, fields, wrapped, iv, content, tag)


def _unwrap_rsa(key: Any, parts: _Parts) -> bytes | None:
    """RFC 7518, section 4.3."""
    if not isinstance(key, RSAPrivateKey):
        return None
    try:
        return key.decrypt(parts.wrapped, _OAEP)
    except ValueError:
        return None


def _agree(key: Any, parts: _Parts) -> bytes | None:
    """RFC 7518, section 4.6: direct agreement, so there is no wrapped key; the point is checked to be on the curve."""
    epk = parts.fields.get("epk")
    if not isinstance(key, EllipticCurvePrivateKey) or parts.wrapped or not isinstance(epk, dict):
        return None
    try:
        public = read_material(epk).public
        info = b"".join(map(_length, (_ENC.encode(), _party(parts, "apu"), _party(parts, "apv"))))
    except ValueError:
        return None
    if not isinstance(public, EllipticCurvePublicKey) or public.curve.name != key.curve.name:
        return None
    shared = key.exchange(ECDH(), public)
    return ConcatKDFHash(SHA256(), _KEY, info + (8 * _KEY).to_bytes(4)).derive(shared)


def _party(parts: _Parts, name: str) -> bytes:
    return base64url(str(parts.fields.get(name, "")).encode("ascii"))


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


_UNWRAPPERS: Final[Mapping[str, Callable[[Any, _Parts], bytes | None]]] = {
    "RSA-OAEP-256": _unwrap_rsa,
    "ECDH-ES": _agree,
}


def _closed(why: str) -> InvalidToken:
    return InvalidToken(f"the envelope stays closed: {why}", reason=Reason.TOKEN_UNDECIPHERABLE)


def read_keys(paths: Sequence[Path], where: str) -> Envelopes | None:
    """Return the private keys of some files, or None when there are none.

    Raises:
        ConfigError: one cannot be read, or is of a kind or a size that opens nothing.
    """
    keys = [_read_key(path, where) for path in paths]
    return Envelopes(keys) if keys else None


def _read_key(path: Path, where: str) -> RSAPrivateKey | EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ConfigError(f"{where}: {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{where}: {path}: no private key (PEM, without a password)") from error
    if isinstance(key, EllipticCurvePrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size >= MIN_RSA_BITS):
        return key
    raise ConfigError(f"{where}: {path}: RSA of {MIN_RSA_BITS} bits and more, or a NIST curve, is wanted")
