"""One timer for many deadlines: it is set to the earliest, and set anew only for one that is earlier still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Final

EARLY: Final = 0.001
"""Seconds that a timer may ring too early: loops count in whole milliseconds."""


class Alarm:
    """Rings when the earliest of some deadlines has come, or a little before; those that are met cost nothing.

    Args:
        loop: the event loop.
        ring: called then. Whoever is called sets it to what is the earliest from then on.
    """

    __slots__ = ("_at", "_loop", "_ring", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None

    def by(self, at: float) -> None:
        """Ring at some time of the loop's clock at the latest; `inf` for never."""
        if at < self._at:
            self.rest()
            self._at = at
            self._timer = self._loop.call_at(at, self._rang)

    def rest(self) -> None:
        """Ring no more."""
        self._at = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rang(self) -> None:
        self._at, self._timer = inf, None
        self._ring()
