"""What the errors of a ring mean to a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ostiary.cli.answering import Said, answering
from ostiary.cli.frame import Exit, fail
from ostiary.keys.errors import KeyRefused
from ostiary.sealed.errors import Destroyed, Misconfigured, NotFound, SecretError

_SAYS: Final[dict[type[SecretError], Said]] = {
    NotFound: ("keys.not-found", "`ostiary keys generate` makes one", Exit.NO),
    Destroyed: ("keys.destroyed", "`ostiary keys rotate` adds a version", Exit.NO),
    Misconfigured: ("keys.misconfigured", "", Exit.NO),
}


@contextmanager
def answers() -> Iterator[None]:
    """Turn whatever a ring raises into the end of a command.

    Raises:
        Failure: with a code for programs and a hint for people.
    """
    try:
        with answering("keys", _SAYS):
            yield
    except KeyRefused as error:
        refused = error
    else:
        return
    fail("keys.refused", str(refused), hint=refused.hint, exit_code=Exit.NO)
