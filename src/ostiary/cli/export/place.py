"""Files that are written by renaming: whoever watches their folder sees the whole of them or nothing."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from ostiary.cli.frame import fail


def folder(path: Path, mode: int) -> None:
    """Make a folder, unless it is there, with these permissions; one that others may write to is refused."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    facts = path.stat()
    if facts.st_mode & 0o022 or facts.st_uid not in (os.geteuid(), 0):
        fail("export.folder", "others may write to this folder", hint=f"chmod go-w {path}", where=str(path))


def put(path: Path, content: str, mode: int) -> None:
    """Write a file with these permissions, whole: on disk first, then by renaming."""
    made = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        number = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(number, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        made.replace(path)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
