"""A clock that a test moves."""

from __future__ import annotations


class Clock:
    """Says what it is told: seconds, of whatever clock it stands for."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
