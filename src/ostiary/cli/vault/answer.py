"""What the vault's errors mean to a user."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from ostiary.cli.answering import Said, answering
from ostiary.cli.frame import Exit
from ostiary.vault.errors import AccessDenied, Destroyed, NotFound, SecretError

_SAYS: Final[dict[type[SecretError], Said]] = {
    NotFound: ("vault.not-found", "`ostiary vault list` says what is there", Exit.NO),
    Destroyed: ("vault.destroyed", "`ostiary vault put` adds a version", Exit.NO),
    AccessDenied: ("vault.disabled", "`ostiary vault enable` brings a disabled version back", Exit.NO),
}


def answers() -> AbstractContextManager[None]:
    """Turn whatever a vault raises into the end of a command."""
    return answering("vault", _SAYS)
