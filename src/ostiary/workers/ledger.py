"""What a worker has counted of requests, where its supervisor finds it when the worker is gone.

A piece of memory that both have: a head, and two places that are written in turn. The head names the place that is
whole; it is written last, so that a worker that is killed while it writes leaves what it had written before.
"""

from __future__ import annotations

import asyncio
import os
import struct
import tempfile
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from ostiary.observe.counted import counted_told
from ostiary.observe.metrics import Metrics

_HEAD: Final = struct.Struct("<QQI")  # which place, octets there, their checksum (CRC-32)
_PLACES: Final = (1 << 12, 1 << 30)  # far apart; what is never written takes no memory
_EVERY: Final = 0.25
"""Seconds between two entries, and so the most that is lost."""
_SHARE: Final = 100
"""A hundredth of the time, at most, goes into it, however many kinds of requests there are."""


def new_ledger() -> int:
    """Return the descriptor of an empty one, for a process that is started with it."""
    with suppress(AttributeError, OSError):  # Linux has it, and elsewhere a file without a name will do
        return os.memfd_create("ostiary-ledger")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def write(descriptor: int, octets: bytes, turn: int) -> None:
    """Write an entry.

    Args:
        descriptor: of the ledger.
        octets: the entry.
        turn: a number that is one more each time.
    """
    place = turn % len(_PLACES)
    os.pwrite(descriptor, octets, _PLACES[place])
    os.pwrite(descriptor, _HEAD.pack(place, len(octets), zlib.crc32(octets)), 0)


def read(descriptor: int) -> bytes:
    """Return the last entry that is whole; nothing, where there is none."""
    head = os.pread(descriptor, _HEAD.size, 0)
    if len(head) < _HEAD.size:
        return b""
    place, length, checksum = _HEAD.unpack(head)
    octets = os.pread(descriptor, length, _PLACES[place % len(_PLACES)])
    return octets if zlib.crc32(octets) == checksum else b""


@asynccontextmanager
async def keeping(descriptor: int, metrics: Metrics) -> AsyncIterator[None]:
    """Write down what was counted, now and then while the block runs, and at its end."""
    keeper = _Keeper(descriptor, metrics)
    task = asyncio.get_running_loop().create_task(keeper.keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        keeper.look()


class _Keeper:
    def __init__(self, descriptor: int, metrics: Metrics) -> None:
        self._descriptor = descriptor
        self._metrics = metrics
        self._known = 0
        self._turn = 0

    async def keep(self) -> None:
        pause = _EVERY
        while True:
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            self.look()
            pause = max(_EVERY, _SHARE * (time.perf_counter() - begun))

    def look(self) -> None:
        count = self._metrics.requests
        if count != self._known:
            self._known = count
            self._turn += 1
            write(self._descriptor, counted_told(self._metrics), self._turn)
