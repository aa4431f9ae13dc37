"""What the errors of a ring mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ostiary.cli.frame import Exit, fail
from ostiary.errors import ConfigError
from ostiary.keys.errors import KeyRefused
from ostiary.sealed.errors import Destroyed, Misconfigured, NotFound, Sealed, SecretError, Tampered

_SAYS: Final[dict[type[SecretError], tuple[str, str, Exit]]] = {
    NotFound: ("keys.not-found", "`ostiary keys generate` makes one", Exit.NO),
    Destroyed: ("keys.destroyed", "`ostiary keys rotate` adds a version", Exit.NO),
    Misconfigured: ("keys.misconfigured", "", Exit.NO),
    Tampered: ("vault.tampered", "somebody changed the file, or it is damaged: restore a copy", Exit.NO),
    Sealed: ("vault.sealed", "`master_key` is the new key, `previous_master_keys` the old ones", Exit.UNKNOWN),
}


@contextmanager
def answers() -> Iterator[None]:
    """Turn whatever a ring raises into the end of a command.

    Raises:
        Failure: with a code for programs and a hint for people.
    """
    try:
        yield
    except KeyRefused as error:
        message, (code, hint, exit_code) = str(error), ("keys.refused", error.hint, Exit.NO)
    except ConfigError as error:
        message, (code, hint, exit_code) = str(error), ("keys.config", "", Exit.UNKNOWN)
    except SecretError as error:
        message = str(error)
        code, hint, exit_code = _SAYS.get(type(error), ("vault.unavailable", "try again", Exit.UNKNOWN))
    else:
        return
    fail(code, message, hint=hint, exit_code=exit_code)
