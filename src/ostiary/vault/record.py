"""What comes out of a vault, and what a vault must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

from ostiary.config.vaults import CredentialSpec
from ostiary.model import Secret


@dataclass(frozen=True, slots=True)
class Lease:
    """What the vault lends until it is given back: it can be renewed, up to a longest life.

    Attributes:
        id: the vault's name for it.
        lasts: seconds that were granted in the first place.
        renewable: whether it can be renewed.
        login: which of our logins it belongs to; it ends with that.
    """

    id: str = field(repr=False)
    lasts: float
    renewable: bool
    login: int = 0


@dataclass(frozen=True, slots=True)
class SecretRecord:
    """One version of a record: whole, so that a pair of user name and password never tears.

    Attributes:
        fields: the fields that are text, by name.
        version: the vault's own name for the version; compared for equality only.
        fetched_at: when it was asked for, seconds on the monotonic clock.
        not_after: when it dies, seconds on the monotonic clock, or None when it has no known end.
        changes_at: when the vault will have another version, seconds on the monotonic clock, or None.
        made: whether the vault makes another one each time it is asked (a database user, a certificate):
            then it is used for its whole life, and not asked for again by `ttl`.
        lease: what must be renewed and given back, or None.
    """

    fields: Mapping[str, Secret]
    version: str
    fetched_at: float
    not_after: float | None = None
    changes_at: float | None = None
    made: bool = False
    lease: Lease | None = None


class Provider(Protocol):
    """One kind of vault: talks to it, keeps nothing."""

    @property
    def origin(self) -> str:
        """Where its records are, in words: what two configurations must have in common to mean the same vault."""

    def inherit(self, previous: Self) -> None:
        """Know what the provider of the configuration before knew of the same vault. Before `start`."""

    async def start(self) -> None:
        """Open what must be open.

        Raises:
            ConfigError: it can never work as configured.
        """

    async def aclose(self) -> None:
        """Let go of everything."""

    def check(self, path: str) -> None:
        """Refuse a path that this vault cannot have.

        Raises:
            ConfigError: the path is not usable.
        """

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        """Return the record, its newest usable version or the one asked for.

        Raises:
            SecretError: why not.
        """

    def changed(self) -> bool:
        """Whether something was written since the last call, as far as that can be seen in microseconds."""


@runtime_checkable
class Lender(Protocol):
    """A provider whose records are lent."""

    async def renew(self, record: SecretRecord) -> SecretRecord:
        """Return the record with a longer life.

        Raises:
            Unavailable: not now.
            SecretError: the lease is no more, or belongs to a login that is no more.
        """

    async def revoke(self, record: SecretRecord) -> None:
        """Give a record back.

        Raises:
            SecretError: the vault did not take it.
        """


@runtime_checkable
class Branching(Protocol):
    """A provider with several engines behind one login."""

    def branch(self, spec: CredentialSpec) -> Provider:
        """Return the provider of the engine that a credential comes from: the same one for the same engine.

        Raises:
            ConfigError: there is no such engine, or it cannot be used like that.
        """


class Server(Protocol):
    """What stands behind a vault, for rooms that ask it other things than records."""

    async def ask(
        self, method: str, path: str, body: Mapping[str, Secret | str | int] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Ask as somebody who is logged in; return the status and the object of an answer that is about the question.

        Raises:
            CredentialUnavailable: it cannot answer now, or does not let us in.
        """
