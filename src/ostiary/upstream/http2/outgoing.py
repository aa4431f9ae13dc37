"""The content of a request, which waits for the upstream's windows (RFC 9113, section 5.2)."""

from __future__ import annotations

from typing import Final

from ostiary.http2.wire import Wire

KEPT: Final = 64 << 10
"""Octets of a request that are kept until it is answered, so that it can be sent again when nobody has worked on it."""


class Outgoing:
    """The content of one request.

    Args:
        length: octets announced; None when nobody knows.

    Attributes:
        sent: all of it was sent, and its end.
    """

    __slots__ = ("_ended", "_kept", "_left", "_pending", "_trailers", "sent")

    def __init__(self, length: int | None) -> None:
        self._pending = bytearray()
        self._kept: bytearray | None = bytearray()  # what has come so far; None when it cannot be sent again
        self._left = length
        self._ended = length == 0
        self._trailers: list[tuple[bytes, bytes]] | None = None
        self.sent = length == 0

    @property
    def whole(self) -> bool:
        """Whether all of it has come: from then on it is the upstream that makes it wait."""
        return self._ended

    @property
    def waiting(self) -> int:
        """Octets that were not sent yet."""
        return len(self._pending)

    @property
    def bodyless(self) -> bool:
        """Whether the request ends with its head."""
        return self._ended and not self._pending and self._trailers is None

    def take(self, data: bytes) -> bool:
        """Take a piece. Returns False when it is more than was announced."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                return False
        self._pending += data
        if self._kept is not None:
            self._keep(data)
        return True

    def _keep(self, data: bytes) -> None:
        if self._kept is not None and len(self._kept) + len(data) <= KEPT:
            self._kept += data
        else:
            self._kept = None

    def finish(self, trailers: list[tuple[bytes, bytes]] | None) -> bool:
        """Nothing more comes. Returns False when it is less than was announced."""
        self._ended = True
        self._trailers = trailers or None
        return not self._left

    def send(self, wire: Wire, stream: int) -> bool:
        """Send what the windows allow, in one frame. Returns whether there is more that can be sent."""
        if self.sent:
            return False
        if self._pending:
            room = wire.window(stream)
            if room <= 0:
                return False
            data = bytes(self._pending[:room])
            del self._pending[:room]
            self.sent = self.bodyless
            wire.send_data(stream, data, end=self.sent)
            return not self.sent and (self._ended or bool(self._pending))
        if self._ended:
            self.sent = True
            if self._trailers is None:
                wire.send_data(stream, b"", end=True)
            else:
                wire.send_head(stream, self._trailers, end=True)
        return False

    def let_go(self) -> None:
        """It will not be sent again."""
        self._kept = None

    def rewind(self) -> bool:
        """Begin anew. Returns False when what was sent is not there any more."""
        if self._kept is None:
            return False
        self._pending = bytearray(self._kept)
        self.sent = self.bodyless
        return True
