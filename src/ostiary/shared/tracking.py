"""Hears that the list has changed, when it does: a second connection, on which the server speaks unasked.

The server is asked to tell of one key (client-side caching: CLIENT TRACKING, by broadcast), so whoever changes the key
has to do nothing for it, and may be of an earlier version. What is said while the connection is down is lost: the
list is looked at again when it is back, and now and then in any case.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol, TypeAlias

import structlog

from ostiary.errors import GatewayError
from ostiary.shared.link import HANDSHAKE

log = structlog.get_logger("ostiary.shared")

_SHORTEST: Final = 0.25
_SLOWEST: Final = 60.0
"""Longest pause between two tries, in seconds: a server that never speaks unasked is looked at all the same."""


class Tracking(Protocol):
    """A connection on which the server speaks."""

    async def news(self) -> bool:
        """Return whether it has said something; False: it was silent for a while, and is there.

        Raises:
            OSError: it is not.
        """

    async def aclose(self) -> None:
        """End it."""


Listen: TypeAlias = Callable[[], Awaitable[Tracking]]


class Tracker:
    """Listens, for as long as it is open.

    Args:
        listen: makes a connection.
        heard: called when something was said, or may have been.
        timeout: seconds of patience with one question.
        line: how often the line to Redis was made: when it is another one, so must this be.
    """

    def __init__(self, listen: Listen, heard: Callable[[], None], timeout: float, line: Callable[[], int]) -> None:
        self._listen = listen
        self._heard = heard
        self._timeout = timeout
        self._line = line
        self._keeper: asyncio.Task[None] | None = None
        self._told = ""
        self.open = False

    def start(self) -> None:
        """Begin to listen; nobody waits for it."""
        self._keeper = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """Listen no more."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _keep(self) -> None:
        failures = 0
        while True:
            line = self._line()
            try:
                async with asyncio.timeout(HANDSHAKE * self._timeout):
                    connection = await self._listen()
            except (GatewayError, OSError) as error:
                self._deaf(error)
                failures += 1
                await self._pause(failures, line)
                continue
            failures = 0
            await self._hear(connection, line)

    async def _pause(self, failures: int, line: int) -> None:
        """Wait before the next try; not for longer than until the line to Redis is made anew."""
        loop = asyncio.get_running_loop()
        end = loop.time() + min(_SHORTEST * 2.0 ** min(failures, 10), _SLOWEST)
        while loop.time() < end and line == self._line():  # noqa: ASYNC110 - the line tells nobody, and this is seldom
            await asyncio.sleep(min(_SHORTEST, end - loop.time()))

    async def _hear(self, connection: Tracking, line: int) -> None:
        """Listen until the connection is of no use any more."""
        self.open, self._told = True, ""
        try:
            self._heard()  # what was said before
            while line == self._line():
                if await connection.news():
                    self._heard()
        except OSError:
            self._heard()
        finally:
            self.open = False
            with suppress(Exception):  # it is broken, and says so in many ways
                await connection.aclose()

    def _deaf(self, error: GatewayError | OSError) -> None:
        why = error.detail if isinstance(error, GatewayError) else type(error).__name__
        if why != self._told:
            log.warning("changes of what is revoked are not told at once", why=why)
        self._told = why
