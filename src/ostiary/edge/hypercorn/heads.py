"""Heads in time, under Hypercorn: it knows how long a connection may be idle, and takes a slow head for that."""

from __future__ import annotations

import asyncio
from typing import Any

from hypercorn.typing import AppWrapper


class Heads:
    """Reads for Hypercorn, and cuts a connection of HTTP/1.1 whose next head does not come whole in time.

    The native edge answers 408 (RFC 9110, section 15.5.9); here there is no request yet that one could answer.

    Args:
        reader: where the octets come from.
        writer: of the connection that is cut.
        seconds: that a head may take, from its first octet on; the first one from the beginning on.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self._reader = reader
        self._transport = writer.transport
        self._seconds = seconds
        self._under_way = 0
        self._late: asyncio.TimerHandle | None = None
        self._expect()

    async def read(self, most: int) -> bytes:
        """Return what has come; nothing is the end."""
        data = await self._reader.read(most)
        if data and not self._under_way and self._late is None:
            self._expect()
        return data

    def at_eof(self) -> bool:
        """Whether there will be no more."""
        return self._reader.at_eof()

    def before(self, app: AppWrapper) -> AppWrapper:
        """Return an application that tells when a head was whole, and when its request has ended."""

        async def told(scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any) -> None:
            self.forget()
            self._under_way += 1
            try:
                await app(scope, receive, send, sync_spawn, call_soon)
            finally:
                self._under_way -= 1

        return told

    def forget(self) -> None:
        """Expect nothing more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _expect(self) -> None:
        self._late = asyncio.get_running_loop().call_later(self._seconds, self._transport.abort)
