"""The last good key set of an issuer, on disk: so that a start with the issuer down serves.

It is as good as the issuer's own word, so it is believed only where nobody else can write, for the issuer and
the place that it was fetched from, and no longer than the copy in memory would be. Losing it costs nothing but
a fetch; so whatever is wrong with it is a line in the log and no more.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ostiary.jwks.encoding import json_object
from ostiary.jwks.source import MAX_DOCUMENT, Document
from ostiary.pki.disk import Unusable, load_copy, save_copy

_FORMAT: Final = 1
_LARGEST: Final = 2 * MAX_DOCUMENT


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
        kept = load_copy(self.path, _LARGEST)
        if kept is None:
            return None
        try:
            return self._read(json_object(kept.content))
        except (ValueError, KeyError, TypeError) as error:
            raise Unusable(f"it cannot be read: {error}") from error

    def save(self, copy: Copy) -> None:
        """Replace the copy, whole or not at all.

        Raises:
            Unusable: it cannot be written.
        """
        save_copy(self.path, self._written(copy))

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
