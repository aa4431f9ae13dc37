"""What the admin pages look at: what is in use now, and what was counted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from ostiary.authn.verified import VerifiedTokens
from ostiary.authz.shadow import ShadowRule
from ostiary.config.loaded import Loaded
from ostiary.jwks import Issuer
from ostiary.keys import Publication, Ring
from ostiary.listener.fetched import FetchedLists
from ostiary.listener.forwarded import Forwarded
from ostiary.listener.responder import Responder
from ostiary.listener.tls import ServerTls
from ostiary.oauth import CallerTokens, ClientToken, ExchangedTokens
from ostiary.observe.access import AccessLog
from ostiary.observe.lag import Lag
from ostiary.observe.lifecycle import Lifecycle
from ostiary.observe.metrics import Metrics
from ostiary.shared import Link, Revocations
from ostiary.upstream import AnyPool
from ostiary.vault import Vault

State: TypeAlias = Literal["starting", "ready", "draining"]


class Place(Protocol):
    """What the configuration says of a listener."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def tls(self) -> ServerTls | None:
        """Its TLS, or None."""

    @property
    def forwarded(self) -> Forwarded | None:
        """How a proxy in front tells the caller's certificate, or None."""

    @property
    def lists(self) -> Sequence[FetchedLists]:
        """The revocation lists that are fetched while it listens."""

    @property
    def responder(self) -> Responder | None:
        """Who is asked whether certificates are revoked, or None."""


class Open(Protocol):
    """A listener, as far as it is looked at."""

    @property
    def place(self) -> Place:
        """What the configuration says of it."""

    @property
    def connections(self) -> int:
        """How many connections live."""

    @property
    def refused(self) -> int:
        """How many connections were beyond a limit."""

    def under_way(self) -> Sequence[object]:
        """Return the requests under way."""


class Compiled(Protocol):
    """A compiled configuration, as far as it is looked at."""

    @property
    def loaded(self) -> Loaded | None:
        """The file that it was compiled from."""

    @property
    def parts(self) -> Sequence[object]:
        """Issuers, vaults, upstreams, and whatever else has a lifetime."""

    @property
    def tokens(self) -> Sequence[VerifiedTokens]:
        """The memories of verified tokens."""

    @property
    def shadows(self) -> Sequence[tuple[str, ShadowRule]]:
        """The conditions that are tried out, each with its route's name."""


class Serving(Protocol):
    """What serves: a gateway and its listeners. A reload exchanges both."""

    @property
    def gateway(self) -> Compiled:
        """Where new requests go."""

    @property
    def listeners(self) -> Mapping[str, Open]:
        """Where callers come in."""


@dataclass(slots=True)
class View:
    """What is looked at.

    Attributes:
        serving: what serves.
        life: whether it does, or ends.
        metrics, access, lag: what was counted and measured.
        own: the admin listener itself, once it is open.
        started: when the process began, seconds since the epoch.
    """

    serving: Serving
    life: Lifecycle
    metrics: Metrics
    access: AccessLog
    lag: Lag = field(default_factory=Lag)
    own: tuple[Open, ...] = ()
    started: float = field(default_factory=time.time)

    @property
    def loaded(self) -> Loaded:
        """The configuration file in use."""
        loaded = self.serving.gateway.loaded
        assert loaded is not None  # noqa: S101 - what serves was compiled from a file
        return loaded

    @property
    def state(self) -> State:
        """Whether requests may be sent here."""
        return "draining" if self.life.draining else "ready" if self.life.ready else "starting"

    @property
    def listeners(self) -> list[Open]:
        """Every listener, the admin's own last."""
        return [*self.serving.listeners.values(), *self.own]

    @property
    def tokens(self) -> Sequence[VerifiedTokens]:
        """The memories of verified tokens."""
        return self.serving.gateway.tokens

    @property
    def issuers(self) -> list[Issuer]:
        """The issuers in use."""
        return [part for part in self.serving.gateway.parts if isinstance(part, Issuer)]

    @property
    def vaults(self) -> list[Vault]:
        """The vaults in use."""
        return [part for part in self.serving.gateway.parts if isinstance(part, Vault)]

    @property
    def own_tokens(self) -> list[ClientToken]:
        """The tokens that issuers give the gateway."""
        return [part for part in self.serving.gateway.parts if isinstance(part, ClientToken)]

    @property
    def exchanged_tokens(self) -> list[ExchangedTokens]:
        """Where callers' tokens are exchanged."""
        return [part for part in self.serving.gateway.parts if isinstance(part, ExchangedTokens)]

    @property
    def caller_tokens(self) -> list[CallerTokens]:
        """The tokens that issuers give to clients of callers."""
        return [part for part in self.serving.gateway.parts if isinstance(part, CallerTokens)]

    @property
    def rings(self) -> Sequence[Ring]:
        """The keys that we sign with."""
        return [part for part in self.serving.gateway.parts if isinstance(part, Ring)]

    @property
    def links(self) -> Sequence[Link]:
        """The line to Redis, if there is one."""
        return [part for part in self.serving.gateway.parts if isinstance(part, Link)]

    @property
    def revocations(self) -> Sequence[Revocations]:
        """The copy of what is revoked together, if there is one."""
        return [part for part in self.serving.gateway.parts if isinstance(part, Revocations)]

    @property
    def publication(self) -> Publication | None:
        """What is published of our keys, if they are."""
        return next((part for part in self.serving.gateway.parts if isinstance(part, Publication)), None)

    @property
    def upstreams(self) -> list[AnyPool]:
        """The upstreams in use."""
        return [part for part in self.serving.gateway.parts if isinstance(part, AnyPool)]


@dataclass(slots=True)
class Nothing:
    """A gateway with nothing in it."""

    loaded: Loaded
    parts: tuple[object, ...] = ()
    tokens: tuple[VerifiedTokens, ...] = ()
    shadows: tuple[tuple[str, ShadowRule], ...] = ()


@dataclass(slots=True)
class Idle:
    """What serves nobody."""

    gateway: Nothing
    listeners: Mapping[str, Open] = field(default_factory=dict)
