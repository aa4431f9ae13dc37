"""Who keeps a worker's ledger: requests four times a second, everything else once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import Final

import structlog

from ostiary.admin.encoding import metrics_told, undisturbed
from ostiary.admin.exposition import Beside
from ostiary.admin.view import View
from ostiary.observe.counted import counted_told
from ostiary.workers.ledger import Book, write

log = structlog.get_logger("ostiary.workers")

_EVERY: Final = 0.25
"""Seconds between two entries of requests, and so the most that is lost."""
_BESIDE: Final = 1.0
"""The same for everything else, which is much more to read, and seldom changes."""
_SHARE: Final = 100
"""A hundredth of the time, at most, goes into each book, however much there is to write."""


@asynccontextmanager
async def keeping(descriptor: int, view: View) -> AsyncIterator[None]:
    """Write down what was counted, now and then while the block runs, and at its end."""
    keeper, loop = _Keeper(descriptor, view), asyncio.get_running_loop()
    tasks = [loop.create_task(one()) for one in (keeper.keep_requests, keeper.keep_beside)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        keeper.look()
        keeper.look_beside()


class _Keeper:
    def __init__(self, descriptor: int, view: View) -> None:
        self._descriptor = descriptor
        self._metrics = view.metrics
        self._beside = Beside(view)
        self._known = 0
        self._turn = 0
        self._noted = b""
        self._notes = 0
        self._wrong = False
        self._turns = Lock()

    async def keep_requests(self) -> None:
        pause = _EVERY
        while True:
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            self.look()
            pause = max(_EVERY, _SHARE * (time.perf_counter() - begun))

    async def keep_beside(self) -> None:
        pause = _BESIDE
        while True:
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            await asyncio.to_thread(self.look_beside)
            pause = max(_BESIDE, _SHARE * (time.perf_counter() - begun))

    def look(self) -> None:
        """Write down what was counted of requests, if anything was."""
        count = self._metrics.requests
        if count != self._known:
            self._known = count
            self._turn += 1
            write(self._descriptor, counted_told(self._metrics), self._turn)

    def look_beside(self) -> None:
        """Write down what was counted of everything else, if it is news. Takes a while; in whatever thread."""
        with self._turns:  # the thread of the last look may still be at work
            octets = self._read_beside()
            if octets != self._noted:
                self._noted = octets
                self._notes += 1
                write(self._descriptor, octets, self._notes, Book.BESIDE)

    def _read_beside(self) -> bytes:
        try:
            return undisturbed(metrics_told, self._beside)
        except RuntimeError:  # something has grown while it was read: next time
            return self._noted
        except Exception:
            if not self._wrong:
                log.exception("a bug: what was counted cannot be written down")
            self._wrong = True
            return self._noted
