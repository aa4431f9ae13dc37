"""One vault of the configuration: a provider, a cache before it, and the credentials taken from it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from ostiary.config.vaults import CacheSpec, CredentialSpec
from ostiary.config.vaults.base import Start
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import CredentialSource
from ostiary.vault.branch import Branch, Members
from ostiary.vault.freshness import Policy
from ostiary.vault.identity import VaultIdentity
from ostiary.vault.needs import Needy
from ostiary.vault.record import Branching, Provider, Server
from ostiary.vault.source import VaultCredential

log = structlog.get_logger("ostiary.vault")


class Vault:
    """A vault as the gateway uses it: read only.

    Args:
        name: its name in the configuration.
        provider: how to talk to it.
        cache: how long records are used.
        start: what a credential that cannot be had at the start means, where it does not say itself.
    """

    def __init__(self, name: str, provider: Provider, cache: CacheSpec, start: Start = "lazy") -> None:
        self.name = name
        self._start = start
        self._provider = provider
        self._policy = policy_of(cache)
        self._branches: dict[str, Branch] = {}
        self._sources: list[VaultCredential] = []
        self._identities: list[VaultIdentity] = []

    def source(self, alias: str, spec: CredentialSpec) -> VaultCredential:
        """Return where an injector gets a credential from.

        Raises:
            ConfigError: this vault cannot have such a path, or such an engine.
        """
        source = self._branch(alias, spec).source(alias, self._settled(spec))
        self._sources.append(source)
        return source

    def members(self, alias: str, spec: CredentialSpec) -> Members:
        """Return where credentials of one alias come from whose path is not known yet.

        Raises:
            ConfigError: this vault cannot have such an engine.
        """
        return Members(alias, spec, self._branch(alias, spec))

    def identity(self, alias: str, spec: CredentialSpec) -> VaultIdentity:
        """Return where a certificate and its key come from.

        Raises:
            ConfigError: this vault cannot have such a path, or such an engine.
        """
        identity = self._branch(alias, spec).identity(alias, self._settled(spec))
        self._identities.append(identity)
        return identity

    @property
    def needs(self) -> frozenset[str]:
        """Aliases of the credentials, of other vaults, that it shows to its own."""
        return self._provider.needs if isinstance(self._provider, Needy) else frozenset()

    def connect(self, sources: Mapping[str, CredentialSource]) -> None:
        """Know where those come from. Before `start`."""
        if isinstance(self._provider, Needy):
            self._provider.connect(sources)

    def inherit(self, previous: Vault) -> None:
        """Begin with the records that the vault of the configuration before held, if it is the same one.

        They are asked for anew before they are used, and used on only while the vault cannot answer.
        """
        if previous._provider.origin != self._provider.origin:
            return
        self._provider.inherit(previous._provider)
        for origin, branch in self._branches.items():
            if (before := previous._branches.get(origin)) is not None:
                branch.cache.inherit(before.cache)

    @property
    def server(self) -> Server | None:
        """Whom to ask other things than records, logged in by the vault, or None when there is no such server."""
        return getattr(self._provider, "client", None)

    @property
    def login(self) -> tuple[Any, Mapping[str, Any]] | None:
        """How one is logged in there, for rooms that have a vendor's client of their own; None when there is none."""
        return getattr(self._provider, "login", None)

    @property
    def sources(self) -> tuple[VaultCredential, ...]:
        """The credentials that are taken from it."""
        return tuple(self._sources)

    @property
    def fetches(self) -> tuple[int, int, float]:
        """How many fetches gave a record, how many did not, and how many seconds all took together."""
        caches = [branch.cache for branch in self._branches.values()]
        good, bad = (sum(cache.fetches[outcome] for cache in caches) for outcome in (True, False))
        return good, bad, sum(cache.seconds for cache in caches)

    async def start(self) -> None:
        """Open the vault and fetch what is known to be wanted.

        A credential that cannot be had stops requests, not the start, unless it says `start: require`: it is
        warned of, and looked for again with each request that wants it.

        Raises:
            ConfigError: the vault can never work as configured, or a credential that is required cannot be had.
        """
        await self._provider.start()
        wanted: tuple[VaultCredential | VaultIdentity, ...] = (*self._sources, *self._identities)
        await asyncio.gather(*(self._first(one) for one in wanted))

    async def aclose(self) -> None:
        """Stop fetching, give back what was lent, and let go of the vault."""
        await asyncio.gather(*(branch.cache.aclose() for branch in self._branches.values()))
        await self._provider.aclose()

    def _settled(self, spec: CredentialSpec) -> CredentialSpec:
        return spec if spec.start is not None else spec.model_copy(update={"start": self._start})

    def _branch(self, alias: str, spec: CredentialSpec) -> Branch:
        provider = self._provider
        if isinstance(provider, Branching):
            provider = provider.branch(spec)
        elif spec.engine is not None or spec.mount is not None or spec.parameters is not None:
            raise ConfigError(f"credential {alias!r}: vault {self.name!r} has no engines, mounts or parameters")
        if provider.origin not in self._branches:
            self._branches[provider.origin] = Branch(self.name, provider, self._policy)
        return self._branches[provider.origin]

    async def _first(self, source: VaultCredential | VaultIdentity) -> None:
        try:
            await source.get()
        except CredentialUnavailable as error:
            if source.required:
                raise ConfigError(f"credential {source.alias!r} is required at the start: {error.detail}") from None
            log.warning(
                "credential missing: its routes answer 503 until it is there",
                vault=self.name,
                credential=source.alias,
                reason=str(error.reason),
                detail=error.detail,
            )


def policy_of(cache: CacheSpec) -> Policy:
    """Return what the file says of how long records are used."""
    return Policy(
        ttl=cache.ttl,
        max_stale=cache.max_stale,
        refresh_at=cache.refresh_at / 100,
        renew_at=cache.renew_at / 100,
        negative_ttl=cache.negative_ttl,
        min_refetch=cache.min_refetch,
        linger=cache.linger,
    )
