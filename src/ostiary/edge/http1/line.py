"""The octets of one HTTP/1.1 connection: when they are read, until when they must have moved, and how they end."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from ostiary.edge.gone import GONE
from ostiary.edge.hangup import hung_up, taken

_LINGER: Final = 2.0
"""Seconds for which octets are still read, and dropped, after a refused request, so that the answer
is not lost to a reset (RFC 9112, section 9.6)."""
_MOST: Final = 128 << 20
"""Octets of them: a client that reads nothing before it has sent all may send a hundred megabytes."""


class Line:
    """A transport, and what two parties want of it.

    Attributes:
        transport: what carries the octets; one that takes none once the connection is gone.
        read_by, sent_by: deadlines for the caller's octets and for ours, on the loop's clock; 0.0 for none.
        lingering: the last answer is out; what still comes is dropped.
        full: the caller reads slowly.
    """

    __slots__ = ("_dropped", "_loop", "_pauses", "full", "lingering", "read_by", "sent_by", "transport")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pauses = 0
        self._dropped = 0
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.read_by = 0.0
        self.sent_by = 0.0
        self.lingering = False
        self.full = False

    @property
    def closing(self) -> bool:
        """Whether nothing is sent any more."""
        return self.transport.is_closing()

    @property
    def deserted(self) -> bool:
        """Whether the caller has gone while nobody was reading."""
        return self._pauses > 0 and hung_up(self.transport)

    @property
    def emptied(self) -> bool:
        """Whether the caller has taken all that was written."""
        return taken(self.transport)

    def send(self, data: bytes) -> None:
        """Write, unless the caller is gone."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        """Cut the connection: the caller must see that the answer is not whole."""
        self.transport.abort()

    def pause(self) -> None:
        """Stop reading; pauses are counted, because two parties may want one."""
        self._pauses += 1
        if self._pauses == 1 and not self.transport.is_closing():
            self.transport.pause_reading()
            self.read_by = 0.0

    def resume(self) -> bool:
        """Read again, once nobody wants a pause. Returns whether that is now."""
        if not self._pauses:
            return False
        self._pauses -= 1
        if self._pauses or self.transport.is_closing():
            return False
        self.transport.resume_reading()
        return True

    def close(self) -> None:
        """Close, once all that was written is taken."""
        self.read_by = 0.0
        self.transport.close()

    def close_gently(self) -> None:
        """Close, and drop for a moment what may still be on its way."""
        self.lingering = True
        self.read_by = 0.0
        if self.transport.can_write_eof():
            self.transport.write_eof()  # says at once that nothing follows (RFC 9112, section 9.6)
        if self._pauses:
            self._pauses = 0
            self.transport.resume_reading()
        self._loop.call_later(_LINGER, self.transport.close)

    def drop(self, data: bytes) -> None:
        """Read what nobody wants; who has too much of it is cut off."""
        self._dropped += len(data)
        if self._dropped > _MOST:
            self.abort()

    def lost(self) -> None:
        """Let go of the transport: it is gone."""
        self.transport = GONE
        self.read_by = self.sent_by = 0.0
