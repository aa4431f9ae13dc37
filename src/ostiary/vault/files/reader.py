"""Read one record of a folder, whole.

A record is a file, or a folder with a file for each field. Every step is taken through the folder that
was opened before it, and a folder with `..data` in it is a volume of Kubernetes: the kubelet writes a
new folder beside the old one and moves the link `..data` over, so one open folder is one version.
Elsewhere what was read is compared with what is there afterwards, and read again until the two agree.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ostiary.model import Secret
from ostiary.vault.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable
from ostiary.vault.fields import Fields, Format, fields_of, without_newline
from ostiary.vault.names import segments

LARGEST: Final = 1 << 20  # octets of a file
MOST: Final = 256  # files of a record
TRIES: Final = 5  # times that a record is read while somebody writes it
DATA: Final = "..data"
FORMATS: Final[dict[str, Format]] = {".json": "json", ".yaml": "yaml", ".yml": "yaml", ".env": "dotenv"}

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY  # a pipe must not hold us up
_GONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ESTALE)

Facts = tuple[str, int, int, int, int]
"""Of one file: name, inode, size, and when its content and its node were written."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: the fields, and a name for the version."""

    fields: Fields
    version: str


class Walk(ExitStack):
    """Folders that are opened one through the other, and closed together.

    Args:
        seen: told of each of them, by an open descriptor.
    """

    def __init__(self, seen: Callable[[int], None]) -> None:
        super().__init__()
        self._seen = seen
        self._volumes: list[tuple[int, int]] = []

    def enter(self, above: int | None, name: str) -> int:
        """Open a folder; in a volume of Kubernetes, the version of it that is current."""
        here = self._open(above, name)
        self._seen(here)
        try:
            data = self._open(here, DATA)
        except OSError as error:
            if error.errno in _GONE:
                return here
            raise
        self._volumes.append((here, data))
        return data

    def current(self) -> bool:
        """Whether the versions of volumes that were opened still are current: the kubelet empties older ones."""
        return all(os.stat(DATA, dir_fd=here).st_ino == os.fstat(data).st_ino for here, data in self._volumes)

    def _open(self, above: int | None, name: str) -> int:
        handle = os.open(name, _FOLDER, dir_fd=above)
        self.callback(os.close, handle)
        return handle


@dataclass(slots=True)
class Reader:
    """Reads the records of one folder.

    Attributes:
        root: the folder.
        others: whether files that others can read are accepted.
        seen: told of every folder that is walked through, by an open descriptor; for a watch.
    """

    root: Path
    others: bool = False
    seen: Callable[[int], None] = field(default=lambda _: None)

    def read(self, path: str) -> Found:
        """Return a record. Blocks.

        Raises:
            SecretError: why not.
        """
        refusal: SecretError = Unavailable("the files are written faster than they can be read")
        for _ in range(TRIES):
            try:
                found = self._once(path)
            except OSError as error:
                refusal = _refusal(error)
                if not isinstance(refusal, NotFound):  # what is not there may just have been replaced
                    break
                continue
            if found is not None:
                return found
        if isinstance(refusal, NotFound) and not self.root.is_dir():
            refusal = Unavailable("the folder itself is not there")
        raise refusal

    def _once(self, path: str) -> Found | None:
        """Return a record; None when it was written to meanwhile."""
        *folders, name = segments(path)
        with Walk(self.seen) as walk:
            here = walk.enter(None, str(self.root))
            for folder in folders:
                here = walk.enter(here, folder)
            if stat.S_ISDIR(os.stat(name, dir_fd=here).st_mode):
                found = self._folder(walk.enter(here, name))
            else:
                found = self._file(here, name)
            return found if walk.current() else None

    def _file(self, folder: int, name: str) -> Found | None:
        octets, facts = self._octets(folder, name)
        if facts != _facts(name, os.stat(name, dir_fd=folder)):
            return None
        form = FORMATS.get(Path(name).suffix.lower(), "value")
        return Found(fields_of(without_newline(octets) if form == "value" else octets, form), _version([facts]))

    def _folder(self, folder: int) -> Found | None:
        read = {name: self._octets(folder, name) for name in _names(folder)}
        facts = [one for _, one in read.values()]
        try:
            after = [_facts(name, os.stat(name, dir_fd=folder)) for name in _names(folder)]
        except FileNotFoundError:
            return None
        if facts != after:
            return None
        return Found({name: Secret(without_newline(octets)) for name, (octets, _) in read.items()}, _version(facts))

    def _octets(self, folder: int, name: str) -> tuple[bytes, Facts]:
        handle = os.open(name, _FILE, dir_fd=folder)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            self._check(name, status)
            octets = file.read(LARGEST + 1)
        if len(octets) > LARGEST:
            raise Misconfigured(f"{name!r} is larger than {LARGEST} octets")
        return octets, _facts(name, status)

    def _check(self, name: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise Misconfigured(f"{name!r} is not a plain file")
        if status.st_uid not in (os.geteuid(), 0):
            raise AccessDenied(f"{name!r} belongs to another user (uid {status.st_uid})")
        if status.st_mode & 0o077 and not self.others:
            raise AccessDenied(f"{name!r} can be read by others: chmod 600, or say `readable_by_others: accepted`")


def _names(folder: int) -> list[str]:
    """Return the files that are fields: not the hidden ones, and not folders."""
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    if len(names) > MOST:
        raise Misconfigured(f"more than {MOST} files in a record")
    return list(_files(folder, names))


def _files(folder: int, names: list[str]) -> Iterator[str]:
    for name in names:
        if not stat.S_ISDIR(os.stat(name, dir_fd=folder).st_mode):
            yield name


def _facts(name: str, status: os.stat_result) -> Facts:
    return name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _version(facts: list[Facts]) -> str:
    """Return a name for what was read: when it was written, and a mark that tells two of one second apart."""
    newest = max((one[3] for one in facts), default=0) // 1_000_000_000
    mark = hashlib.blake2b(repr(facts).encode(), digest_size=4).hexdigest()
    return f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%dT%H:%M:%SZ}-{mark}"


def _refusal(error: OSError) -> SecretError:
    if error.errno in _GONE:
        return NotFound("there is no such file")
    if error.errno in (errno.EACCES, errno.EPERM):
        return AccessDenied("this user may not read it")
    return Unavailable(f"it cannot be read: {error.strerror}")
