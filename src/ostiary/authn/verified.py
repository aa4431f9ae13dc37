"""Tokens that were verified before: known by all their octets, for as long as they count.

Only good tokens are remembered. Each authenticator has its own memory, so that what is good for one
route is judged anew for another. An entry is worth what the moment says: the time, and that the
issuer still publishes the very key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache

from ostiary.authn.claims import Validity
from ostiary.jwks import Issuer, Key
from ostiary.model import Principal

_OCTETS: Final = 16 << 20
_LEAST: Final = 2 << 10  # no entry counts for less, so the octets bound the number of entries too
_PER_OCTET: Final = 4  # what the parsed claims take for each octet of the token, and the token itself


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that was found good.

    Attributes:
        principal: who it proves.
        validity: when it counts.
        thumbprint: the certificate it is bound to, or None (RFC 8705).
        issuer: whose it is.
        key: what it is signed with.
        size: octets of the token.
    """

    principal: Principal
    validity: Validity
    thumbprint: str | None
    issuer: Issuer
    key: Key
    size: int

    def counts(self, now: float) -> bool:
        """Whether the token would be found good again now (epoch seconds)."""
        return self.validity.begins <= now < self.validity.ends and self.issuer.holds(self.key)


def _weight(verified: Verified) -> int:
    return max(_LEAST, verified.size * _PER_OCTET)


class VerifiedTokens:
    """A bounded memory of verified tokens; the least recently used goes first."""

    __slots__ = ("_tokens",)

    def __init__(self, octets: int = _OCTETS) -> None:
        self._tokens: LRUCache[bytes, Verified] = LRUCache(octets, getsizeof=_weight)

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, token: bytes, now: float) -> Verified | None:
        """Return what is known of a token, if it still counts; forget it otherwise."""
        try:
            verified = self._tokens[token]
        except KeyError:
            return None
        if verified.counts(now):
            return verified
        del self._tokens[token]
        return None

    def put(self, token: bytes, verified: Verified) -> None:
        """Remember a token."""
        if _weight(verified) <= self._tokens.maxsize:
            self._tokens[token] = verified
