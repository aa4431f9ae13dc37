"""Files of others, as commands are given them: from a file or from standard input, and not without end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from ostiary.cli.frame import Exit, fail

LARGEST: Final = 64 << 20
"""Octets: more than any key, certificate, list or recording has, and few enough for memory to hold."""


def read_octets(path: Path | None) -> bytes:
    """Return what a file holds, or what comes on standard input (None).

    Raises:
        Failure: it is larger than `LARGEST`, or has no end: a device, or the wrong file.
        OSError: the file cannot be read.
    """
    if path is None:
        octets = sys.stdin.buffer.read(LARGEST + 1)
    else:
        with path.open("rb") as file:
            octets = file.read(LARGEST + 1)
    if len(octets) > LARGEST:
        fail("file.too-large", f"more than {LARGEST >> 20} MiB", where="<stdin>" if path is None else str(path))
    return octets


def read_text(path: Path) -> str:
    """Return the text of a file, or of standard input (`-`), without a byte order mark.

    Raises:
        Failure: it is not UTF-8, or too large.
        OSError: the file cannot be read.
    """
    octets = read_octets(None if str(path) == "-" else path)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail("not-text", "the file is not UTF-8", hint="save it as UTF-8", where=str(path), exit_code=Exit.NO)
