"""Fetched revocation lists on disk, so that a start with their publisher away knows what was known.

They are signed, so nobody can make one up; but who can write there could put an old one in the place of a new one.
So a copy is believed only where nobody else can write. Losing it costs a fetch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ostiary.listener.web import LARGEST
from ostiary.pki.disk import Copy, load_copy, save_copy


@dataclass(frozen=True, slots=True)
class Store:
    """Where lists are kept: a file for each URL, as it was received; its time is that of the fetch.

    Attributes:
        folder: made when the first list is written.
    """

    folder: Path

    def load(self, url: str) -> Copy | None:
        """Return what was fetched from a URL, and when (seconds since the epoch), or None.

        Raises:
            Unusable: there is a copy, and it is not to be believed.
        """
        return load_copy(self._file(url), LARGEST)

    def save(self, url: str, content: bytes, at: float) -> None:
        """Replace the copy, whole or not at all.

        Raises:
            Unusable: it cannot be written.
        """
        save_copy(self._file(url), content, at)

    def _file(self, url: str) -> Path:
        return self.folder / f"list-{hashlib.sha256(url.encode()).hexdigest()[:32]}.crl"
