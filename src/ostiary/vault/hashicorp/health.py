"""How the servers of a cluster are, told once in a while when one of them does not answer for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from ostiary.vault.hashicorp.api import Api

log = structlog.get_logger("ostiary.vault")

PAUSE: Final = 60.0  # seconds between two looks
GRACE: Final = 1.0  # seconds that a look may take at the end
WELL: Final = "active"
_WORDS: Final = {
    200: WELL,
    429: "standby",
    472: "standby for disasters",
    473: "standby that reads",
    501: "not initialised",
    503: "sealed",
}


def word(status: int | None) -> str:
    """Return what a server is, by what it answers to `sys/health`; None for no answer."""
    return "no answer" if status is None else _WORDS.get(status, f"answers {status}")


class Health:
    """Looks at the servers when there is trouble, and tells the log; nobody waits for it.

    Args:
        api: how they are asked.
        clock: the monotonic clock, in seconds.
    """

    def __init__(self, api: Api, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._clock = clock
        self._again_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    def trouble(self) -> None:
        """Take note that a server did not answer for its cluster."""
        if self._clock() >= self._again_at:
            self._again_at = self._clock() + PAUSE
            self._looking = asyncio.create_task(self._look())

    async def aclose(self) -> None:
        """Look no more; a look that is under way may end."""
        if self._looking is not None:
            await asyncio.wait((self._looking,), timeout=GRACE)
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        for address, status in await self._api.statuses("sys/health"):
            log.warning("vault server", address=address, state=word(status))
