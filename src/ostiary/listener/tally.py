"""What is counted of handshakes, and what is remembered of certificates that end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal

from ostiary.observe.histogram import Histogram

_MOST: Final = 20
"""Clients of which the end of their certificate is remembered: those that end first."""

_LONGEST: Final = 256
"""Characters of a distinguished name that are kept."""


@dataclass(slots=True)
class Handshakes:
    """The handshakes of one listener.

    Attributes:
        refused: how many failed, by reason.
        took: how long those took that were completed.
    """

    refused: Counter[str] = field(default_factory=Counter)
    took: Histogram = field(default_factory=Histogram)

    def go_on(self, previous: Handshakes) -> None:
        """Count on from what was counted before a reload; handshakes that are under way are counted there too."""
        self.refused, self.took = previous.refused, previous.took


@dataclass(frozen=True, slots=True)
class End:
    """When something that a listener needs ends.

    Attributes:
        kind: the server's certificate, an authority of client certificates, or an authority's revocation list.
        name: its subject (RFC 4514), or the authority's.
        at: seconds since the epoch.
    """

    kind: Literal["server", "client-authority", "revocation-list"]
    name: str
    at: float


class Soonest:
    """The client certificates that end first; as many as we care to show."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._ends: dict[str, float] = {}

    def note(self, subject: str, at: float, now: float) -> None:
        """A certificate was seen. The newest of a subject counts, and one that has ended counts no more."""
        ends = self._ends
        ends[subject[:_LONGEST]] = at
        if len(ends) > self._most:
            ended = [name for name, end in ends.items() if end <= now]
            for name in ended or [max(ends, key=ends.__getitem__)]:
                del ends[name]

    def now(self, now: float) -> list[tuple[str, float]]:
        """Return subjects and ends, soonest first, without those that have ended."""
        return sorted(((name, at) for name, at in self._ends.items() if at > now), key=lambda one: one[1])
