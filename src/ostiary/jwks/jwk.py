"""One member of a key set: a key that we verify with, or the reason why not (RFC 7517, RFC 7518).

A remote key set holds public keys. A symmetric key in it would turn everybody who can read the set
into somebody who can sign; a private part in it is a key that is no longer anybody's.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary.jwks.material import PublicKey, read_material

MAX_KID: Final = 256
_PRIVATE: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key that verifies. Compared by identity: what is cached on its word is dropped with it.

    Attributes:
        kid: its id, or None.
        algorithms: what it may verify: what fits its type, its own `alg`, and the configuration.
        public: the key itself.
        signature_size: octets of a signature, in the form of RFC 7518.
        thumbprint: RFC 7638, SHA-256.
    """

    kid: str | None
    algorithms: frozenset[str]
    public: PublicKey = field(repr=False)
    signature_size: int
    thumbprint: str

    @property
    def identity(self) -> tuple[str | None, frozenset[str], str]:
        """What two objects share that stand for the same key, under the same id and for the same use."""
        return self.kid, self.algorithms, self.thumbprint


def read_key(member: Any, allowed: frozenset[str]) -> Key:
    """Return the key that one member of a key set describes.

    Args:
        member: a member of the `keys` array.
        allowed: the algorithms that the configuration accepts from this issuer.

    Raises:
        ValueError: we do not verify with it. The text says why, and repeats no key material.
    """
    if not isinstance(member, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - one exception for what is not a key
    kid = read_kid(member)
    _require_signature_use(member)
    material = read_material(member)
    if not _PRIVATE.isdisjoint(member):
        raise ValueError("it has private parts, so it is no longer secret")
    algorithms = _narrow(member, material.algorithms, allowed)
    return Key(kid, algorithms, material.public, material.signature_size, _thumbprint(member, material.required))


def read_kid(member: Mapping[str, Any]) -> str | None:
    """Return the key id of a member or of a token's header: a string without control characters, or None."""
    kid = member.get("kid")
    if kid is None and "kid" not in member:
        return None
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID or not kid.isprintable():
        raise ValueError("its key id (kid) is not a short, printable string")
    return kid


def _require_signature_use(member: Mapping[str, Any]) -> None:
    """RFC 7517, sections 4.2 and 4.3: a key that is for something else is for nothing here."""
    if member.get("use", "sig") != "sig":
        raise ValueError("its use is not sig")
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("its key_ops lack verify")


def _narrow(member: Mapping[str, Any], fitting: frozenset[str], allowed: frozenset[str]) -> frozenset[str]:
    if "alg" in member:
        own = member["alg"]
        if not isinstance(own, str) or own not in fitting:
            raise ValueError("its alg does not fit its type or curve")
        fitting = frozenset((own,))
    if fitting.isdisjoint(allowed):
        raise ValueError("none of its algorithms is accepted from this issuer")
    return fitting & allowed


def _thumbprint(member: Mapping[str, Any], required: tuple[str, ...]) -> str:
    """RFC 7638, section 3: the required members, in order, without white space."""
    text = json.dumps({name: member[name] for name in required}, separators=(",", ":"))
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
