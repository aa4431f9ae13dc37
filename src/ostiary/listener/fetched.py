"""Revocation lists by URL: fetched beside the handshakes, which never wait for one.

A list counts only when one who may has signed it, and is never replaced by an older one. What was fetched is kept
until it is replaced, however long its publisher is away, and on disk where the configuration has a place for it;
whether it is still current is asked by those who rely on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from cryptography import x509

from ostiary.errors import ConfigError
from ostiary.listener.publication import Issue, Publication
from ostiary.listener.revoked import Revoked, Signer, together
from ostiary.listener.store import Store
from ostiary.listener.web import NotFetched, fetch
from ostiary.pki.disk import Unusable

_log = structlog.get_logger("ostiary.listener")

_RETRY: Final = 30.0
"""Seconds after which a list that could not be fetched is asked for again, if it is not asked for sooner anyhow."""
_AT_ONCE: Final = 8
"""Lists that are fetched at the same time."""


@dataclass(slots=True)
class FetchedLists:
    """The lists at some URLs.

    Attributes:
        urls: where they are; more may be watched while it runs.
        authorities: who may have signed them.
        refresh: seconds between two fetches, at most.
        timeout: seconds for one.
        clock: seconds since the epoch.
        lists: what they say, by authority.
        changes: how often that has changed: connections that live have to be asked again.
    """

    urls: tuple[str, ...]
    authorities: Sequence[x509.Certificate] = field(repr=False)
    refresh: float
    timeout: float
    clock: Callable[[], float] = time.time
    lists: Mapping[Signer, Revoked] = field(default_factory=dict, init=False, repr=False)
    changes: int = field(default=0, init=False)
    _kept: Store | None = field(default=None, init=False, repr=False)
    _at: dict[str, Publication] = field(default_factory=dict, init=False, repr=False)
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE), init=False, repr=False)

    def __post_init__(self) -> None:
        self._at = {url: Publication(url, tuple(self.authorities)) for url in self.urls}

    @property
    def publications(self) -> Iterable[Publication]:
        """What is watched."""
        return self._at.values()

    @property
    def ages(self) -> Mapping[str, float]:
        """Seconds since each list was fetched, by URL; those that never were are not there."""
        now = self.clock()
        return {one.url: now - one.issue.at for one in self._at.values() if one.issue is not None}

    def keep(self, kept: Store) -> None:
        """Keep on disk what is fetched from now on, and begin with what was kept."""
        self._kept = kept
        for one in self._at.values():
            self._take(one, _recall(kept, one))

    def inherit(self, previous: FetchedLists) -> None:
        """Keep what a configuration before has fetched, as far as it still counts."""
        for one in previous.publications:
            here = self._at.get(one.url)
            if here is not None:
                here.failures = one.failures
            if here is not None and one.issue is not None and (here.issue is None or here.issue.at < one.issue.at):
                with suppress(ConfigError):  # its authority is not trusted any more
                    self._take(here, here.read(one.issue.content, one.issue.at))
                    here.due, here.tried = one.due, one.tried

    def watch(self, url: str, issuer: x509.Certificate) -> Publication:
        """Return the lists at a URL, which are fetched from now on."""
        one = self._at.get(url)
        if one is None:
            one = self._at[url] = Publication(url, ())
        if issuer not in one.signers:
            one.signers += (issuer,)
            one.due, one.tried = 0.0, False
        return one

    def tick(self) -> None:
        """Begin to fetch what it is time for. To be called now and then, in the event loop."""
        loop = asyncio.get_running_loop()
        for one in self._at.values():
            if one.idle and loop.time() >= one.due:
                one.due = loop.time() + min(self.refresh, _RETRY)
                one.task = loop.create_task(self._look(one))

    def stop(self) -> None:
        """Break off what is under way."""
        for one in self._at.values():
            if one.task is not None:
                one.task.cancel()

    async def fetch(self) -> None:
        """Fetch every list. What fails is written down, and asked for again soon."""
        await asyncio.gather(*(self._look(one) for one in self._at.values()))

    async def _look(self, one: Publication) -> None:
        try:
            async with self._turn:
                if one.issue is None and self._kept is not None:
                    self._take(one, await asyncio.to_thread(_recall, self._kept, one))
                await self._fetch(one)
        except (NotFetched, ConfigError) as error:
            one.failures += 1
            _log.warning("revocation list not fetched", url=one.url, detail=str(error), age=self.ages.get(one.url))
        finally:
            one.tried = True

    async def _fetch(self, one: Publication) -> None:
        """Fetch a list.

        Raises:
            NotFetched: it cannot be had now.
            ConfigError: what came does not count.
        """
        content = await fetch(one.url, self.timeout)
        issue = await asyncio.to_thread(one.read, content, self.clock())
        self._take(one, issue)
        one.due = asyncio.get_running_loop().time() + self._pause(issue)
        if self._kept is not None:
            await asyncio.to_thread(_save, self._kept, one.url, issue)

    def _pause(self, issue: Issue) -> float:
        """Return after how many seconds it is looked again: sooner when a list says that it ends sooner."""
        left = issue.until - self.clock()
        return min(self.refresh, max(left, _RETRY)) if issue.until else self.refresh

    def _take(self, one: Publication, issue: Issue | None) -> None:
        """Let lists count."""
        if issue is None:
            return
        one.issue = issue
        says = [each.issue.says for each in self._at.values() if each.issue is not None]
        signers = {by for each in says for by in each}
        lists = {by: found for by in signers if (found := together(each.get(by) for each in says)) is not None}
        self.changes += lists != self.lists
        self.lists = lists


def _recall(kept: Store, one: Publication) -> Issue | None:
    """Return what was kept of a list; None for nothing, or for what is not to be believed."""
    try:
        found = kept.load(one.url)
        return None if found is None else one.read(*found)
    except (Unusable, ConfigError) as error:
        _log.warning("kept revocation list not used", url=one.url, detail=str(error))
        return None


def _save(kept: Store, url: str, issue: Issue) -> None:
    try:
        kept.save(url, issue.content, issue.at)
    except Unusable as error:
        _log.warning("revocation list not kept", url=url, detail=str(error))
