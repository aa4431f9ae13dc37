"""What is revoked, at whatever gateway: a copy of the list in Redis, which answers for requests by itself.

    Redis:  PREFIX:revoked          id -> entry
            PREFIX:revoked:undone   id -> when it was taken back, and until when that has to be known
            PREFIX:revoked:version  a number, one more with each change
    here:   the entries by mark, looked at anew when the number has changed; nothing of Redis while a request waits

A list whose number became smaller, or that another run of the server has, may have been lost and was not emptied: the
gateways that know more put back what they know, but for what was taken back since.
A copy that nobody could compare for `max_stale` answers no more: 503.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

import structlog

from ostiary.errors import GatewayError, InvalidCertificate, InvalidToken, SharedUnavailable, Unauthenticated
from ostiary.model import Certificate, Principal
from ostiary.reasons import Reason
from ostiary.shared.entry import REASONS, Entry, Kind, names_of, read_entry, refuses
from ostiary.shared.link import Link
from ostiary.shared.marks import Digests

log = structlog.get_logger("ostiary.shared")

_REMEMBERED: Final = 4096
"""Callers of whom it is remembered that nothing of theirs is revoked."""


class Revocations:
    """The copy; a part of the gateway.

    Args:
        link: to Redis.
        digests: what names are made with.
        prefix: what names of keys begin with.
        max_stale: seconds for which a copy answers that cannot be compared.
        poll: seconds between two looks at the number.
        clock: epoch seconds.
        steady: the monotonic clock, in seconds.
    """

    name = "revocations"

    def __init__(
        self,
        link: Link,
        digests: Digests,
        prefix: str,
        max_stale: float,
        poll: float,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shelf = Shelf(link, prefix)
        self._link = link
        self._run = 0.0  # of the server that the copy was compared with
        self._digests = digests
        self._max_stale = max_stale
        self._poll = poll
        self._clock = clock
        self._steady = steady
        self._version = 0
        self._entries: Mapping[str, Entry] = {}
        self._fresh: float | None = None
        self._free: dict[tuple[int, int], tuple[Principal, Certificate | None]] = {}
        self._keeper: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def age(self) -> float | None:
        """Seconds since the copy was compared with the list; None: never."""
        return None if self._fresh is None else self._steady() - self._fresh

    @property
    def known(self) -> bool:
        """Whether the copy may answer."""
        return self._fresh is not None and self._steady() - self._fresh <= self._max_stale

    def inherit(self, previous: Revocations) -> None:
        """Begin with the copy of the gateway before."""
        self._version, self._entries, self._fresh = previous._version, previous._entries, previous._fresh
        self._run = previous._run

    async def start(self) -> None:
        """Look at the list, and go on looking."""
        await self._look()
        self._keeper = asyncio.create_task(self._keep())

    async def aclose(self) -> None:
        """Stop looking."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    # --- asked by requests ---------------------------------------------------------------------

    def check(self, principal: Principal, certificate: Certificate | None) -> None:
        """Return when nothing of a caller is revoked.

        Args:
            principal: who was proven.
            certificate: the certificate of the connection, if there is one.

        Raises:
            InvalidToken: the token, or the subject, is revoked.
            InvalidCertificate: the certificate is.
            SharedUnavailable: nobody can know now.
        """
        if not self.known:
            raise SharedUnavailable("the copy is too old", reason=Reason.REVOCATION_UNKNOWN, retry_after=1)
        key = id(principal), id(certificate)
        if not self._entries or key in self._free:
            return
        self._judge(principal, certificate)
        if len(self._free) >= _REMEMBERED:
            self._free.clear()
        self._free[key] = principal, certificate  # which keeps them, so that what has their identity is them

    def _judge(self, principal: Principal, certificate: Certificate | None) -> None:
        now = self._clock()
        for kind, name, issued in names_of(principal, certificate):
            entry = self._entries.get(self._digests.digest(kind, name))
            if entry is not None and now < entry.until and refuses(entry, issued):
                raise _refusal(kind, principal, entry)

    # --- the copy ------------------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._poll)
            await self._look()

    async def _look(self) -> None:
        """Compare the copy with the list, and take up what is new."""
        asked = self._steady()
        with suppress(SharedUnavailable):  # the line says it
            version = await self.shelf.version()
            if self._entries and (version < self._version or self._run != self._link.since):
                await self._put_back(version)
            elif version > self._version or self._fresh is None:
                self._take(version, await self.shelf.entries())
            self._fresh, self._run = asked, self._link.since

    def _take(self, version: int, entries: list[Entry]) -> None:
        before = {one.id for one in self._entries.values()}
        self._version, self._entries = version, {one.mark: one for one in entries}
        self._free = {}
        after = {one.id for one in entries}
        if before != after:
            more = {"added": sorted(after - before)[:100], "removed": sorted(before - after)[:100]}
            log.info("revocations taken up", version=version, entries=len(entries), **more)

    async def _put_back(self, version: int) -> None:
        """Look at a list that may have been lost, and put back what is missing; the next look takes it up."""
        there = {one.mark for one in await self.shelf.entries()}
        undone = await self.shelf.undone()
        now = self._clock()
        known = [one for one in self._entries.values() if now < one.until and one.made > undone.get(one.id, 0.0)]
        missing = [one for one in known if one.mark not in there]
        for entry in missing:
            await self.shelf.put(entry)
        if missing or version < self._version:
            log.error("revocations were lost and are put back", entries=len(missing), version=version)
            await self.shelf.advance(self._version)


def _refusal(kind: Kind, principal: Principal, entry: Entry) -> GatewayError:
    reason, detail = REASONS[kind], f"revoked: {entry.id}"
    if kind in ("certificate", "serial") or principal.method == "mtls":
        return InvalidCertificate(detail, reason=reason)
    return (InvalidToken if principal.claims else Unauthenticated)(detail, reason=reason)


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
        self._list, self._number = f"{prefix}:revoked", f"{prefix}:revoked:version"
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
