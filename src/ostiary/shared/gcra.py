"""The generic cell rate algorithm: a pure function of a moment, and of the time at which everything taken is used up.

A caller has a `burst` of requests, which fills up by one every `emission` seconds. What is kept is one number, the
time at which the bucket would be full again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True, slots=True)
class Pace:
    """How often somebody may ask.

    Attributes:
        limit: requests in each period.
        period: seconds.
        burst: how many of them may come at once.
    """

    limit: int
    period: float
    burst: int

    @property
    def emission(self) -> float:
        """Seconds in which one request grows back."""
        return self.period / self.limit

    def share(self, gateways: int) -> Pace:
        """Return what one of several gateways lets through that do not know of each other."""
        return Pace(self.limit, self.period * gateways, max(1, self.burst // gateways))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a wish.

    Attributes:
        full: when the bucket is full again, seconds on the clock that was given.
        granted: whether the request may pass.
        wait: seconds until one may, if not.
    """

    full: float
    granted: bool
    wait: float = 0.0


def take(pace: Pace, full: float, now: float) -> Taken:
    """Take one request.

    Args:
        pace: how often somebody may ask.
        full: when the bucket is full again, as the last call returned it; any past moment for a full one.
        now: seconds.
    """
    begin = max(full, now)
    after = begin + pace.emission
    ahead = after - now - pace.burst * pace.emission
    if ahead > pace.emission * 1e-9:  # floats: what is due now is due
        return Taken(begin, granted=False, wait=ahead)
    return Taken(after, granted=True)


def room(pace: Pace, full: float, now: float) -> int:
    """Return how many requests may come now."""
    return max(0, floor((now + pace.burst * pace.emission - max(full, now)) / pace.emission + 1e-9))
