"""First come, first served: those who wait because every connection is busy."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from ostiary.errors import GatewayError, Overloaded

T = TypeVar("T")


class WaitingRoom(Generic[T]):
    """Hands what becomes free to whoever has waited longest.

    Args:
        give_back: takes what was handed to somebody who left in the same moment.
    """

    def __init__(self, give_back: Callable[[T], None]) -> None:
        self._give_back = give_back
        self._waiters: deque[asyncio.Future[T]] = deque()

    def __len__(self) -> int:
        return sum(not waiter.done() for waiter in self._waiters)

    def hand(self, free: T) -> bool:
        """Give it to the first who waits. False: nobody does."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(free)
                return True
        return False

    async def wait(self, patience: float) -> T:
        """Return what became free.

        Raises:
            Overloaded: nothing did within `patience` seconds.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        self._waiters.append(waiter)
        bell = loop.call_later(patience, _refuse, waiter, Overloaded("every connection is busy", retry_after=1))
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._give_back(waiter.result())
            raise
        finally:
            bell.cancel()

    def dismiss(self, error: GatewayError) -> None:
        """Send everybody away."""
        while self._waiters:
            _refuse(self._waiters.popleft(), error)


def _refuse(waiter: asyncio.Future[T], error: GatewayError) -> None:
    if not waiter.done():
        waiter.set_exception(error)
