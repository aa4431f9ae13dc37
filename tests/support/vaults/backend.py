"""What the contract suite asks of each kind of vault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.support.vaults.front import Fault, Front

from ostiary.config.vaults import CacheSpec, CredentialSpec, VaultSpec


class Backend:
    """One kind of vault, and what an operator does with it.

    Attributes:
        name: its `type`.
        against: what stands behind it in the tests; the page on vaults says the same.
        lacks: the cases that it cannot have, each with the reason.
        id, secret: names of the fields of a pair.
        outage: what makes it unavailable.
        timeout: how long the gateway waits for an answer, in seconds.
    """

    name: ClassVar[str]
    against: ClassVar[str]
    lacks: ClassVar[Mapping[str, str]] = {}
    id: ClassVar[str] = "id"
    secret: ClassVar[str] = "secret"
    outage: ClassVar[Fault] = "busy"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.front: Front | None = None
        self.timeout = 5.0

    def close(self) -> None:
        if self.front is not None:
            self.front.close()

    def spec(self, cache: CacheSpec) -> VaultSpec:
        """Return what a configuration file says of the vault."""
        raise NotImplementedError

    def others(self) -> tuple[dict[str, VaultSpec], dict[str, CredentialSpec]]:
        """Return vaults and credentials that it needs."""
        return {}, {}

    def place(self, path: str) -> str:
        """Return the path of a record, as this vault wants it."""
        return path

    def credential(self, path: str, **options: Any) -> CredentialSpec:
        return CredentialSpec(
            **{
                "vault": "tested",
                "path": self.place(path),
                "id": self.id,
                "secret": self.secret,
                **options,
            }
        )

    def pinned(self, path: str, version: str) -> CredentialSpec:
        """Return a credential of which one version is wanted."""
        return self.credential(path, version=int(version))

    def put(self, path: str, name: str, secret: str | bytes) -> None:
        """Write a record, or another version of it."""
        raise NotImplementedError

    def delete(self, path: str) -> None:
        raise NotImplementedError

    def deny(self, path: str) -> None:
        """Keep the gateway from a record that is there."""
        raise NotImplementedError

    def fail(self, fault: Fault | None) -> None:
        """Let everything go wrong in one way, or nothing any more."""
        assert self.front is not None
        self.front.fault = fault

    def questions(self) -> int:
        """Return how often the vault was asked for something."""
        assert self.front is not None
        return len(self.front.asked)
