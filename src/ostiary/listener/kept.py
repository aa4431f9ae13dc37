"""Fetched revocation lists on disk, so that a start with their publisher away knows what was known.

They are signed, so nobody can make one up; but who can write there could put an old one in the place of a new one.
So a copy is believed only where nobody else can write. Losing it costs a fetch.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ostiary.listener.web import LARGEST
from ostiary.pki.files import write_private

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


class Unusable(Exception):
    """The copy is not to be believed, or cannot be written. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where lists are kept: a file for each URL, as it was received; its time is that of the fetch.

    Attributes:
        folder: made when the first list is written.
    """

    folder: Path

    def load(self, url: str) -> tuple[bytes, float] | None:
        """Return what was fetched from a URL, and when (seconds since the epoch), or None.

        Raises:
            Unusable: there is a copy, and it is not to be believed.
        """
        try:
            with self._file(url).open("rb") as file:
                status = os.fstat(file.fileno())
                _require_ours(status)
                _require_ours(self.folder.stat())
                return file.read(LARGEST), status.st_mtime
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unusable(error.strerror or str(error)) from error

    def save(self, url: str, content: bytes, at: float) -> None:
        """Replace the copy, whole or not at all.

        Raises:
            Unusable: it cannot be written.
        """
        file = self._file(url)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(file, content)
            os.utime(file, (at, at))
        except OSError as error:
            raise Unusable(error.strerror or str(error)) from error

    def _file(self, url: str) -> Path:
        return self.folder / f"list-{hashlib.sha256(url.encode()).hexdigest()[:32]}.crl"


def _require_ours(status: os.stat_result) -> None:
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & _OTHERS:
        raise Unusable("others can write it")
