"""Which server is the master: what more than half of the sentinels say, again and again.

    connect -> ask all of them -> more than half agree -> connect there, and look at the server itself
    every second -> ask again -> another one, or nobody can say for a while -> leave the line

One sentinel that is cut off goes on naming a master that is none any more, so one is not believed. And a master that
is cut off goes on answering, so that a line that works is left as well.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeAlias

from ostiary.config.redis import RedisUrl
from ostiary.errors import GatewayError, SharedUnavailable
from ostiary.shared.link import Link

Address: TypeAlias = tuple[str, int]

EVERY: Final = 1.0
"""Seconds between two questions who the master is."""
_DOUBT: Final = 5.0
"""Seconds for which a master is believed while the sentinels cannot be asked, or do not agree."""


class SentinelLine(Protocol):
    """The line to one sentinel."""

    async def master(self, name: str) -> Address | None:
        """Return where the master of that name is; None: the sentinel knows none.

        Raises:
            SharedUnavailable: it does not say.
        """

    async def aclose(self) -> None:
        """End it."""


def agreed(said: Sequence[Address | None]) -> Address:
    """Return the address that more than half of all sentinels name.

    Args:
        said: what each of them says; None: it cannot be asked, or knows no master.

    Raises:
        SharedUnavailable: there is no such address.
    """
    votes = Counter(one for one in said if one is not None)
    for address, count in votes.most_common(1):
        if 2 * count > len(said):
            return address
    told = f"{votes.total()} of {len(said)} name one"
    raise SharedUnavailable(f"the sentinels do not agree which server is the master: {told}", retry_after=1)


class Sentinels:
    """All of them, asked together; lines to them stay open.

    Args:
        places: where they listen.
        name: of the master.
        call: makes a line to one.
        timeout: seconds for one answer.
        steady: the monotonic clock, in seconds.

    Attributes:
        sure: when more than half of them agreed last, on that clock.
    """

    def __init__(
        self,
        places: Sequence[RedisUrl],
        name: str,
        call: Callable[[RedisUrl], Awaitable[SentinelLine]],
        timeout: float,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = tuple(places)
        self._name = name
        self._call = call
        self._timeout = timeout
        self._steady = steady
        self._lines: dict[RedisUrl, SentinelLine] = {}
        self._turn = asyncio.Lock()
        self.sure = steady()

    @property
    def doubt(self) -> float:
        """Seconds since more than half of them agreed."""
        return self._steady() - self.sure

    async def master(self) -> Address:
        """Return where the master is.

        Raises:
            SharedUnavailable: no more than half of them agree.
        """
        async with self._turn:
            asked = self._steady()
            address = agreed(await asyncio.gather(*map(self._asked, self._places)))
            self.sure = asked
            return address

    async def aclose(self) -> None:
        """End the lines to them."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            await _end(line)

    async def _asked(self, place: RedisUrl) -> Address | None:
        line = self._lines.pop(place, None)
        try:
            async with asyncio.timeout(2 * self._timeout):
                if line is None:
                    line = await self._call(place)
                said = await line.master(self._name)
        except BaseException as error:  # a line on which an answer is still to come is of no use, whoever gave up
            if line is not None:
                await _end(line)
            if isinstance(error, GatewayError | OSError):
                return None
            raise
        self._lines[place] = line
        return said


async def _end(line: SentinelLine) -> None:
    with suppress(Exception):  # it is broken, and says so in many ways
        await line.aclose()


class Guard:
    """Leaves the line to a server that is the master no more; a part of the gateway.

    Args:
        sentinels: who say which server is the master.
        link: the line to it.
        spoken_to: where the line goes now.
    """

    name = "sentinels"

    def __init__(self, sentinels: Sentinels, link: Link, spoken_to: Callable[[], Address | None]) -> None:
        self._sentinels = sentinels
        self._link = link
        self._spoken_to = spoken_to
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to ask."""
        self._keeper = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """Stop asking."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._sentinels.aclose()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            if self._link.here:
                await self.look()

    async def look(self) -> None:
        """Ask once."""
        spoken_to = self._spoken_to()
        try:
            master = await self._sentinels.master()
        except SharedUnavailable as error:
            if self._sentinels.doubt > _DOUBT:
                self._link.leave(error.detail)
            return
        if master != spoken_to and spoken_to == self._spoken_to():
            self._link.leave("another server is the master now")
