"""The last good key set of an issuer, on disk: so that a start with the issuer down serves.

It is as good as the issuer's own word, so it is believed only where nobody else can write, for the issuer and
the place that it was fetched from, and no longer than the copy in memory would be. Losing it costs nothing but
a fetch; so whatever is wrong with it is a line in the log and no more.
"""

from __future__ import annotations

import json
import os
import stat
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ostiary.jwks.encoding import json_object
from ostiary.jwks.source import MAX_DOCUMENT, Document

_FORMAT: Final = 1
_LARGEST: Final = 2 * MAX_DOCUMENT
_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


class Unusable(Exception):
    """The copy is not to be believed, or cannot be written. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What was kept.

    Attributes:
        document: the document, its content included.
        fetched: when it was asked for, epoch seconds.
    """

    document: Document
    fetched: float


class Store:
    """Keeps one issuer's document.

    Args:
        folder: where; it is made when the first copy is written.
        name: the issuer's name in the configuration.
        origin: where the document comes from.
    """

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self.path = folder / f"keys-{name}.json"
        self._origin = origin

    def load(self) -> Copy | None:
        """Return the copy, or None when there is none.

        Raises:
            Unusable: there is one, and it is not to be believed.
        """
        try:
            with self.path.open("rb") as file:
                _require_ours(os.fstat(file.fileno()))
                _require_ours(self.path.parent.stat())
                data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unusable(error.strerror or str(error)) from error
        try:
            return self._read(json_object(data))
        except (ValueError, KeyError, TypeError) as error:
            raise Unusable(f"it cannot be read: {error}") from error

    def save(self, copy: Copy) -> None:
        """Replace the copy, whole or not at all.

        Raises:
            Unusable: it cannot be written.
        """
        beside = self.path.with_suffix(f".{os.getpid()}.new")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self._written(copy))
            beside.replace(self.path)
        except OSError as error:
            raise Unusable(error.strerror or str(error)) from error

    def _written(self, copy: Copy) -> bytes:
        fields = {
            "format": _FORMAT,
            "origin": self._origin,
            "fetched": copy.fetched,
            "validator": copy.document.validator,
            "lifetime": copy.document.lifetime,
            "content": b64encode(copy.document.content or b"").decode(),
        }
        return json.dumps(fields).encode()

    def _read(self, fields: dict[str, Any]) -> Copy | None:
        if fields["format"] != _FORMAT or fields["origin"] != self._origin:
            return None  # of another version or another place: as if there were none
        content, fetched = b64decode(fields["content"], validate=True), float(fields["fetched"])
        validator, lifetime = fields["validator"], fields["lifetime"]
        return Copy(Document(content, validator and str(validator), lifetime and float(lifetime)), fetched)


def _require_ours(status: os.stat_result) -> None:
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & _OTHERS:
        raise Unusable("others can write it")
