"""What is known of streams: of those that are open, and of those that were (RFC 9113, section 5.1)."""

from __future__ import annotations

from collections import deque
from typing import Final

from ostiary.http2.windows import Allowance

_RESETS: Final = 1024
_GAPS: Final = 64

ENDED, RESET_BY_US, RESET_BY_THEM, NEVER = range(4)
"""How a stream has come to be closed."""


class State:
    """A stream that is open, in one direction at least.

    Args:
        room: octets of content that may be sent.
        allowed: octets of content that may come.

    Attributes:
        hears: more may come.
        speaks: more may go.
        room: octets of content that may be sent; less than 0 after SETTINGS have said so (section 6.9.2).
        allowance: what may come.
        awaited: octets of content that were announced and have not come yet; None for not announced.
        headed: the head has come; what comes after it in fields are trailers.
    """

    __slots__ = ("allowance", "awaited", "headed", "hears", "room", "speaks")

    def __init__(self, room: int, allowed: int) -> None:
        self.hears = True
        self.speaks = True
        self.room = room
        self.allowance = Allowance(allowed)
        self.awaited: int | None = None
        self.headed = True


class Past:
    """How streams have come to be closed, as far as anybody may ask: all that is not written down has ended.

    Attributes:
        last: the last stream that was begun.
    """

    __slots__ = ("_gaps", "_resets", "last")

    def __init__(self) -> None:
        self._resets: dict[int, int] = {}  # the last of them
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_GAPS)  # numbers that were passed over
        self.last = 0

    def begin(self, number: int) -> None:
        """A stream begins. Numbers that it passes over will never be used (section 5.1.1)."""
        if number > self.last + 2:
            self._gaps.append((self.last + 1, number - 1))
        self.last = number

    def reset(self, number: int, how: int) -> None:
        """A stream was reset."""
        if len(self._resets) >= _RESETS:
            del self._resets[next(iter(self._resets))]
        self._resets[number] = how

    def how(self, number: int) -> int:
        """Return how a stream that is not open has come to be closed."""
        if not number & 1 or number > self.last or any(first <= number <= last for first, last in self._gaps):
            return NEVER
        return self._resets.get(number, ENDED)
