"""Has anything changed that a configuration is made of: the file, and every file that it points at?

What counts is content. Dates and inodes only save reading: a file is read again when they differ, or when
it was written so shortly before it was read that they could not. Links are followed, so that the switched
link of a mounted volume is a change of every file behind it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from ostiary.config.draft import Draft
from ostiary.config.reading.references import LARGEST, references
from ostiary.config.values import FileRef

Digests: TypeAlias = Mapping[Path, bytes]
"""SHA-256 of each file; empty for one that is not there or cannot be read."""

_COARSE: Final = 2.0
"""Seconds within which two writes may leave the same date, on the coarsest file system that we care for."""


def files_of(path: Path, draft: Draft | None, overlays: Iterable[Path] = ()) -> frozenset[Path]:
    """Return the configuration file, what is laid over it, and every file that the sound part of it points at."""
    found = {path, *overlays}
    if draft is None:
        return frozenset(found)
    for _, reference in references(draft):
        if isinstance(reference, FileRef):
            found.add(reference.below(draft.folder))
        elif reference.kind == "file":
            found.add(draft.folder / reference.name)
    return frozenset(found)


def variables_of(draft: Draft) -> list[str]:
    """Return the names of the environment variables that the sound part of a file points at."""
    named = (reference for _, reference in references(draft) if not isinstance(reference, FileRef))
    return sorted({reference.name for reference in named if reference.kind == "env"})


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file when it was read: what `stat` said, whether that can be relied on, and the digest."""

    facts: tuple[int, ...]
    settled: bool
    digest: bytes


class Watch:
    """Looks at files.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._seen: dict[Path, _Seen] = {}

    def look(self, files: Iterable[Path]) -> Digests:
        """Return the digests of files. Blocks; raises nothing."""
        seen: dict[Path, _Seen] = {}
        for file in files:
            try:
                seen[file] = self._look_at(file)
            except (OSError, ValueError):
                seen[file] = _Seen((), settled=False, digest=b"")
        self._seen = seen
        return {file: one.digest for file, one in seen.items()}

    def _look_at(self, file: Path) -> _Seen:
        status = file.stat()
        facts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        before = self._seen.get(file)
        if before is not None and before.settled and before.facts == facts:
            return before
        if not stat.S_ISREG(status.st_mode):  # reading it may never end
            return _Seen(facts, settled=False, digest=b"")
        with file.open("rb") as opened:
            digest = hashlib.sha256(opened.read(LARGEST + 1)).digest()
            after = os.fstat(opened.fileno())
        same = (after.st_ino, after.st_size, after.st_mtime_ns) == (status.st_ino, status.st_size, status.st_mtime_ns)
        old = self._clock() - max(status.st_mtime, status.st_ctime) > _COARSE
        return _Seen(facts, settled=same and old, digest=digest)
