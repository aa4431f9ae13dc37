"""How often callers may ask: counted here, or, by leases, for all gateways together.

here      one number for each caller, bounded; nobody is asked
together  a lease of some requests is taken from Redis at a time; while it lasts nobody is asked, and the next one
          is fetched behind the requests. Redis away: each gateway counts its share by itself
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ostiary.errors import SharedUnavailable
from ostiary.shared.gcra import Pace, take
from ostiary.shared.link import Link
from ostiary.shared.marks import Digests

_MOST: Final = 1 << 16
"""Callers that are counted at a time; who did not ask for longest is forgotten first."""
_SCRIPT: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local emission, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local room = math.floor((now + burst * emission - full) / emission + 1e-9)
if room < 1 then return {0, math.ceil(full + emission - burst * emission - now)} end
local got = math.min(want, room)
full = full + got * emission
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now) + 1000)
return {got, 0}
"""
"""The same as `pace.take`, for several at once, by the server's clock; in milliseconds."""


class Local:
    """Counts here.

    Args:
        pace: how often each caller may ask.
        steady: the monotonic clock, in seconds.
    """

    def __init__(self, pace: Pace, steady: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self._steady = steady
        self._full: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str, *, rehearsal: bool = False) -> float:
        """Return 0.0 when a caller may ask now, or the seconds until it may.

        Args:
            caller: whose count it is.
            rehearsal: only look.
        """
        taken = take(self.pace, self._full.get(caller, 0.0), self._steady())
        if taken.granted and not rehearsal:
            self._full[caller] = taken.full
            self._full.move_to_end(caller)
            if len(self._full) > _MOST:
                self._full.popitem(last=False)
        return taken.wait

    def ask(self, caller: str, *, rehearsal: bool = False) -> float | Awaitable[float]:
        """Do the same."""
        return self.take(caller, rehearsal=rehearsal)


@dataclass(slots=True)
class Lease:
    """Requests that were taken for a caller, and not used yet.

    Attributes:
        left: how many.
        ends: until when they may be used, seconds on the monotonic clock.
        closed: until when there is nothing to be had.
        fetching: the next lease, if it is on its way.
    """

    left: int = 0
    ends: float = 0.0
    closed: float = 0.0
    fetching: asyncio.Task[None] | None = None


class Together:
    """Counts for all gateways, by leases.

    Args:
        pace: how often each caller may ask, of all gateways.
        link: to Redis.
        digests: what names are made with.
        name: of the count.
        gateways: how many share it.
        steady: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        pace: Pace,
        link: Link,
        digests: Digests,
        name: str,
        gateways: int,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pace = pace
        self._link = link
        self._digests = digests
        self._name = name
        self._steady = steady
        self._alone = Local(pace.share(gateways), steady)
        self._batch = max(1, min(100, pace.burst // (4 * gateways)))
        self._leases: OrderedDict[str, Lease] = OrderedDict()

    def ask(self, caller: str, *, rehearsal: bool = False) -> float | Awaitable[float]:
        """Return 0.0 when a caller may ask now, or the seconds until it may; waits only without a lease."""
        lease, now = self._lease(caller), self._steady()
        if now < lease.closed:
            return lease.closed - now
        if rehearsal:
            return 0.0
        if lease.left > 0 and now < lease.ends:
            lease.left -= 1
            if lease.left <= self._batch // 2 and self._batch > 1:
                self._fetch(caller, lease)
            return 0.0
        return self._waited(caller, lease)

    def _lease(self, caller: str) -> Lease:
        lease = self._leases.get(caller)
        if lease is None:
            lease = self._leases[caller] = Lease()
            if len(self._leases) > _MOST:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(caller)
        return lease

    async def _waited(self, caller: str, lease: Lease) -> float:
        while True:  # others may use up meanwhile what was fetched
            try:
                await asyncio.shield(self._fetch(caller, lease))
            except SharedUnavailable:
                self._link.tally.alone += 1
                return self._alone.take(caller)
            now = self._steady()
            if lease.left > 0:
                lease.left -= 1
                return 0.0
            if now < lease.closed:
                return lease.closed - now

    def _fetch(self, caller: str, lease: Lease) -> asyncio.Task[None]:
        if lease.fetching is None:
            lease.fetching = asyncio.create_task(self._fetched(caller, lease))
            lease.fetching.add_done_callback(_noticed)
        return lease.fetching

    async def _fetched(self, caller: str, lease: Lease) -> None:
        try:
            name = self._digests.name("rate", f"{self._name}\0{caller}".encode("utf-8", "surrogatepass"))
            emission = f"{self.pace.emission * 1000:.6f}"
            got, wait = await self._link.ask("EVAL", _SCRIPT, 1, name, emission, self.pace.burst, self._batch)
        finally:
            lease.fetching = None
        now = self._steady()
        if got:
            lease.left = (lease.left if now < lease.ends else 0) + int(got)
            lease.ends = now + self.pace.period
        elif lease.left <= 0:
            lease.closed = now + max(int(wait), 1) / 1000


def _noticed(task: asyncio.Task[None]) -> None:
    """Take note of a failure that nobody waited for: the line has told it."""
    if not task.cancelled():
        task.exception()
