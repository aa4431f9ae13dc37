"""Tokens that were verified before: known by all their octets, for as long as they count.

Only good tokens are remembered. Each authenticator has its own memory, so that what is good by one
route's terms is judged anew by another's. An entry is worth what the moment says: the time, and that the
issuer still publishes the very key.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ostiary.authn.bound import Confirmation
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
        confirmation: what it demands of whoever shows it, or None (RFC 8705, RFC 9449).
        issuer: whose it is.
        key: what it is signed with.
        size: octets of the token.
    """

    principal: Principal
    validity: Validity
    confirmation: Confirmation | None
    issuer: Issuer
    key: Key
    size: int

    def counts(self, now: float) -> bool:
        """Whether the token would be found good again now (epoch seconds)."""
        return self.validity.begins <= now < self.validity.ends and self.issuer.holds(self.key)


def _weight(verified: Verified) -> int:
    return max(_LEAST, verified.size * _PER_OCTET)


class VerifiedTokens:
    """A bounded memory of verified tokens; the least recently used goes first.

    Attributes:
        hits: how often a token was known and still counted.
        misses: how often it was not.
        evictions: how many tokens that may still have counted had to make room for others.
    """

    __slots__ = ("_octets", "_room", "_tokens", "evictions", "hits", "misses")

    def __init__(self, octets: int = _OCTETS) -> None:
        self._octets = octets
        self._room = octets
        self._tokens: OrderedDict[bytes, Verified] = OrderedDict()
        self.hits = 0
        self.misses = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, token: bytes, now: float) -> Verified | None:
        """Return what is known of a token, if it still counts; forget it otherwise."""
        verified = self._tokens.get(token)
        if verified is None:
            self.misses += 1
            return None
        if verified.counts(now):
            self.hits += 1
            self._tokens.move_to_end(token)
            return verified
        self.misses += 1
        self._forget(token)
        return None

    def key_of(self, principal: Principal) -> str | None:
        """Return the id of the key that the principal's token was verified with, or None when it is not remembered."""
        found = (one.key for one in self._tokens.values() if one.principal is principal)
        return next((key.kid or key.thumbprint for key in found), None)

    def put(self, token: bytes, verified: Verified) -> None:
        """Remember a token."""
        weight = _weight(verified)
        if weight > self._octets:
            return
        if token in self._tokens:
            self._forget(token)
        while self._room < weight:
            self._forget(next(iter(self._tokens)))
            self.evictions += 1
        self._tokens[token] = verified
        self._room -= weight

    def _forget(self, token: bytes) -> None:
        self._room += _weight(self._tokens.pop(token))
