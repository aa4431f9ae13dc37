"""Streams that have ended, under Hypercorn: a caller may still be speaking on one that was answered early.

Hypercorn forgets a stream with the end of its answer, and what still comes of its request breaks the connection, and
with it everybody else's requests. RFC 9113 lets a server answer before a request has ended (section 8.1).
"""

from __future__ import annotations

from typing import Any, Final

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol.h2 import H2Protocol


class _Gone:
    """A stream that nobody listens to any more."""

    async def handle(self, event: Any) -> None:
        """Drop what comes."""


_GONE: Final = _Gone()


class _Streams(dict[int, Any]):
    """Hypercorn's streams; those that have ended take everything and do nothing."""

    def __missing__(self, number: int) -> _Gone:
        return _GONE


def outlive_answers(server: TCPServer) -> None:
    """Let a connection live on that is told more of a request which was answered. To be called once it has begun."""
    spoken = server.protocol.protocol
    if isinstance(spoken, H2Protocol):
        spoken.streams = _Streams(spoken.streams)
