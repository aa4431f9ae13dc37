"""An issuer while it lives: its keys, and the one task that keeps them fresh.

A request whose key is known waits for nothing, whatever happens to the issuer. A request with an
unknown key id may wait for one shared fetch, which happens at most once in a cool-down, and ever more seldom
while it brings nothing. One issuer's troubles never touch another.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import structlog

from ostiary.config.schema import IssuerSpec
from ostiary.errors import InvalidToken, KeysUnavailable
from ostiary.jwks.facts import KeyFacts, Tally
from ostiary.jwks.formats import Form
from ostiary.jwks.freshness import Freshness, Patience
from ostiary.jwks.jwk import Key
from ostiary.jwks.keyset import KeySet
from ostiary.jwks.source import Document, FetchError, Nowhere, Source
from ostiary.jwks.store import Copy, Store
from ostiary.pki.disk import Unusable
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.jwks")


class Issuer:
    """Whose signatures count, and with which keys.

    Args:
        name: its name in the configuration.
        spec: what the configuration says of it, its preset applied.
        source: where its key set comes from.
        form: what the document may be.
        store: where the last good document is kept on disk, if it is.
        clock: seconds, monotonic.
        wall: epoch seconds, for the age of what is on disk and the dates of certificates.
        chance: 0 to 1, spreads the fetches of many gateways.
    """

    def __init__(
        self,
        name: str,
        spec: IssuerSpec,
        source: Source,
        *,
        form: Form = "jwks",
        store: Store | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.spec = spec
        self._source = source
        self._form = form
        self._store = store
        self._clock = clock
        self._wall = wall
        self._chance = chance
        self._algorithms = frozenset[str](spec.algorithms)
        kept = spec.keys
        self._patience = Patience(kept.refresh, kept.max_stale, kept.cooldown, min(kept.refresh_least, kept.refresh))
        self._keys = KeySet()
        self._document = Document(None)
        self._freshness = Freshness()
        self._void_from = self._freshness.void_from(self._patience)
        self._tally = Tally()
        self._keeper: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep the keys fresh. Does not wait for the issuer, and does not fail when it is down."""
        if self._keeper is None:
            self.recall()
            self._fetch()
            self._keeper = asyncio.create_task(self._keep_fresh(), name=f"keys of {self.name}")

    async def aclose(self) -> None:
        """Stop, and let go of connections."""
        tasks = [task for task in (self._keeper, self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._keeper = self._fetching = None
        await self._source.aclose()

    def inherit(self, previous: Issuer) -> None:
        """Begin with what the issuer of the configuration before knows, if its keys come from the same place."""
        if previous._source.origin != self._source.origin or previous._document.content is None:
            return
        fetched = previous._freshness.fetched
        if fetched is not None:
            self._begin_with(previous._document, fetched, previous._keys)

    def stay_offline(self) -> None:
        """Ask nobody, whatever happens; what is on disk is all there is. Before `start`, and in place of it."""
        self._source = Nowhere(self._source.origin)
        self.recall()

    def facts(self) -> KeyFacts:
        """Return what is to be known of its keys now: for metrics, health and status."""
        return self._tally.facts(self._keys, self._freshness, self._patience, self._clock())

    def holds(self, key: Key) -> bool:
        """Whether that very key still counts. Asked for every request; costs two look-ups."""
        return key in self._keys.keys and self._clock() < self._void_from

    async def keys_for(self, kid: str | None, algorithm: str, issued: float | None = None) -> KeySet:
        """Return the keys, among which is the one that a token's header asks for.

        Waits for nothing when that key is known; otherwise for one shared fetch, where one is due.

        Args:
            kid: as the header says.
            algorithm: as the header says.
            issued: when the token says that it was issued, epoch seconds, unverified; or None.

        Raises:
            InvalidToken: the algorithm is not accepted from this issuer, or it has no such key.
            KeysUnavailable: it cannot be known now whether it has such a key.
        """
        if algorithm not in self._algorithms:
            raise InvalidToken(f"{algorithm[:16]!r} is not accepted", reason=Reason.TOKEN_ALGORITHM_NOT_ALLOWED)
        if not self._knows(kid, algorithm):
            await self._look_again(kid, algorithm)
            if not self._knows(kid, algorithm):
                raise self._unknown(kid, issued)
        return self._keys

    def _knows(self, kid: str | None, algorithm: str) -> bool:
        return self._clock() < self._void_from and self._keys.find(kid, algorithm) is not None

    def _unknown(self, kid: str | None, issued: float | None) -> InvalidToken | KeysUnavailable:
        """Say that there is no such key, or, while nobody can know, that the caller should come back.

        Nobody can know while the issuer does not answer; nor of a token that is younger than the key set, when
        the cool-down keeps us from asking again: its key may be a new one.
        """
        now = self._clock()
        unsure = self._freshness.failed is not None or self._fetching is not None
        if unsure or now >= self._void_from:
            wait = self._freshness.retry_after(self._patience, now)
            return KeysUnavailable(f"the keys of {self.name} cannot be had", retry_after=wait)
        if self._may_be_new(issued, now):
            wait = self._freshness.ask_after(self._patience, now)
            return KeysUnavailable(f"{self.name} was asked for its keys a moment ago", retry_after=wait)
        self._tally.unknown += 1
        return InvalidToken(f"{self.name} has no key {kid!r}", reason=Reason.TOKEN_KEY_UNKNOWN)

    def _may_be_new(self, issued: float | None, now: float) -> bool:
        if issued is None or self._freshness.fetched is None or self._freshness.may_ask(self._patience, now):
            return False
        wall = self._wall()
        return wall - (now - self._freshness.fetched) < issued <= wall + self.spec.leeway

    async def _look_again(self, kid: str | None, algorithm: str) -> None:
        """Wait for the fetch that is running, and where that began too early, for one that begins now.

        What was asked for before a token came may lack the token's key, so it is not the last word; an unknown
        key id may cause a fetch of its own, once in a cool-down, which everybody shares who is waiting.
        """
        begun, running = self._tally.fetches, self._fetching
        if running is not None:
            await self._wait(running)
            if self._knows(kid, algorithm) or not running.done():
                return
        if self._tally.fetches == begun:  # none since
            if not self._freshness.may_ask(self._patience, self._clock()):
                return
            self._freshness = self._freshness.asked_at(self._patience, self._clock())
            self._fetch()
        if self._fetching is not None:
            await self._wait(self._fetching)

    async def _wait(self, fetch: asyncio.Task[None]) -> None:
        await asyncio.wait((fetch,), timeout=self.spec.keys.timeout)

    async def _keep_fresh(self) -> None:
        while True:
            chance = self._chance()
            while (wait := self._freshness.next_fetch(self._patience, chance) - self._clock()) > 0:  # noqa: ASYNC110 - a time, not a flag
                await asyncio.sleep(wait)
            await asyncio.wait((self._fetch(),))

    def _fetch(self) -> asyncio.Task[None]:
        """Return the one fetch that is running; begin it if there is none."""
        if self._fetching is None:
            self._tally.fetches += 1
            self._fetching = asyncio.create_task(self._fetch_once(self._clock()), name=f"fetch keys of {self.name}")
        return self._fetching

    async def _fetch_once(self, begun: float) -> None:
        try:
            document = self._whole(await self._source.fetch(self._document.validator))
            keys = self._read(document)
        except Exception as error:  # noqa: BLE001 - whatever it was: the old keys stay, and the next attempt waits
            self._freshness = self._freshness.failed_at(self._clock())
            why = f"{type(error).__name__}: {error}"
            self._tally.failed(why)
            _log.warning("key set not fetched", issuer=self.name, why=why, failures=self._freshness.failures)
        else:
            self._adopt(keys, document, begun)
            await self._remember(document)
        finally:
            self._tally.seconds += self._clock() - begun
            self._fetching = None

    def _whole(self, document: Document) -> Document:
        """Return a document with its content, also where the source says that it is the one we have."""
        if document.content is not None:
            return document
        if self._document.content is None:
            raise FetchError("nothing has changed, and nothing was there")
        return Document(self._document.content, document.validator, document.lifetime)

    def _read(self, document: Document) -> KeySet:
        return KeySet.read(document.content or b"", self._algorithms, self._form, self._wall())

    def _adopt(self, keys: KeySet, document: Document, begun: float, told: KeySet | None = None) -> None:
        """Use these keys from now on; the log is told what is new beside what it was told last (`told`)."""
        previous = self._keys
        told = told or previous
        self._keys = keys.keeping(previous)
        self._document = document
        self._freshness = self._freshness.succeeded(begun, document.lifetime)
        self._void_from = self._freshness.void_from(self._patience)
        if self._keys.keys - previous.keys:
            self._freshness = self._freshness.rewarded()
        if self._keys.identities != told.identities:
            _log.info("keys changed", issuer=self.name, kids=sorted(str(key.kid) for key in self._keys.keys))
        if keys.dropped != told.dropped:
            for drop in keys.dropped:
                _log.warning("key left out", issuer=self.name, position=drop.position, kid=drop.kid, why=drop.why)

    def recall(self) -> None:
        """Begin with what is on disk, as old as it is. It never delays the first fetch."""
        if self._store is None or self._document.content is not None:
            return
        try:
            copy = self._store.load()
        except Unusable as error:
            _log.warning("stored key set not used", issuer=self.name, why=str(error), file=str(self._store.path))
            return
        if copy is not None:
            age = self._wall() - copy.fetched
            if age >= 0:  # what was fetched tomorrow was written by another clock
                self._begin_with(copy.document, self._clock() - age)

    def _begin_with(self, document: Document, fetched: float, told: KeySet | None = None) -> None:
        try:
            keys = self._read(document)
        except ValueError as error:
            _log.warning("stored key set not used", issuer=self.name, why=str(error))
            return
        if self._clock() < Freshness(fetched=fetched).void_from(self._patience):
            self._adopt(keys, document, fetched, told)

    async def _remember(self, document: Document) -> None:
        if self._store is None:
            return
        copy = Copy(document, self._wall())
        try:
            await asyncio.to_thread(self._store.save, copy)
        except Unusable as error:
            _log.warning("key set not stored", issuer=self.name, why=str(error), file=str(self._store.path))
