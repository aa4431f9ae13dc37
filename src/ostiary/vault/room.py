"""One vault of the configuration: a provider, a cache before it, and the credentials taken from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from ostiary.config.vaults import CacheSpec, CredentialSpec
from ostiary.errors import CredentialUnavailable
from ostiary.model import CredentialSource
from ostiary.vault.cache import Cache
from ostiary.vault.freshness import Policy
from ostiary.vault.needs import Needy
from ostiary.vault.record import Provider, Server
from ostiary.vault.source import VaultCredential

log = structlog.get_logger("ostiary.vault")


class Vault:
    """A vault as the gateway uses it: read only.

    Args:
        name: its name in the configuration.
        provider: how to talk to it.
        cache: how long records are used.
    """

    def __init__(self, name: str, provider: Provider, cache: CacheSpec) -> None:
        self.name = name
        self._provider = provider
        self._cache = Cache(name, provider, Policy(ttl=cache.ttl, max_stale=cache.max_stale))
        self._sources: list[VaultCredential] = []

    def source(self, alias: str, spec: CredentialSpec) -> VaultCredential:
        """Return where an injector gets a credential from.

        Raises:
            ConfigError: this vault cannot have such a path.
        """
        self._provider.check(spec.path or alias)
        source = VaultCredential(alias, spec, self._cache)
        self._sources.append(source)
        return source

    @property
    def needs(self) -> frozenset[str]:
        """Aliases of credentials, kept in other vaults, that it is shown."""
        return self._provider.needs if isinstance(self._provider, Needy) else frozenset()

    def connect(self, sources: Mapping[str, CredentialSource]) -> None:
        """Know where those come from. Before `start`."""
        if isinstance(self._provider, Needy):
            self._provider.connect(sources)

    def inherit(self, previous: Vault) -> None:
        """Begin with the records that the vault of the configuration before held, if it is the same one.

        They are asked for anew before they are used, and used on only while the vault cannot answer.
        """
        if previous._provider.origin == self._provider.origin:
            self._provider.inherit(previous._provider)
            self._cache.inherit(previous._cache)

    @property
    def server(self) -> Server | None:
        """Whom to ask other things than records, logged in by the vault, or None when there is no such server."""
        return getattr(self._provider, "client", None)

    @property
    def sources(self) -> tuple[VaultCredential, ...]:
        """The credentials that are taken from it."""
        return tuple(self._sources)

    @property
    def fetches(self) -> tuple[int, int, float]:
        """How many fetches gave a record, how many did not, and how many seconds all took together."""
        return self._cache.fetches[True], self._cache.fetches[False], self._cache.seconds

    async def start(self) -> None:
        """Open the vault and fetch what is known to be wanted.

        A credential that cannot be had stops requests, not the start: it is warned of, and looked
        for again with each request that wants it.

        Raises:
            ConfigError: the vault can never work as configured.
        """
        await self._provider.start()
        await asyncio.gather(*(self._first(source) for source in self._sources))

    async def aclose(self) -> None:
        """Stop fetching and let go of the vault."""
        await self._cache.aclose()
        await self._provider.aclose()

    async def _first(self, source: VaultCredential) -> None:
        try:
            await source.get()
        except CredentialUnavailable as error:
            log.warning(
                "credential missing: its routes answer 503 until it is there",
                vault=self.name,
                credential=source.alias,
                reason=str(error.reason),
                detail=error.detail,
            )
