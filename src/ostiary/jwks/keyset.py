"""A key set document becomes the keys of an issuer (RFC 7517, section 5).

Bad members are left out one by one, so that one mistake of an issuer does not take its other keys
away. A document without a single good member is no key set: the caller keeps what it had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from ostiary.jwks.encoding import json_object
from ostiary.jwks.jwk import Key, read_key

MAX_MEMBERS: Final = 256


@dataclass(frozen=True, slots=True)
class Dropped:
    """A member that was left out.

    Attributes:
        position: where it stood in the document, from 0.
        kid: its key id, where that is a string; shortened.
        why: what was wrong.
    """

    position: int
    kid: str | None
    why: str


class KeySet:
    """The keys of one issuer. Never changes.

    Attributes:
        keys: the keys, compared by identity.
        dropped: what was left out.
    """

    __slots__ = ("_by_kid", "dropped", "keys")

    def __init__(self, keys: Iterable[Key] = (), dropped: tuple[Dropped, ...] = ()) -> None:
        self.keys = frozenset(keys)
        self.dropped = dropped
        self._by_kid = {key.kid: key for key in self.keys if key.kid is not None}

    @classmethod
    def read(cls, document: bytes, allowed: frozenset[str]) -> Self:
        """Return the keys of a document that may verify one of the `allowed` algorithms.

        Raises:
            ValueError: it is not a key set, or holds no key that we verify with.
        """
        members = json_object(document).get("keys")
        if not isinstance(members, list):
            raise ValueError("the document has no keys array")  # noqa: TRY004 - one exception for what is no key set
        if len(members) > MAX_MEMBERS:
            raise ValueError(f"the document has {len(members)} keys, more than {MAX_MEMBERS}")
        keys, dropped = _sort_out(members, allowed)
        if not keys:
            reasons = "; ".join(sorted({drop.why for drop in dropped}))
            raise ValueError(f"the document has no key to verify with: {reasons or 'it is empty'}")
        return cls(keys, dropped)

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key of that id; for a token without an id, the only key that fits its algorithm."""
        if kid is not None:
            return self._by_kid.get(kid)
        fitting = [key for key in self.keys if algorithm in key.algorithms]
        return fitting[0] if len(fitting) == 1 else None

    def keeping(self, previous: KeySet) -> KeySet:
        """Return this set, with the objects of `previous` for the keys that both have."""
        known = {key.identity: key for key in previous.keys}
        return KeySet((known.get(key.identity, key) for key in self.keys), self.dropped)


def _sort_out(members: list[Any], allowed: frozenset[str]) -> tuple[list[Key], tuple[Dropped, ...]]:
    keys, dropped = [], []
    uses = Counter(map(_kid_of, members))
    for position, member in enumerate(members):
        kid = _kid_of(member)
        try:
            _require_single(uses[kid], kid)
            keys.append(read_key(member, allowed))
        except ValueError as error:
            dropped.append(Dropped(position, kid[:64] if kid else None, str(error)))
    return keys, tuple(dropped)


def _require_single(uses: int, kid: str | None) -> None:
    if kid is not None and uses > 1:
        raise ValueError("its key id (kid) stands for more than one key")


def _kid_of(member: Any) -> str | None:
    kid = member.get("kid") if isinstance(member, dict) else None
    return kid if isinstance(kid, str) else None
