"""When to fetch a key set, and when to stop believing it.

Decisions of values: `now` is an argument, in seconds on a monotonic clock, so that no jump of the
wall clock makes a key set stick or vanish.

    fetched ........ refresh ........................ + max_stale
       |  fresh: used  |  stale: used, and fetched again  |  void: 503, never 401
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

_SPREAD: Final = 0.2  # so that many gateways do not ask an issuer at the same moment
_MOST_DOUBLINGS: Final = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """How an issuer's key set is kept. All in seconds.

    Attributes:
        refresh: how old it may become before it is fetched again.
        max_stale: how much longer it is used while it cannot be fetched.
        cooldown: least time between fetches for unknown key ids, and after a failed fetch; longer after fruitless ones.
        least: how old it becomes at least, whatever its sender says of its age (RFC 9111).
    """

    refresh: float
    max_stale: float
    cooldown: float
    least: float = 0.0

    def fresh_for(self, lifetime: float | None) -> float:
        """Return how old a document may become before it is fetched again.

        Its sender may ask for less than `refresh`, down to `least`; never for more, because a key that was
        withdrawn must stop counting in the time that the configuration says.
        """
        if lifetime is None:
            return self.refresh
        return min(max(lifetime, self.least), self.refresh)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What is known about a key set's age. Never changes; each event makes a new one.

    Attributes:
        fetched: when the last good document was asked for, or None.
        lifetime: for how long its sender called it fresh, or None when nothing was said.
        asked: when it was last fetched for the sake of an unknown key id, or None.
        fruitless: how many such fetches in a row brought no new key.
        failed: when the last attempt failed, if it failed.
        failures: how many attempts failed since the last good one.
    """

    fetched: float | None = None
    lifetime: float | None = None
    asked: float | None = None
    fruitless: int = 0
    failed: float | None = None
    failures: int = 0

    def succeeded(self, now: float, lifetime: float | None = None) -> Freshness:
        """A good document, asked for at `now`, has arrived."""
        return replace(self, fetched=now, lifetime=lifetime, failed=None, failures=0)

    def failed_at(self, now: float) -> Freshness:
        """An attempt has failed at `now`."""
        return replace(self, failed=now, failures=self.failures + 1)

    def asked_at(self, patience: Patience, now: float) -> Freshness:
        """An unknown key id has caused a fetch at `now`; it counts as fruitless until it has brought something.

        Who asks without end is answered ever more seldom. When nobody has asked for twice as long as nobody was
        allowed to, it is forgotten.
        """
        forgotten = self.asked is None or now >= self.asked + 2 * self._rest(patience)
        return replace(self, asked=now, fruitless=1 if forgotten else self.fruitless + 1)

    def rewarded(self) -> Freshness:
        """A fetch has brought a key that was not known: unknown key ids are worth a fetch."""
        return replace(self, fruitless=0)

    def void_from(self, patience: Patience) -> float:
        """When the key set stops counting; minus infinity where there is none."""
        if self.fetched is None:
            return -math.inf
        return self.fetched + patience.refresh + patience.max_stale

    def next_fetch(self, patience: Patience, chance: float) -> float:
        """When the background task fetches next.

        Args:
            patience: how the set is kept.
            chance: 0 to 1, what spreads the fetches of many gateways.
        """
        if self.failed is not None:
            return self.failed + self._pause(patience) * (1 + _SPREAD * chance)
        if self.fetched is not None:
            return self.fetched + patience.fresh_for(self.lifetime) * (1 - _SPREAD * chance)
        return -math.inf

    def may_ask(self, patience: Patience, now: float) -> bool:
        """Whether an unknown key id may cause a fetch now."""
        if self.failed is not None and now < self.failed + self._pause(patience):
            return False
        return self.asked is None or now >= self.asked + self._rest(patience)

    def retry_after(self, patience: Patience, now: float) -> int:
        """Whole seconds, at least 1, after which it makes sense to try again."""
        wait = 0.0 if self.failed is None else self.failed + self._pause(patience) * (1 + _SPREAD) - now
        return max(1, math.ceil(wait))

    def ask_after(self, patience: Patience, now: float) -> int:
        """Whole seconds, at least 1, after which an unknown key id may cause a fetch again."""
        wait = 0.0 if self.asked is None else self.asked + self._rest(patience) - now
        return max(1, math.ceil(wait))

    def _rest(self, patience: Patience) -> float:
        """How long unknown key ids cause no fetch after one: a cool-down; two, then four, when they bring nothing."""
        return patience.cooldown * float(2 ** min(max(self.fruitless - 1, 0), _MOST_DOUBLINGS))

    def _pause(self, patience: Patience) -> float:
        """How long a failure is left alone: one cool-down, then two, then four.

        Where there are no keys at all nothing works, so it stays at one.
        """
        if self.fetched is None:
            return patience.cooldown
        return patience.cooldown * float(2 ** min(self.failures - 1, _MOST_DOUBLINGS))
