"""What the vault's errors mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ostiary.cli.frame import Exit, fail
from ostiary.errors import ConfigError
from ostiary.vault.errors import AccessDenied, Destroyed, NotFound, Sealed, SecretError, Tampered

_SAYS: Final[dict[type[SecretError], tuple[str, str, Exit]]] = {
    NotFound: ("vault.not-found", "`ostiary vault list` says what is there", Exit.NO),
    Destroyed: ("vault.destroyed", "`ostiary vault put` adds a version", Exit.NO),
    AccessDenied: ("vault.disabled", "`ostiary vault enable` brings a disabled version back", Exit.NO),
    Tampered: ("vault.tampered", "somebody changed the file, or it is damaged: restore a copy", Exit.NO),
    Sealed: ("vault.sealed", "`master_key` is the new key, `previous_master_keys` the old ones", Exit.UNKNOWN),
}


@contextmanager
def answers() -> Iterator[None]:
    """Turn whatever a vault raises into the end of a command.

    Raises:
        Failure: with a code for programs and a hint for people.
    """
    try:
        yield
    except ConfigError as error:
        message, (code, hint, exit_code) = str(error), ("vault.config", "", Exit.UNKNOWN)
    except SecretError as error:
        message = str(error)
        code, hint, exit_code = _SAYS.get(type(error), ("vault.unavailable", "try again", Exit.UNKNOWN))
    else:
        return
    fail(code, message, hint=hint, exit_code=exit_code)
