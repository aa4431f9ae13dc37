"""What goes out on an HTTP/2 connection: one frame of each stream in turn, gathered until the loop comes round."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from ostiary.http2.wire import Wire

AT_ONCE: Final = 64 << 10
"""Octets that are gathered before they are written."""


class Speaker(Protocol):
    """A stream, as it is asked to speak.

    Attributes:
        queued: it stands in the queue.
    """

    queued: bool

    def send(self) -> bool:
        """Send one frame of content at most; nothing once the stream has ended. Returns whether there may be more."""


class Sender:
    """Streams that have something to send.

    Args:
        wire: the connection's state.
        loop: the event loop.
        write: takes octets for the other end.
        sent: called when everything was sent that could be.

    Attributes:
        buffered: octets of content that wait for the other end's windows.
        paused: the transport takes nothing for now.
    """

    __slots__ = ("_loop", "_ready", "_sent", "_soon", "_wire", "_write", "buffered", "paused")

    def __init__(
        self, wire: Wire, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None], sent: Callable[[], None]
    ) -> None:
        self._wire = wire
        self._loop = loop
        self._write = write
        self._sent = sent
        self._ready: deque[Speaker] = deque()
        self._soon = False
        self.buffered = 0
        self.paused = False

    def ready(self, stream: Speaker) -> None:
        """Ask a stream for a frame when the loop comes round."""
        if not stream.queued:
            stream.queued = True
            self._ready.append(stream)
            self.soon()

    def soon(self) -> None:
        """Send when the loop comes round."""
        if not self._soon:
            self._soon = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send one frame of each stream in turn, for as long as the windows are open and the transport takes it."""
        self._soon = False
        ready, gathered = self._ready, 0
        while ready and not self.paused:
            stream = ready.popleft()
            stream.queued = False
            before = self.buffered
            if stream.send():
                stream.queued = True
                ready.append(stream)
            gathered += before - self.buffered
            if gathered > AT_ONCE:
                gathered = 0
                self._write(self._wire.take())
        self._write(self._wire.take())
        self._sent()

    def clear(self) -> None:
        """Send nothing more."""
        self._ready.clear()
