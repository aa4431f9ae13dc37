"""Files of others, as commands are given them: text, from a file or from standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from ostiary.cli.frame import Exit, fail


def read_text(path: Path) -> str:
    """Return the text of a file, or of standard input (`-`), without a byte order mark.

    Raises:
        Failure: it is not UTF-8.
        OSError: the file cannot be read.
    """
    octets = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        fail("not-text", "the file is not UTF-8", hint="save it as UTF-8", where=str(path), exit_code=Exit.NO)
