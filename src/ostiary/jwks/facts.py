"""What is to be known of an issuer's keys from outside: for metrics, health, status and `explain`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ostiary.jwks.freshness import Freshness, Patience
from ostiary.jwks.keyset import KeySet


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The keys of an issuer at one moment. Times are seconds.

    Attributes:
        keys: how many verify.
        kids: their ids, sorted.
        age: since the document in use was asked for, or None when there is none.
        stale: whether it is older than the configuration wants.
        void: whether it no longer counts: requests end with 503.
        fetches, failures: how often it was asked for, and how often in vain, since the start.
        why: what went wrong last; "" when the last fetch was good.
        dropped: members that were left out, counted by reason.
        seconds: how long all fetches took together.
        unknown: how many tokens named a key that it does not have.
    """

    keys: int
    kids: tuple[str, ...]
    age: float | None
    stale: bool
    void: bool
    fetches: int
    failures: int
    why: str
    dropped: dict[str, int]
    seconds: float = 0.0
    unknown: int = 0


@dataclass(slots=True)
class Tally:
    """What is counted while an issuer lives."""

    fetches: int = 0
    failures: int = 0
    why: str = field(default="")
    seconds: float = 0.0
    unknown: int = 0

    def failed(self, why: str) -> None:
        """A fetch was in vain."""
        self.failures += 1
        self.why = why

    def facts(self, keys: KeySet, freshness: Freshness, patience: Patience, now: float) -> KeyFacts:
        """Return how things stand."""
        age = None if freshness.fetched is None else now - freshness.fetched
        return KeyFacts(
            keys=len(keys.keys),
            kids=tuple(sorted(str(key.kid) for key in keys.keys)),
            age=age,
            stale=age is None or age > patience.refresh,
            void=now >= freshness.void_from(patience),
            fetches=self.fetches,
            failures=self.failures,
            why=self.why if freshness.failed is not None else "",
            dropped=dict(Counter(drop.why for drop in keys.dropped)),
            seconds=self.seconds,
            unknown=self.unknown,
        )
