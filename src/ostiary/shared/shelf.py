"""The list of what is revoked, as it lies in Redis.

PREFIX:revoked          id -> entry
PREFIX:revoked:undone   id -> when it was taken back, and until when that has to be known
PREFIX:revoked:version  a number, one more with each change
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from ostiary.errors import SharedUnavailable
from ostiary.shared.entry import Entry, read_entry
from ostiary.shared.link import Link

log = structlog.get_logger("ostiary.shared")


def number_of(prefix: str) -> str:
    """Return the name of the key that changes with the list."""
    return f"{prefix}:revoked:version"


@contextmanager
def _readable() -> Iterator[None]:
    """Take what somebody else has written into Redis for a list that cannot be had: it does not end the looking."""
    try:
        yield
    except ValueError:
        log.error("the list of revocations cannot be read")  # noqa: TRY400 - whose text it is, nobody knows
        raise SharedUnavailable("the list of revocations cannot be read") from None


class Shelf:
    """The list as it lies in Redis.

    Args:
        link: to Redis.
        prefix: what names of keys begin with.
    """

    def __init__(self, link: Link, prefix: str) -> None:
        self._link = link
        self._list, self._number = f"{prefix}:revoked", number_of(prefix)
        self._undone = f"{prefix}:revoked:undone"

    async def version(self) -> int:
        """Return the number of the list; 0: there never was one.

        Raises:
            SharedUnavailable: it cannot be had, or read.
        """
        number = await self._link.ask("GET", self._number)
        with _readable():
            return int(number or 0)

    async def entries(self) -> list[Entry]:
        """Return what is on the list.

        Raises:
            SharedUnavailable: it cannot be had, or read.
        """
        flat: list[Any] = await self._link.ask("HGETALL", self._list)
        with _readable():
            return [read_entry(text) for text in flat[1::2]]

    async def put(self, entry: Entry) -> None:
        """Put an entry on the list; `advance` tells the gateways."""
        await self._link.ask("HSET", self._list, entry.id, entry.written())

    async def revoke(self, entry: Entry) -> None:
        """Put a new entry on the list, whatever was taken back before; `advance` tells the gateways."""
        await self._link.ask("HDEL", self._undone, entry.id)
        await self.put(entry)

    async def take_back(self, entry: Entry, now: float) -> None:
        """Take an entry off the list, and leave word: a gateway that comes back later is not to put it back."""
        moment = max(now, entry.made)  # the clocks of two operators may differ
        await self._link.ask("HSET", self._undone, entry.id, f"{moment!r} {entry.until!r}")
        await self._link.ask("HDEL", self._list, entry.id)

    async def undone(self) -> dict[str, float]:
        """Return what was taken back, and when, epoch seconds.

        Raises:
            SharedUnavailable: it cannot be had, or read.
        """
        return {name: moment for name, (moment, _) in (await self._words()).items()}

    async def tidy(self, now: float) -> None:
        """Forget what has ended by itself."""
        ended = [one.id for one in await self.entries() if one.until < now]
        words = [name for name, (_, until) in (await self._words()).items() if until < now]
        for key, names in ((self._list, ended), (self._undone, words)):
            if names:
                await self._link.ask("HDEL", key, *names)

    async def _words(self) -> dict[str, tuple[float, float]]:
        flat: list[Any] = await self._link.ask("HGETALL", self._undone)
        with _readable():
            pairs = zip(flat[::2], (text.split() for text in flat[1::2]), strict=True)
            return {name.decode(): (float(moment), float(until)) for name, (moment, until) in pairs}

    async def advance(self, least: int = 0) -> int:
        """Count the number of the list up, beyond `least`, so that every gateway looks at it anew."""
        version = int(await self._link.ask("INCR", self._number))
        if version <= least:
            version = int(await self._link.ask("INCRBY", self._number, least + 1 - version))
        return version
