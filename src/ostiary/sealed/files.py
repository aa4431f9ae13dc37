"""Who may touch the file: checks before a vault is opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ostiary.errors import ConfigError


def check_file(path: Path) -> None:
    """Refuse a vault that others can read or replace.

    Raises:
        ConfigError: it is not there, is not a plain file, belongs to somebody else, or is open to others.
    """
    try:
        facts = path.lstat()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; `ostiary vault put` makes a vault") from error
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError(f"{path}: a vault is a plain file")
    _check_owner(path, facts)
    if facts.st_mode & 0o077:
        raise ConfigError(f"{path}: others may read it; chmod 600 {path}")
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Refuse a folder in which others could put another file in the vault's place.

    Raises:
        ConfigError: it is not there, belongs to somebody else, or others may write to it.
    """
    try:
        facts = folder.stat()
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}") from error
    _check_owner(folder, facts)
    if facts.st_mode & 0o022:
        raise ConfigError(f"{folder}: others may write to it; chmod go-w {folder}")


def create(path: Path) -> None:
    """Make an empty file that only we can read, and its folder, unless they are there.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        check_folder(path.parent)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    check_file(path)


def _check_owner(path: Path, facts: os.stat_result) -> None:
    if facts.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"{path}: it belongs to another user (uid {facts.st_uid})")
