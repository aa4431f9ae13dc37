"""Bounds on what one HTTP/2 connection may cost beside its requests.

HTTP/2 lets a caller ask for work in frames that carry no request: nine octets make us answer a PING, give up an
exchange, or look at every stream (RFC 9113, section 10.5). Each kind is paid for from a purse that fills with
time, and with what is honestly moved; who overdraws it is told ENHANCE_YOUR_CALM, and loses the connection.

    resets    streams that are opened and given up, by either end: rapid reset (CVE-2023-44487), and resets that
              the caller provokes from our side ("MadeYouReset", CVE-2025-8671)
    control   PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, CONTINUATION, unknown frames, DATA without data
              or for a stream that has ended (CVE-2019-9511 to 9518, CVE-2024-27316)
"""

from __future__ import annotations

from typing import Final

from ostiary.http2.codes import Code, ConnectionBroken, broken
from ostiary.http2.frames import CONTINUATION, DATA, END_HEADERS, HEADERS, SETTINGS, Frame
from ostiary.reasons import Reason

RESETS, RESETS_PER_SECOND = 200, 20.0
CONTROL, CONTROL_PER_SECOND = 1000, 100.0
LARGEST_BLOCK: Final = 4
"""How many times larger than a head may be a block of fields that is read to its end: it costs its stream, or its
request. A larger one is not kept until it ends, and costs the connection (RFC 9113, section 10.5.1)."""
EXCESS_COST: Final = 10
"""Resets that such a block costs: it is read in vain, and it is long."""
PER_STREAM: Final = 4
"""Control frames that come with an honest request: windows and priorities."""
PER_ANSWER: Final = 1 / 1024
"""Control frames for each octet that we send: the caller has to open his windows."""

PER_MESSAGE: Final = 2
"""Control frames for a frame that leaves nothing waiting: whoever is sent many may open both windows each time."""

_SETTINGS_COST: Final = 10  # each is looked at by every stream, and acknowledged


class Purse:
    """So much at once, and so much per second.

    Attributes:
        left: what may still be spent.
    """

    __slots__ = ("_at", "_most", "_rate", "left")

    def __init__(self, most: float, rate: float, now: float) -> None:
        self._most = most
        self._rate = rate
        self._at = now
        self.left = most

    def earn(self, amount: float) -> None:
        """Add what was honestly moved; a purse never holds more than at its start."""
        self.left = min(self._most, self.left + amount)

    def spend(self, amount: float, now: float) -> bool:
        """Take from it. Returns False when there is not that much."""
        self.earn((now - self._at) * self._rate)
        self._at = now
        self.left -= amount
        return self.left >= 0


class Guard:
    """Looks at every frame before it is worked on.

    Args:
        headers: most octets of a block of fields, compressed or not.
        now: the loop's clock, seconds.

    Attributes:
        block: the stream whose block of fields has begun and not ended; 0 for none.
    """

    __slots__ = ("_block_size", "_control", "_headers", "_resets", "block")

    def __init__(self, headers: int, now: float) -> None:
        self._headers = headers
        self._resets = Purse(RESETS, RESETS_PER_SECOND, now)
        self._control = Purse(CONTROL, CONTROL_PER_SECOND, now)
        self._block_size = 0
        self.block = 0

    def judge(self, frame: Frame, now: float) -> None:
        """Return when a frame may be worked on.

        Raises:
            ConnectionBroken: it may not.
        """
        kind = frame.kind
        if self.block or kind in (HEADERS, CONTINUATION):
            self._judge_block(frame, now)
        elif kind != DATA:
            self.control(now, _SETTINGS_COST if kind == SETTINGS else 1)

    def _judge_block(self, frame: Frame, now: float) -> None:
        """A block of fields is one piece: nothing comes between its frames (RFC 9113, section 4.3)."""
        if self.block and (frame.kind != CONTINUATION or frame.stream != self.block):
            raise broken(Code.PROTOCOL_ERROR, "a frame within a block")
        if frame.kind == CONTINUATION:
            self.control(now)
        else:
            self._block_size = 0
        self._block_size += len(frame.payload)
        if self._block_size > self._headers:
            detail = "a block of fields without an end"
            raise ConnectionBroken(Code.ENHANCE_YOUR_CALM, Reason.REQUEST_HEADERS_TOO_LARGE, detail)
        self.block = 0 if frame.flags & END_HEADERS else frame.stream

    def control(self, now: float, cost: int = 1) -> None:
        """Pay for a frame that asks for nothing."""
        if not self._control.spend(cost, now):
            raise _flood("frames that ask for nothing")

    def reset(self, now: float, cost: int = 1) -> None:
        """Pay for a stream that was given up."""
        if not self._resets.spend(cost, now):
            raise _flood("streams opened and given up")

    def opened(self) -> None:
        """A request was made."""
        self._control.earn(PER_STREAM)

    def sent(self, octets: int, whole: bool = False) -> None:
        """So much of an answer was sent; `whole`: nothing waits behind it, as it would behind a narrow window."""
        self._control.earn(octets * PER_ANSWER + (PER_MESSAGE if whole else 0))


def _flood(detail: str) -> ConnectionBroken:
    return ConnectionBroken(Code.ENHANCE_YOUR_CALM, Reason.CONNECTION_FLOOD, detail)
