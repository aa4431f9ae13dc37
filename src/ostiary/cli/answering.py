"""What errors of the sealed file mean to a user, whichever room keeps its records there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeAlias

from ostiary.cli.frame import Exit, fail
from ostiary.errors import ConfigError
from ostiary.sealed.errors import Sealed, SecretError, Tampered

Said: TypeAlias = tuple[str, str, Exit]
"""A code for programs, a hint for people, an exit code."""

_SEALED: Final[dict[type[SecretError], Said]] = {
    Tampered: ("vault.tampered", "somebody changed the file, or it is damaged: restore a copy", Exit.NO),
    Sealed: ("vault.sealed", "`master_key` is the new key, `previous_master_keys` the old ones", Exit.UNKNOWN),
}


@contextmanager
def answering(room: str, says: Mapping[type[SecretError], Said]) -> Iterator[None]:
    """Turn whatever a room raises into the end of a command.

    Args:
        room: its word in codes.
        says: what its own errors mean.

    Raises:
        Failure: with a code for programs and a hint for people.
    """
    try:
        yield
    except ConfigError as error:
        message, (code, hint, exit_code) = str(error), (f"{room}.config", "", Exit.UNKNOWN)
    except SecretError as error:
        unavailable = ("vault.unavailable", "try again", Exit.UNKNOWN)
        message, (code, hint, exit_code) = str(error), {**_SEALED, **says}.get(type(error), unavailable)
    else:
        return
    fail(code, message, hint=hint, exit_code=exit_code)
