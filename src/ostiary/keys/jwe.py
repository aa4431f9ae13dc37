"""Tokens that only one can read: JWE in its compact form, by joserfc (RFC 7516; RFC 7519, section 5.2).

    RSA key               RSA-OAEP-256 + A256GCM
    elliptic curve key    ECDH-ES + A256GCM

An extra: `pip install ostiary[jwe]`.
"""

from __future__ import annotations

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ostiary.errors import ConfigError
from ostiary.keys.errors import KeyRefused
from ostiary.pki.keys import PrivateKey, PublicKey, private_pem

ENC: Final = "A256GCM"
MOST: Final = 64 << 10  # octets of a token that is opened


def encryption(public: PublicKey) -> str:
    """Return how a key is encrypted to (RFC 7518, section 4.1).

    Raises:
        KeyRefused: it only signs.
    """
    match public:
        case RSAPublicKey():
            return "RSA-OAEP-256"
        case EllipticCurvePublicKey():
            return "ECDH-ES"
    raise KeyRefused("a key of this kind only signs: tokens are encrypted to RSA and EC keys")


def encrypt(content: bytes, public: PublicKey, kid: str, **header: str) -> str:
    """Return a token that only the owner of a key can read.

    Args:
        content: what he reads.
        public: his key.
        kid: its id.
        header: more of the header: `cty="JWT"` around a signed token.

    Raises:
        KeyRefused: the key only signs.
        ConfigError: the extra is not installed.
    """
    jwe, import_key = _library(type(public).__name__)
    protected = {"alg": encryption(public), "enc": ENC, "kid": kid, **header}
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text: str = jwe.encrypt_compact(protected, content, import_key(pem), algorithms=[protected["alg"], ENC])
    return text


def decrypt(token: str, private: PrivateKey) -> bytes:
    """Return what is in a token that was encrypted to us.

    Raises:
        KeyRefused: the key only signs, or does not open it.
        ConfigError: the extra is not installed.
    """
    jwe, import_key = _library(type(private.public_key()).__name__)
    algorithms = [encryption(private.public_key()), ENC]
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


def _library(kind: str) -> tuple[Any, Any]:
    try:
        from joserfc import jwe  # noqa: PLC0415 - an extra
        from joserfc.jwk import ECKey, RSAKey  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError("encrypted tokens need an extra: pip install 'ostiary[jwe]'") from None
    return jwe, RSAKey.import_key if "RSA" in kind else ECKey.import_key
