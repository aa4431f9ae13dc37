"""A key set document becomes the keys of an issuer (RFC 7517, section 5).

Bad members are left out one by one, so that one mistake of an issuer does not take its other keys
away. A document without a single good member is no key set: the caller keeps what it had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

from ostiary.jwks.formats import Form, Unreadable, members_of
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

    __slots__ = ("_by_kid", "_named", "dropped", "keys")

    def __init__(self, keys: Iterable[Key] = (), dropped: tuple[Dropped, ...] = (), *, named: bool = True) -> None:
        self.keys = frozenset(keys)
        self.dropped = dropped
        self._named = named
        self._by_kid = {key.kid: key for key in self.keys if key.kid is not None}

    @classmethod
    def read(cls, document: bytes, allowed: frozenset[str], form: Form = "jwks", now: float | None = None) -> Self:
        """Return the keys of a document that may verify one of the `allowed` algorithms.

        Args:
            document: the octets.
            allowed: the algorithms.
            form: what the document may be.
            now: epoch seconds, for the dates of certificates.

        Raises:
            ValueError: it is not a key set, or holds no key that we verify with.
        """
        members, named = members_of(document, form, now)
        if len(members) > MAX_MEMBERS:
            raise ValueError(f"the document has {len(members)} keys, more than {MAX_MEMBERS}")
        keys, dropped = _sort_out(members, allowed)
        if not keys:
            reasons = "; ".join(sorted({drop.why for drop in dropped}))
            raise ValueError(f"the document has no key to verify with: {reasons or 'it is empty'}")
        return cls(keys, dropped, named=named)

    def find(self, kid: str | None, algorithm: str) -> Key | None:
        """Return the key of that id; where there are no ids, the only key that fits the algorithm.

        A token may have no id, and so may the keys: in PEM they have none, and then a token's id means nothing.
        """
        if kid is not None and self._named:
            return self._by_kid.get(kid)
        fitting = [key for key in self.keys if algorithm in key.algorithms]
        return fitting[0] if len(fitting) == 1 else None

    @property
    def identities(self) -> set[tuple[str | None, frozenset[str], str]]:
        """Which keys these are, whoever has read them."""
        return {key.identity for key in self.keys}

    def keeping(self, previous: KeySet) -> KeySet:
        """Return this set, with the objects of `previous` for the keys that both have."""
        known = {key.identity: key for key in previous.keys}
        kept = (known.get(key.identity, key) for key in self.keys)
        return KeySet(kept, self.dropped, named=self._named)


def _sort_out(members: list[Any], allowed: frozenset[str]) -> tuple[list[Key], tuple[Dropped, ...]]:
    keys, dropped = [], []
    uses = Counter(map(_kid_of, members))
    for position, member in enumerate(members):
        kid = _kid_of(member)
        try:
            if isinstance(member, Unreadable):
                raise ValueError(member.why)  # noqa: TRY004, TRY301 - one exception for what is not a key
            _require_single(uses[kid], kid)
            keys.append(read_key(member, allowed))
        except ValueError as error:
            dropped.append(Dropped(position, kid[:64] if kid else None, str(error)))
    return keys, tuple(dropped)


def _require_single(uses: int, kid: str | None) -> None:
    if kid is not None and uses > 1:
        raise ValueError("its key id (kid) stands for more than one key")


def _kid_of(member: Any) -> str | None:
    if isinstance(member, Unreadable):
        return member.kid
    kid = member.get("kid") if isinstance(member, dict) else None
    return kid if isinstance(kid, str) else None
