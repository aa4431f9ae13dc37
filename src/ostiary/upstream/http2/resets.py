"""How often exchanges on one connection may be given up before its upstream takes all of it for an attack.

Streams that are opened and given up are what rapid reset is made of (CVE-2023-44487), and upstreams end connections on
which there are too many of them, whoever has asked for each:

    Netty          200 resets in 30 seconds
    nghttp2        1000, and 33 more in each second
    Envoy          half of all streams within their first second, once there were 500
    hyper (tonic)  20 streams that nobody has looked at yet
    nginx          twice `http2_max_concurrent_streams` opened in one read, reset or not: refused

One connection carries the calls of many. So less than any of that is said on one: see `Http2Streams`.
"""

from __future__ import annotations

from typing import Final

AT_ONCE, PER_SECOND = 16, 3.0
SHARE: Final = 0.25
"""Of all streams."""


class Resets:
    """What was given up on one connection.

    Args:
        now: the loop's clock, seconds.

    Attributes:
        said: how many resets the upstream was told.
    """

    __slots__ = ("_at", "_left", "said")

    def __init__(self, now: float) -> None:
        self._at = now
        self._left = float(AT_ONCE)
        self.said = 0

    def may(self, now: float, most: int) -> bool:
        """Take one, if one may be said now.

        Args:
            now: the loop's clock, seconds.
            most: streams that may be open at a time, as the upstream says.
        """
        burst = max(1, min(AT_ONCE, most))
        self._left = min(burst, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        self.said += 1
        return True

    def many(self, begun: int) -> bool:
        """Whether there were too many of the streams that were begun."""
        return self.said > AT_ONCE + begun * SHARE
