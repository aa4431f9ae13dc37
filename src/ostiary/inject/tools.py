"""What injectors need beside credentials: tokens that issuers give, kept for all routes that want the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar, cast

from ostiary.config.oauth import ClientCredentialsSpec, TokenExchangeSpec, TokenSpec
from ostiary.config.schema import UpstreamSpec
from ostiary.config.sigv4 import SigV4Spec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.inject.encoded import Each
from ostiary.inject.sigv4 import Scope, SigV4Injector
from ostiary.model import CredentialSource, KeySource, SigningKey, fold
from ostiary.oauth import (
    CallerTokens,
    ClientToken,
    ExchangedTokens,
    compile_caller_tokens,
    compile_exchange,
    compile_token,
)
from ostiary.oauth.client import Around, Showing
from ostiary.oauth.each import Records

Asked = TypeVar("Asked", bound=TokenSpec)
Tokens = TypeVar("Tokens", ClientToken, ExchangedTokens, CallerTokens)
_NONE: Final[Mapping[str, CredentialSource]] = MappingProxyType({})
_KEYS: Final[Mapping[str, KeySource]] = MappingProxyType({})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tools:
    """What injectors are compiled from, beside their own block.

    Attributes:
        credentials: credentials that are the same for all callers, by alias.
        folder: the folder of the configuration file.
        origins: what the file says of each credential, by alias: what was obtained with one is of no use to another.
        keys: what signs, by alias.
        shown: certificates that may be shown, by name; None when nothing will be sent.
        host: what the upstream of the route is sent as Host, by endpoint; None for what the caller sent.
        made: the tokens that were compiled already, by what their blocks say. They have a lifetime.
    """

    credentials: Mapping[str, CredentialSource] = field(default_factory=lambda: _NONE)
    folder: Path = Path()
    origins: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    keys: Mapping[str, KeySource] = field(default_factory=lambda: _KEYS)
    shown: Mapping[str, Showing] | None = None
    host: tuple[bytes, ...] | None = None
    made: dict[str, ClientToken | ExchangedTokens | CallerTokens] = field(
        default_factory=dict, compare=False, repr=False
    )

    def token(self, spec: ClientCredentialsSpec) -> ClientToken:
        """Return the gateway's own token. Routes whose blocks say the same share it.

        Raises:
            ConfigError: a credential is not defined, or a file cannot be read.
        """
        return self._shared(spec, compile_token)

    def tokens_of_clients(self, spec: ClientCredentialsSpec, records: Records) -> CallerTokens:
        """Return the gateway's tokens where each caller has a client of its own. Routes that say the same share them.

        Raises:
            ConfigError: a file cannot be read, or the client is not one of a caller's.
        """
        return self._shared(spec, lambda name, same, around: compile_caller_tokens(name, same, around, records))

    def exchange(self, spec: TokenExchangeSpec) -> ExchangedTokens:
        """Return the tokens in exchange for those of callers. Routes whose blocks say the same share them.

        Raises:
            ConfigError: a credential is not defined, or a file cannot be read.
        """
        return self._shared(spec, compile_exchange)

    def signer(self, spec: SigV4Spec, find: Callable[[str], CredentialSource | Each]) -> SigV4Injector:
        """Return what signs for AWS; `find` finds a credential.

        Raises:
            ConfigError: a credential is not defined, or the Host is not known.
        """
        if self.host is not None and len(self.host) != 1:
            raise ConfigError("sigv4: the upstream has several endpoints, so Host is not known when it is signed")
        return SigV4Injector(
            credential=find(spec.credential),
            session=None if spec.session_token is None else find(spec.session_token),
            scope=Scope(spec.region, spec.service),
            host=None if self.host is None else self.host[0],
            unsigned=spec.payload == "unsigned",
            passing=frozenset(fold(name.encode()) for name in spec.headers),
        )

    def credential(self, alias: str) -> CredentialSource:
        """Return a credential that is the same for all callers.

        Raises:
            ConfigError: there is none of that name.
        """
        if alias not in self.credentials:
            raise ConfigError(f"there is no credential {alias!r} that is the same for all callers")
        return self.credentials[alias]

    def key(self, alias: str) -> KeySource:
        """Return a key that signs.

        Raises:
            ConfigError: there is none of that name.
        """
        if alias not in self.keys:
            raise ConfigError(f"there is no key {alias!r}; there are: {', '.join(sorted(self.keys)) or 'none'}")
        return self.keys[alias]

    def towards(self, upstream: UpstreamSpec) -> Tools:
        """Return the same, for routes to an upstream."""
        if upstream.host == "preserve":
            return self
        if upstream.host != "endpoint":
            return replace(self, host=(upstream.host.encode(),))
        return replace(self, host=tuple(str(one).partition("://")[2].encode() for one in upstream.endpoints))

    @property
    def _around(self) -> Around:
        return Around(self.credentials, self.folder, self.keys, self.shown)

    def _shared(self, spec: Asked, make: Callable[[str, Asked, Around], Tokens]) -> Tokens:
        """Return what a block describes, made once; the kind of the block is part of its name."""
        name = self._name(spec)
        if name not in self.made:
            self.made[name] = make(name, spec, self._around)
        return cast("Tokens", self.made[name])

    def _name(self, spec: TokenSpec) -> str:
        """Return what a token is kept under: all that it depends on, so that another configuration has another."""
        client = spec.client.value
        said = [type(spec).__name__, spec.model_dump_json(), self.origins.get(getattr(client, "credential", ""), "")]
        if spec.client.certificate is not None and spec.client.certificate.certificate is not None:
            said += [_digest(spec.client.certificate.certificate.below(self.folder))]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""  # whoever reads it next says what is wrong


class Withheld:
    """A key that does not sign, because nothing is sent."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def current(self) -> SigningKey | None:
        """Return None: it is not known."""
        return None

    async def get(self) -> SigningKey:
        """Raise CredentialUnavailable."""
        raise self._silence()

    async def jwks(self) -> list[dict[str, str]]:
        """Raise CredentialUnavailable."""
        raise self._silence()

    def _silence(self) -> CredentialUnavailable:
        return CredentialUnavailable(f"the key {self.alias} is not asked for")


def withheld(aliases: Iterable[str]) -> dict[str, Withheld]:
    """Return keys that do not sign."""
    return {alias: Withheld(alias) for alias in aliases}
