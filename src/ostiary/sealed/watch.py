"""Notice that another process wrote to the vault, for the price of one pragma.

`PRAGMA data_version` of a connection changes when any other connection has committed. It is a few
microseconds on the loop, at most ten times a second, and it never waits: that a file cannot be looked
at, and that it can again, counts as a change.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ostiary.sealed.database import connect


class Watch:
    """A connection that only looks at whether the file has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._seen: tuple[int, int] | None = None

    def start(self) -> None:
        """Open the file. Blocks; the only call that does."""
        self._db = connect(self._path, patience=0)
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether the file was written to, or replaced, since the last call."""
        if self._db is None:
            return False
        before, self._seen = self._seen, self._look()
        return self._seen != before

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _look(self) -> tuple[int, int] | None:
        try:
            inode = os.stat(self._path).st_ino  # noqa: PTH116 - this runs on the loop; pathlib costs more than the call
            if self._db is not None and self._seen is not None and inode != self._seen[0]:
                self._db.close()
                self._db = connect(self._path, patience=0)
            return inode, self._version()
        except (OSError, sqlite3.Error):
            return None

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0]) if self._db is not None else -1
