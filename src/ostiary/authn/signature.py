"""Verify a token's signature (RFC 7515, section 5.2; RFC 7518, section 3; RFC 8037).

PyJWT's algorithms do the mathematics. Which key and which algorithm is decided before, from the
configuration and the key set: the token may only agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

import jwt

from ostiary.authn.compact import Jws
from ostiary.config.schema import Algorithm
from ostiary.errors import InvalidToken
from ostiary.jwks import Key, KeySet
from ostiary.reasons import Reason

_ALGORITHMS: Final[Mapping[str, Any]] = {name: jwt.get_algorithm_by_name(name) for name in get_args(Algorithm)}
# The orders of the groups (SEC 2, version 2, sections 2.4.2, 2.5.1 and 2.6.1): r and s lie below them.
_ORDERS: Final = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": (1 << 384) - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
    "ES512": (1 << 521) - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}


def verify(jws: Jws, keys: KeySet) -> Key:
    """Return the key that a token is signed with.

    Args:
        jws: the token.
        keys: the issuer's keys, each bound to the algorithms that it may verify.

    Raises:
        InvalidToken: there is no such key, it is not for the token's algorithm, or the signature is not its own.
    """
    key = keys.find(jws.kid, jws.algorithm)
    if key is None:
        raise InvalidToken(f"no key {jws.kid!r}", reason=Reason.TOKEN_KEY_UNKNOWN)
    if jws.algorithm not in key.algorithms:
        raise InvalidToken(
            f"key {key.kid!r} is not for {jws.algorithm[:16]!r}", reason=Reason.TOKEN_ALGORITHM_NOT_ALLOWED
        )
    if not is_signed_by(jws, key):
        raise InvalidToken(f"not signed with key {key.kid!r}", reason=Reason.TOKEN_SIGNATURE_INVALID)
    return key


def is_signed_by(jws: Jws, key: Key) -> bool:
    """Whether a signature is that key's, in the algorithm of the header, which must be one that the key is for."""
    signature = jws.signature
    if len(signature) != key.signature_size:
        return False
    order = _ORDERS.get(jws.algorithm)
    if order is not None and not _in_range(signature, order):
        return False
    return bool(_ALGORITHMS[jws.algorithm].verify(jws.signing_input, key.public, signature))


def _in_range(signature: bytes, order: int) -> bool:
    """Whether r and s are numbers that a signature can have (SEC 1, version 2, section 4.1.4)."""
    half = len(signature) // 2
    return 0 < int.from_bytes(signature[:half]) < order and 0 < int.from_bytes(signature[half:]) < order
