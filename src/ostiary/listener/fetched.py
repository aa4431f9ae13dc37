"""Revocation lists by URL: fetched beside the handshakes, which never wait for one.

A list counts only when one of our authorities has signed it, and is never replaced by an older one. What was fetched
is kept until it is replaced, however long its publisher is away; whether it is still current is asked by those
who rely on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from cryptography import x509

from ostiary.config.values import FileRef
from ostiary.errors import ConfigError
from ostiary.listener.crl import issuer_of, parse
from ostiary.listener.revoked import Revoked, Signer, joined, signer
from ostiary.listener.web import NotFetched, fetch

_log = structlog.get_logger("ostiary.listener")

_RETRY: Final = 30.0
"""Seconds after which a list that could not be fetched is asked for again, if it is not asked for sooner anyhow."""


@dataclass(slots=True)
class FetchedLists:
    """The lists at some URLs.

    Attributes:
        urls: where they are.
        authorities: who may have signed them.
        refresh: seconds between two fetches.
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
    _kept: dict[str, tuple[x509.CertificateRevocationList, ...]] = field(default_factory=dict, init=False, repr=False)
    _fetched: dict[str, float] = field(default_factory=dict, init=False, repr=False)
    _due: float = field(default=0.0, init=False, repr=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False, repr=False)

    @property
    def ages(self) -> Mapping[str, float]:
        """Seconds since each list was fetched, by URL; those that never were are not there."""
        now = self.clock()
        return {url: now - at for url, at in self._fetched.items()}

    def inherit(self, previous: FetchedLists) -> None:
        """Keep what a configuration before has fetched, as far as it still counts."""
        for url in self.urls:
            if url in previous._kept:
                with suppress(ConfigError):  # its authority is not trusted any more
                    self._take(url, previous._kept[url], previous._fetched[url])

    def tick(self) -> None:
        """Begin to fetch when it is time, unless that is under way. To be called now and then, in the event loop."""
        if self._task is not None and not self._task.done():
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._due:
            self._due = loop.time() + min(self.refresh, _RETRY)
            self._task = loop.create_task(self.fetch())

    def stop(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            self._task.cancel()

    async def fetch(self) -> None:
        """Fetch every list, at the same time. What fails is written down, and asked for again soon."""
        done = await asyncio.gather(*(self._fetch(url) for url in self.urls))
        if all(done):
            self._due = asyncio.get_running_loop().time() + self.refresh

    async def _fetch(self, url: str) -> bool:
        try:
            found = tuple(parse(FileRef(url), await fetch(url, self.timeout)))
            self._take(url, found, self.clock())
        except (NotFetched, ConfigError) as error:
            _log.warning("revocation list not fetched", url=url, detail=str(error), age=self.ages.get(url))
            return False
        return True

    def _take(self, url: str, found: tuple[x509.CertificateRevocationList, ...], at: float) -> None:
        """Let lists count.

        Raises:
            ConfigError: one is not signed by one of the authorities, or older than what is there.
        """
        for crl in found:
            issuer_of(FileRef(url), crl, self.authorities)
        if _number(found) < _number(self._kept.get(url, ())):
            raise ConfigError(f"{url}: an older list than the one that was fetched before")
        self._kept[url], self._fetched[url] = found, at
        lists: dict[Signer, Revoked] = {}
        for place, kept in self._kept.items():
            for crl in kept:
                by = signer(issuer_of(FileRef(place), crl, self.authorities))
                lists[by] = joined(lists.get(by), crl)
        self.changes += lists != self.lists
        self.lists = lists


def _number(lists: Sequence[x509.CertificateRevocationList]) -> int:
    """Return the highest number of some lists (RFC 5280, section 5.2.3); -1 when there is none."""
    numbers = [-1]
    for crl in lists:
        try:
            numbers.append(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
        except x509.ExtensionNotFound:
            continue
    return max(numbers)
