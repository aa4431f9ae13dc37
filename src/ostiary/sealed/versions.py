"""The versions of a record, and which of them counts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from ostiary.sealed.errors import AccessDenied, Destroyed, NotFound


class VersionState(Enum):
    """Whether a version may be used."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record, still sealed.

    Attributes:
        path: the record.
        number: 1 for the first.
        kind: what it holds: "credential" or "key".
        state: whether it may be used.
        key: number of the data key that it is sealed with.
        sealed: nonce and ciphertext; None when it was destroyed.
        created: seconds since the epoch.
    """

    path: str
    number: int
    kind: str
    state: VersionState
    key: int
    sealed: bytes | None = field(repr=False)
    created: int

    @property
    def facts(self) -> tuple[str | int | None, ...]:
        """What the ledger vouches for."""
        sealed = None if self.sealed is None else hashlib.sha256(self.sealed).hexdigest()
        return (self.path, self.number, self.kind, self.state.value, self.key, sealed, self.created)


def choose(path: str, versions: Sequence[Version], pinned: int | None) -> Version:
    """Return the version that counts: the pinned one, or the newest that is enabled.

    Raises:
        NotFound: there is none.
        Destroyed: it was destroyed; without a pin: all of them were.
        AccessDenied: it is disabled.
    """
    asked = [version for version in versions if pinned in (None, version.number)]
    name = path if pinned is None else f"{path} version {pinned}"
    if not asked:
        raise NotFound(f"there is no {name}")
    usable = [version for version in asked if version.state is VersionState.ENABLED]
    if usable:
        return max(usable, key=lambda version: version.number)
    if all(version.state is VersionState.DESTROYED for version in asked):
        raise Destroyed(f"{name} was destroyed")
    raise AccessDenied(f"{name} is disabled")
