"""What has come behind a request whose answer is not out: a few requests that were read, and the octets of the rest.

A short request is fifteen times as large in memory as it was on the line, and a quarter of a megabyte may come at
once. So where several come together they are read a little at a time, and no further while one of them waits: a
connection holds little more than what was sent. Nothing of this concerns requests that come one by one.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol, cast

from ostiary.edge.http1.exchange import Exchange
from ostiary.edge.http1.line import Line
from ostiary.edge.http1.reader import RequestReader

PIECE: Final = 1 << 10
"""Octets that are read at a time where they may be many requests; fewer than that are not looked at."""
_HEAD: Final = b" HTTP/1."
"""There is none without it (RFC 9112, section 3)."""


class Speaker(Protocol):
    """The connection, as those see it who wait.

    Attributes:
        exchange: the one under way.
        line: its octets.
    """

    exchange: Exchange | None
    line: Line

    def feed(self, data: bytes) -> None:
        """Read."""

    def begin(self, exchange: Exchange) -> None:
        """Turn to one whose turn it is."""

    def rest(self) -> None:
        """There is nothing more to do for now."""

    def resume_reading(self) -> None:
        """Read again."""


class Behind:
    """Those who wait.

    Args:
        speaker: the connection.
        reader: of its requests.

    Attributes:
        waiting: whether there is anybody, and so the connection is not read.
    """

    __slots__ = ("_at", "_queue", "_raw", "_reader", "_speaker", "_turning", "waiting")

    def __init__(self, speaker: Speaker, reader: RequestReader) -> None:
        self._speaker = speaker
        self._reader = reader
        self._queue: deque[Exchange] = deque()
        self._raw = b""
        self._at = 0  # how much of it was read
        self._turning = False
        self.waiting = False

    def add(self, exchange: Exchange) -> None:
        """Let a request wait for the one before it."""
        self._queue.append(exchange)
        self._wait()

    def take(self, data: bytes) -> None:
        """Read much at once, as far as it goes."""
        self._raw, self._at = self._raw[self._at :] + data, 0
        self.go_on()

    def go_on(self) -> None:
        """Turn to one after the other, until an answer is waited for or nothing is left."""
        if self._turning:
            return  # it is called from within the loop below
        self._turning = True
        while self._step():
            pass
        self._turning = False
        if self._queue or self._raw:
            self._wait()
        elif self.waiting:
            self.waiting = False
            self._speaker.resume_reading()
        if self._speaker.exchange is None:
            self._speaker.rest()

    def close(self) -> None:
        """Forget them, and let go of the connection."""
        self._queue.clear()
        self._raw = b""
        self._speaker = cast("Speaker", None)

    def _step(self) -> bool:
        speaker = self._speaker
        if self._queue and speaker.exchange is None:
            speaker.begin(self._queue.popleft())
            return True
        if self._reader.trouble is not None or speaker.line.lingering or self._at >= len(self._raw):
            self._raw = b""
        if self._queue or not self._raw:
            return False
        begin, self._at = self._at, self._at + self._portion(self._reader.reading)
        speaker.feed(self._raw[begin : self._at])
        return True

    def _portion(self, reading: Exchange | None) -> int:
        """Return how many octets to read now: of a body all that there is, and not one more."""
        if reading is None:
            return PIECE
        if reading.length is not None:
            return max(reading.missing, 1)
        head = self._raw.find(_HEAD, self._at)
        return len(self._raw) if head < 0 else max(PIECE, head - self._at)

    def _wait(self) -> None:
        if not self.waiting:
            self.waiting = True
            self._speaker.line.pause()
