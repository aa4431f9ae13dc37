"""What is revoked, at whatever gateway: a copy of the list in Redis, which answers for requests by itself.

    Redis:  the list, and a number that each change counts up (shelf.py)
    here:   the entries by mark, looked at anew when the number has changed; nothing of Redis while a request waits
    disk:   the last copy, if the configuration says so (store.py)

It is looked when Redis tells of a change (tracking.py), and every `poll` seconds, because what is told may be lost.
A list whose number became smaller, or that another run of the server has, may have been lost and was not emptied: the
gateways that know more put back what they know, but for what was taken back since.
A copy that nobody could compare for `max_stale` answers no more: 503.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

import structlog

from ostiary.errors import GatewayError, InvalidCertificate, InvalidToken, SharedUnavailable, Unauthenticated
from ostiary.model import Certificate, Principal
from ostiary.pki.disk import Unusable
from ostiary.reasons import Reason
from ostiary.shared.entry import REASONS, Entry, Kind, names_of, refuses
from ostiary.shared.link import Link
from ostiary.shared.marks import Digests
from ostiary.shared.shelf import Shelf
from ostiary.shared.store import Kept, Store
from ostiary.shared.tracking import Tracker

log = structlog.get_logger("ostiary.shared")

_REMEMBERED: Final = 4096
"""Callers of whom it is remembered that nothing of theirs is revoked."""
_REST: Final = 0.02
"""Seconds between two looks, however often the list changes."""
_SAVED: Final = 30.0
"""Seconds after which a copy on disk that has not changed is written anew, with the time of the last look."""


class Revocations:
    """The copy; a part of the gateway.

    Args:
        link: to Redis.
        digests: what names are made with.
        prefix: what names of keys begin with.
        max_stale: seconds for which a copy answers that cannot be compared.
        poll: seconds between two looks at the number, while nothing is heard.
        keeping: keeps the copy on disk; None: nobody does.
        clock: epoch seconds.
        steady: the monotonic clock, in seconds.

    Attributes:
        shelf: the list.
        tracker: hears of changes; None: nobody does.
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
        keeping: Store | None = None,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shelf = Shelf(link, prefix)
        self.tracker: Tracker | None = None
        self._link = link
        self._run = 0.0  # of the server that the copy was compared with
        self._digests = digests
        self._max_stale = max_stale
        self._poll = poll
        self._keeping = keeping
        self._saved = 0.0
        self._told = asyncio.Event()
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
        """Take up the copy on disk, look at the list, and go on looking."""
        if self._keeping is not None and self._fresh is None:
            self._recall(self._keeping)
        await self._look()
        self._keeper = asyncio.create_task(self._keep())
        if self.tracker is not None:
            self.tracker.start()

    async def aclose(self) -> None:
        """Stop looking."""
        if self.tracker is not None:
            await self.tracker.aclose()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
            await self._save()

    def changed(self) -> None:
        """Look at the list now: it may have changed."""
        self._told.set()

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
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll):
                    await self._told.wait()
            self._told.clear()
            await self._look()
            if self._steady() - self._saved > min(_SAVED, self._max_stale / 4):
                await self._save()
            await asyncio.sleep(_REST)

    async def _look(self) -> None:
        """Compare the copy with the list, and take up what is new."""
        asked = self._steady()
        with suppress(SharedUnavailable):  # the line says it
            version = await self.shelf.version()
            if self._entries and (version < self._version or self._run != self._link.since):
                await self._put_back(version)
                self._take(await self.shelf.version(), await self.shelf.entries())
            elif version > self._version or self._fresh is None:
                self._take(version, await self.shelf.entries())
            self._fresh, self._run = asked, self._link.since

    def _take(self, version: int, entries: list[Entry]) -> None:
        before = {one.id for one in self._entries.values()}
        self._version, self._entries = version, {one.mark: one for one in entries}
        self._free, self._saved = {}, 0.0  # which has to be written
        after = {one.id for one in entries}
        if before != after:
            more = {"added": sorted(after - before)[:100], "removed": sorted(before - after)[:100]}
            log.info("revocations taken up", version=version, entries=len(entries), **more)

    async def _put_back(self, version: int) -> None:
        """Look at a list that may have been lost, and put back what is missing."""
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

    # --- the copy on disk ----------------------------------------------------------------------

    def _recall(self, keeping: Store) -> None:
        """Begin with the copy on disk. Too old a one answers nobody, but the list may lack what stands in it."""
        try:
            kept = keeping.load()
        except Unusable as error:
            log.warning("the copy of what is revoked cannot be used", why=str(error))
            return
        if kept is None:
            return
        self._version, self._entries = kept.version, {one.mark: one for one in kept.entries}
        age = self._clock() - kept.compared
        if 0 <= age <= self._max_stale:
            self._fresh = self._steady() - age
        log.info("revocations taken from disk", entries=len(kept.entries), age=round(age, 1), known=self.known)

    async def _save(self) -> None:
        """Keep the copy, if it was ever compared."""
        if self._keeping is None or self._fresh is None:
            return
        compared = self._clock() - (self._steady() - self._fresh)
        try:
            kept = Kept(self._version, compared, list(self._entries.values()))
            await asyncio.to_thread(self._keeping.save, kept)
        except Unusable as error:
            log.warning("the copy of what is revoked cannot be written", why=str(error))
        self._saved = self._steady()


def _refusal(kind: Kind, principal: Principal, entry: Entry) -> GatewayError:
    reason, detail = REASONS[kind], f"revoked: {entry.id}"
    if kind in ("certificate", "serial") or principal.method == "mtls":
        return InvalidCertificate(detail, reason=reason)
    return (InvalidToken if principal.claims else Unauthenticated)(detail, reason=reason)
