"""The endpoints of one upstream, whichever HTTP is spoken there: asked in turn, watched by one clock.

Patience is watched by one coarse timer for all exchanges, not by one for each: a deadline is met at
most a sweep late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Generic, Protocol, TypeVar

from ostiary.errors import GatewayError
from ostiary.upstream.reaching import EndpointState

_SWEEP: Final = 0.25  # seconds
_FAREWELL: Final = 1.0  # seconds


class Endpoint(Protocol):
    """One endpoint, and the connections to it.

    Attributes:
        rests_until: when it is tried like the others again, on the loop's clock.
    """

    rests_until: float

    @property
    def connections(self) -> int:
        """How many connections there are."""

    def state(self, now: float) -> EndpointState:
        """Return what is known of it."""

    def sweep(self, now: float) -> None:
        """End whatever has waited too long."""

    async def aclose(self, error: GatewayError) -> None:
        """Break every connection off, and make no new one."""


E = TypeVar("E", bound=Endpoint)


class Turns(Generic[E]):
    """The endpoints of one upstream.

    Attributes:
        each: in the order of the configuration.
    """

    __slots__ = ("_timer", "_turn", "each")

    def __init__(self, each: list[E]) -> None:
        self.each: list[E] = each
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    def next(self) -> E:
        """Return the endpoint whose turn it is now."""
        self._turn = (self._turn + 1) % len(self.each)
        return self.each[self._turn]

    def in_turn(self) -> list[E]:
        """Return all of them, from the one whose turn it is; those that just failed come last."""
        now = asyncio.get_running_loop().time()
        turn = self.each[self._turn :] + self.each[: self._turn]
        return sorted(turn, key=lambda endpoint: endpoint.rests_until > now)

    def states(self, now: float) -> list[EndpointState]:
        """Return what is known of each (the loop's clock)."""
        return [endpoint.state(now) for endpoint in self.each]

    def watch(self, least: float) -> None:
        """Begin to watch the clock.

        Args:
            least: the shortest time that anybody waits, in seconds.
        """
        self._sweep(asyncio.get_running_loop(), max(0.01, min(_SWEEP, least / 10)))

    def _sweep(self, loop: asyncio.AbstractEventLoop, pause: float) -> None:
        now = loop.time()
        for endpoint in self.each:
            endpoint.sweep(now)
        self._timer = loop.call_later(pause, self._sweep, loop, pause)

    def rest(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()

    async def gone(self) -> None:
        """Wait until the loop has let go of every connection, within a bound."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _FAREWELL
        while any(endpoint.connections for endpoint in self.each) and loop.time() < end:  # noqa: ASYNC110 - bounded, once
            await asyncio.sleep(0.005)


class Repeats:
    """Requests that are sent once more. The cold path: a task of its own for each is fine.

    Attributes:
        count: how many there were.
    """

    def __init__(self) -> None:
        self.count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Send one."""
        self.count += 1
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel those under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
