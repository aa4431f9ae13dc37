"""How much the other end may send us (RFC 9113, section 5.2)."""

from __future__ import annotations

from typing import Final

LARGEST_WINDOW: Final = 2**31 - 1
INITIAL_WINDOW: Final = 65_535
"""Octets that may be sent before anything else was agreed on (section 6.9.2)."""


class Allowance:
    """Octets that the other end may send, of one stream or of all of them.

    It is told of more when half of it is used up and was taken, and when it has none left: seldom, and in time.

    Args:
        size: octets that may be on their way, or wait here.
    """

    __slots__ = ("_due", "_left", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size  # what the other end may still send
        self._due = 0  # what it may send again, and was not told of

    def use(self, octets: int) -> bool:
        """Octets have come. Returns False when they are more than was allowed."""
        self._left -= octets
        return self._left >= 0

    def give(self, octets: int) -> int:
        """Octets were taken. Returns of how many the other end is to be told now; 0 for not now."""
        self._due += octets
        if self._due * 2 < self._size and self._left > 0:
            return 0
        due, self._due = self._due, 0
        self._left += due
        return due
