"""The last copy of what is revoked, on disk: so that a start with Redis away refuses what was revoked.

Whoever could change it could take a revocation back; so it is believed only where nobody else can write, and with the
digest of its content by the key that gateways have together. An old one in its place is noticed by its age, no more:
it tells when it was compared with the list, and how long it may answer is decided by who asks.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ostiary.errors import SharedUnavailable
from ostiary.pki.disk import Unusable, load_copy, save_copy
from ostiary.shared.entry import Entry, read_entry
from ostiary.shared.marks import Digests

_FORMAT: Final = 1
_LARGEST: Final = 1 << 26
"""Octets of a copy: some hundred thousand entries."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept.

    Attributes:
        version: number of the list.
        compared: when the copy was compared with the list, epoch seconds.
        entries: what is on it.
    """

    version: int
    compared: float
    entries: Sequence[Entry]


class Store:
    """Keeps the copy.

    Args:
        folder: where; it is made when the first copy is written. None: there is no place for it.
        prefix: what names of keys begin with.
        digests: made with the key that gateways have together.
    """

    def __init__(self, folder: Path | None, prefix: str, digests: Digests) -> None:
        self._file = None if folder is None else folder / f"revoked-{prefix}.json"
        self._digests = digests

    def load(self) -> Kept | None:
        """Return the copy, or None when there is none.

        Raises:
            Unusable: there is one, and it is not to be believed; or there is no place for one.
        """
        if self._file is None:
            raise Unusable("the configuration has no `state`")
        copy = load_copy(self._file, _LARGEST)
        try:
            return None if copy is None else self._read(copy.content)
        except (ValueError, KeyError, TypeError):
            raise Unusable("it cannot be read") from None

    def save(self, kept: Kept) -> None:
        """Replace the copy, whole or not at all.

        Raises:
            Unusable: it cannot be written.
        """
        if self._file is not None:
            save_copy(self._file, self._written(kept))

    def _written(self, kept: Kept) -> bytes:
        entries = [one.written() for one in kept.entries]
        fields = {"format": _FORMAT, "version": kept.version, "compared": kept.compared, "entries": entries}
        content = json.dumps(fields)
        return json.dumps({"content": content, "digest": self._digest(content)}).encode()

    def _read(self, data: bytes) -> Kept | None:
        outer = json.loads(data)
        content, digest = str(outer["content"]), str(outer["digest"])
        if not hmac.compare_digest(digest.encode(), self._digest(content).encode()):
            raise Unusable("its digest is not one of our key")
        fields: dict[str, Any] = json.loads(content)
        if fields["format"] != _FORMAT:
            return None  # of another version: as if there were none
        entries = [read_entry(one.encode()) for one in fields["entries"]]
        return Kept(int(fields["version"]), float(fields["compared"]), entries)

    def _digest(self, content: str) -> str:
        try:
            return self._digests.digest("kept", content.encode())
        except SharedUnavailable as error:
            raise Unusable(error.detail) from None
