"""Standard streams that are closed, full, or write less than Unicode."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Final

_STDERR: Final = 2


def mend() -> None:
    """Put nothing in the place of standard streams that are closed; let every text be written somehow.

    Without that, the first file that is opened would become standard output, and a vault could be written to.
    What the encoding of a stream lacks is written as a number.
    """
    if _filled(0, os.O_RDONLY):
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as long as we live
    if _filled(1, os.O_WRONLY):
        sys.stdout = _written(1)
    if _filled(_STDERR, os.O_WRONLY):
        sys.stderr = _written(_STDERR)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def give_up(descriptor: int) -> None:
    """Let a stream that cannot be written lead nowhere: what is left of it must not be complained of at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def told(*lines: str) -> None:
    """Write lines on stderr, if there is anybody to read them."""
    with suppress(OSError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)


def _filled(descriptor: int, flags: int) -> bool:
    """Open nothing in the place of a descriptor that is closed, whose lower ones are open. Return whether it was."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, flags)  # the lowest number that is free
        os.set_inheritable(descriptor, True)
        return True
    return False


def _written(descriptor: int) -> io.TextIOWrapper:
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
