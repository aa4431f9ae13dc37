"""How late is the event loop? Measured by a timer that knows when it is due."""

from __future__ import annotations

import asyncio
from typing import Final

_PERIOD: Final = 0.1
_WINDOW: Final = 15.0


class Lag:
    """Measures while it runs."""

    def __init__(self) -> None:
        self._worst = [0.0, 0.0]  # of this window and of the one before
        self._turn = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def worst(self) -> float:
        """The longest delay in the last 15 to 30 seconds, in seconds."""
        return max(self._worst)

    def start(self) -> None:
        """Begin to measure, in the running loop."""
        loop = asyncio.get_running_loop()
        self._turn = loop.time() + _WINDOW
        self._arm(loop)

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + _PERIOD
        self._timer = loop.call_at(due, self._ring, loop, due)

    def _ring(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        if now >= self._turn:
            self._worst = [0.0, self._worst[0]]
            self._turn = now + _WINDOW
        self._worst[0] = max(self._worst[0], now - due)
        self._arm(loop)
