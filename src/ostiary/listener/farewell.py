"""What a caller hears whose handshake has failed: the alert that says why (RFC 8446, section 6.2).

Event loops drop it: they close the socket as soon as OpenSSL gives up. And who speaks TLS 1.3 sends his request before
he can know; what nobody has read is answered with a reset, which may overtake the alert. So the alert is written, that
nothing follows is said, and what still comes is dropped for a moment. All that while it counts as a connection.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

_LINGER: Final = 2.0
"""Seconds in which he may finish what he is saying, and read why."""
_MOST: Final = 4 << 20
"""Octets of it that are read: what the buffers of both ends hold, and a little more."""
_PIECE: Final = 1 << 14


class Farewell:
    """The end of a connection that was never one.

    Args:
        connection: as it was accepted; it does not block. The loop closes it when the handshake has failed.
    """

    __slots__ = ("_connection", "_rest")

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest: socket.socket | None = None

    def say(self, alert: bytes) -> None:
        """Send an alert at once, and keep the connection, whatever the loop closes. Nothing is no alert."""
        if not alert:
            return
        with suppress(OSError):  # he has gone; or there is no descriptor left for this
            self._rest = self._connection.dup()
            self._rest.send(alert)
            self._rest.shutdown(socket.SHUT_WR)

    async def over(self) -> None:
        """Return when he has gone, or has had his moment; at once if nothing was said."""
        rest, self._rest = self._rest, None
        if rest is None:
            return
        with rest, suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(_LINGER):
                await _drop(rest)


async def _drop(rest: socket.socket) -> None:
    loop, piece, left = asyncio.get_running_loop(), bytearray(_PIECE), _MOST
    while left > 0 and (read := await loop.sock_recv_into(rest, piece)):
        left -= read
