"""A key set from a file: looked at again and again, read when it has changed."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Final

from ostiary.jwks.source import MAX_DOCUMENT, Document, FetchError

WATCH: Final = 2.0
"""Seconds after which a file is looked at again, at the latest."""


class FileSource:
    """Reads a key set from a file.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def origin(self) -> str:
        """The file."""
        return f"file:{self._path}"

    async def fetch(self, validator: str | None = None) -> Document:
        """Return the document, or that the file is the one it was.

        Raises:
            FetchError: it is not there, not a plain file, or too large.
        """
        try:
            return await asyncio.to_thread(self._read, validator)
        except OSError as error:
            raise FetchError(f"{self.origin}: {error.strerror or error}") from error

    async def aclose(self) -> None:
        """Nothing is held."""

    def _read(self, validator: str | None) -> Document:
        status = self._path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe may never end
            raise FetchError(f"{self.origin}: not a plain file")
        seen = f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns}"
        if seen == validator:
            return Document(None, validator, WATCH)
        with self._path.open("rb") as file:
            content = file.read(MAX_DOCUMENT + 1)
        if len(content) > MAX_DOCUMENT:
            raise FetchError(f"{self.origin}: larger than {MAX_DOCUMENT} octets")
        return Document(content, seen, WATCH)
