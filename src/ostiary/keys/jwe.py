"""Tokens that only one can read: JWE in its compact form, by joserfc (RFC 7516; RFC 7519, section 5.2).

    RSA key               RSA-OAEP-256, or RSA-OAEP where an HSM has nothing else, + A256GCM
    elliptic curve key    ECDH-ES + A256GCM

An extra: `pip install ostiary[jwe]`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.errors import ConfigError
from ostiary.keys.algorithms import encryption, encrypts
from ostiary.keys.errors import KeyRefused
from ostiary.pki.keys import PrivateKey, PublicKey, private_pem

ENC: Final = "A256GCM"
MOST: Final = 64 << 10  # octets of a token that is opened
_NONCE, _TAG = 12, 16


def way(public: PublicKey, alg: str) -> str:
    """Return how tokens are encrypted to a key: as its ring says, or in the usual way for one that signs, too.

    Args:
        public: the key.
        alg: what its ring does with it.

    Raises:
        KeyRefused: it only signs.
    """
    usual = encryption(public)
    if not usual:
        raise KeyRefused("a key of this kind only signs: tokens are encrypted to RSA and EC keys")
    return alg if encrypts(alg) else usual[0]


def encrypt(content: bytes, public: PublicKey, kid: str, alg: str, **header: str) -> str:
    """Return a token that only the owner of a key can read.

    Args:
        content: what he reads.
        public: his key.
        kid: its id.
        alg: how, see `way`.
        header: more of the header: `cty="JWT"` around a signed token.

    Raises:
        ConfigError: the extra is not installed.
    """
    jwe, import_key = _library(type(public).__name__)
    protected = {"alg": alg, "enc": ENC, "kid": kid, **header}
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text: str = jwe.encrypt_compact(protected, content, import_key(pem), algorithms=[alg, ENC])
    return text


def decrypt(token: str, private: PrivateKey, alg: str) -> bytes:
    """Return what is in a token that was encrypted to us in one way, see `way`.

    Raises:
        KeyRefused: the key does not open it.
        ConfigError: the extra is not installed.
    """
    jwe, import_key = _library(type(private.public_key()).__name__)
    algorithms = [alg, ENC]
    if len(token) > MOST:
        raise KeyRefused("the token is too large")
    key = import_key(private_pem(private))
    try:
        content: bytes = jwe.decrypt_compact(token, key, algorithms=algorithms).plaintext
    except Exception as error:  # noqa: BLE001 - whatever it is, the token stays closed; its text may tell
        problem = KeyRefused(f"the token stays closed ({type(error).__name__})")
    else:
        return content
    raise problem


async def unwrapped(token: str, alg: str, unwrap: Callable[[bytes], Awaitable[bytes]]) -> bytes:
    """Return what is in a token whose key somebody else unwraps, who has the private half (RFC 7516, section 5.2).

    Args:
        token: encrypted with A256GCM.
        alg: RSA-OAEP-256 or RSA-OAEP.
        unwrap: returns the content encryption key.

    Raises:
        KeyRefused: it is malformed, of other algorithms, or does not open.
    """
    try:
        head, *rest = token.encode().split(b".")
        wrapped, nonce, sealed, tag = map(_octets, rest)
        fields = json.loads(_octets(head))
        ours = (fields["alg"], fields["enc"]) == (alg, ENC) and not {"zip", "crit"} & set(fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyRefused("the token is malformed") from None
    if not ours or len(nonce) != _NONCE or len(tag) != _TAG or len(token) > MOST:
        raise KeyRefused("the token stays closed: its algorithms are not ours")
    key = await unwrap(wrapped)
    try:
        return AESGCM(key).decrypt(nonce, sealed + tag, head)
    except (InvalidTag, ValueError):
        raise KeyRefused("the token stays closed") from None


def _octets(text: bytes) -> bytes:
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _library(kind: str) -> tuple[Any, Any]:
    try:
        from joserfc import jwe  # noqa: PLC0415 - an extra
        from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError("encrypted tokens need an extra: pip install 'ostiary[jwe]'") from None
    return jwe, RSAKey.import_key if "RSA" in kind else ECKey.import_key
