"""Files that are there whole or not at all, and copies that are believed only where nobody else can write."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


class Unusable(Exception):
    """A copy is not to be believed, or cannot be written. The text is for the log."""


class Copy(NamedTuple):
    """What a file holds.

    Attributes:
        content: its octets.
        time: its time, seconds since the epoch.
    """

    content: bytes
    time: float


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write a file in one step: it is there whole, with its mode, or it is not there.

    Raises:
        OSError: it cannot be written; a device, a pipe, a socket or a folder is not replaced by a file.
    """
    _require_file_or_nothing(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _require_file_or_nothing(path: Path) -> None:
    """Renaming replaces whatever is there: root who writes to /dev/null would take it from the whole machine."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))


def load_copy(path: Path, largest: int) -> Copy | None:
    """Return a copy, or None when there is none.

    Args:
        path: where it lies.
        largest: how many octets it may have.

    Raises:
        Unusable: there is one, and it is not to be believed: others can write it or its folder, or it is too large.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _require_ours(status)
            _require_ours(path.parent.stat())
            content = file.read(largest + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unusable(error.strerror or str(error)) from error
    if len(content) > largest:
        raise Unusable("it is too large")
    return Copy(content, status.st_mtime)


def save_copy(path: Path, content: bytes, time: float | None = None) -> None:
    """Replace a copy, for the owner only (0600); its folder is made when it is not there (0700).

    Args:
        path: where it lies.
        content: its octets.
        time: its time, seconds since the epoch; None: now.

    Raises:
        Unusable: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content, 0o600)
        if time is not None:
            os.utime(path, (time, time))
    except OSError as error:
        raise Unusable(error.strerror or str(error)) from error


def _require_ours(status: os.stat_result) -> None:
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & _OTHERS:
        raise Unusable("others can write it")
