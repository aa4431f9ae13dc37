"""An issuer while it lives: its keys, and the one task that keeps them fresh.

A request whose key is known waits for nothing, whatever happens to the issuer. A request with an
unknown key id may wait for one shared fetch, which happens at most once in a cool-down. One issuer's
troubles never touch another.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from ostiary.config.schema import IssuerSpec
from ostiary.errors import ConfigError, InvalidToken, KeysUnavailable
from ostiary.jwks.freshness import Freshness, Patience
from ostiary.jwks.jwk import Key
from ostiary.jwks.keyset import KeySet
from ostiary.jwks.source import HttpSource, Source, discoverable
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.jwks")


class Issuer:
    """Whose signatures count, and with which keys.

    Args:
        name: its name in the configuration.
        spec: what the configuration says of it.
        source: where its key set comes from.
        clock: seconds, monotonic.
        chance: 0 to 1, spreads the fetches of many gateways.
    """

    def __init__(
        self,
        name: str,
        spec: IssuerSpec,
        source: Source,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.spec = spec
        self._source = source
        self._clock = clock
        self._chance = chance
        self._algorithms = frozenset[str](spec.algorithms)
        self._patience = Patience(spec.keys.refresh, spec.keys.max_stale, spec.keys.cooldown)
        self._keys = KeySet()
        self._freshness = Freshness()
        self._void_from = self._freshness.void_from(self._patience)
        self._keeper: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to keep the keys fresh. Does not wait for the issuer, and does not fail when it is down."""
        if self._keeper is None:
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

    def holds(self, key: Key) -> bool:
        """Whether that very key still counts. Asked for every request; costs two look-ups."""
        return key in self._keys.keys and self._clock() < self._void_from

    async def keys_for(self, kid: str | None, algorithm: str) -> KeySet:
        """Return the keys, among which is the one that a token's header asks for.

        Waits for nothing when that key is known; otherwise for one shared fetch, where one is due.

        Raises:
            InvalidToken: the algorithm is not accepted from this issuer, or it has no such key.
            KeysUnavailable: it cannot be known now whether it has such a key.
        """
        if algorithm not in self._algorithms:
            raise InvalidToken(f"{algorithm[:16]!r} is not accepted", reason=Reason.TOKEN_ALGORITHM_NOT_ALLOWED)
        if not self._knows(kid, algorithm):
            await self._look_again()
            if not self._knows(kid, algorithm):
                raise self._unknown(kid)
        return self._keys

    def _knows(self, kid: str | None, algorithm: str) -> bool:
        return self._clock() < self._void_from and self._keys.find(kid, algorithm) is not None

    def _unknown(self, kid: str | None) -> InvalidToken | KeysUnavailable:
        """Say that there is no such key, or, while nobody can know, that the caller should come back."""
        now = self._clock()
        unsure = self._freshness.failed is not None or self._fetching is not None
        if unsure or now >= self._void_from:
            wait = self._freshness.retry_after(self._patience, now)
            return KeysUnavailable(f"the keys of {self.name} cannot be had", retry_after=wait)
        return InvalidToken(f"{self.name} has no key {kid!r}", reason=Reason.TOKEN_KEY_UNKNOWN)

    async def _look_again(self) -> None:
        """Wait for the fetch that is running, or for the one that an unknown key id may cause now."""
        if self._fetching is None:
            now = self._clock()
            if not self._freshness.may_ask(self._patience, now):
                return
            self._freshness = self._freshness.asked_at(now)
        await asyncio.wait((self._fetch(),), timeout=self.spec.keys.timeout)

    async def _keep_fresh(self) -> None:
        while True:
            chance = self._chance()
            while (wait := self._freshness.next_fetch(self._patience, chance) - self._clock()) > 0:  # noqa: ASYNC110 - a time, not a flag
                await asyncio.sleep(wait)
            await asyncio.wait((self._fetch(),))

    def _fetch(self) -> asyncio.Task[None]:
        """Return the one fetch that is running; begin it if there is none."""
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_once(), name=f"fetch keys of {self.name}")
        return self._fetching

    async def _fetch_once(self) -> None:
        begun = self._clock()
        try:
            keys = KeySet.read(await self._source.fetch(), self._algorithms)
        except Exception as error:  # noqa: BLE001 - whatever it was: the old keys stay, and the next attempt waits
            self._freshness = self._freshness.failed_at(self._clock())
            why = f"{type(error).__name__}: {error}"
            _log.warning("key set not fetched", issuer=self.name, why=why, failures=self._freshness.failures)
        else:
            self._adopt(keys, begun)
        finally:
            self._fetching = None

    def _adopt(self, keys: KeySet, begun: float) -> None:
        previous = self._keys
        self._keys = keys.keeping(previous)
        self._freshness = self._freshness.succeeded(begun)
        self._void_from = self._freshness.void_from(self._patience)
        if self._keys.keys != previous.keys:
            _log.info("keys changed", issuer=self.name, kids=sorted(str(key.kid) for key in self._keys.keys))
        if keys.dropped != previous.dropped:
            for drop in keys.dropped:
                _log.warning("key left out", issuer=self.name, position=drop.position, kid=drop.kid, why=drop.why)


def compile_issuer(name: str, spec: IssuerSpec, folder: Path) -> Issuer:
    """Return the issuer that a block of the configuration describes. It does nothing until it is started.

    Args:
        name: its name in the configuration.
        spec: the block.
        folder: the folder of the configuration file.

    Raises:
        ConfigError: its keys could never be fetched.
    """
    if spec.jwks_url is None:
        try:
            discoverable(spec.issuer)
        except ValueError as error:
            raise ConfigError(f"issuers.{name}: `issuer` cannot be discovered, give `jwks_url`: {error}") from error
    source = HttpSource(spec.issuer, spec.jwks_url, spec.keys.timeout, _tls(name, spec, folder))
    return Issuer(name, spec, source)


def _tls(name: str, spec: IssuerSpec, folder: Path) -> ssl.SSLContext:
    if not spec.authorities:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for reference in spec.authorities:
        try:
            context.load_verify_locations(cafile=reference.below(folder))
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"issuers.{name}.authorities: {reference}: {error.strerror or error}") from error
    return context
