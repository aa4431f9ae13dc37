"""What is sent: texts with names in braces.

Values are made fit for where they go: segments of a path are percent-encoded, and what is written into a
header is visible ASCII on one line, or nothing is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ostiary.config.vaults.http import place_of
from ostiary.model import Credential, Secret
from ostiary.vault.errors import Unavailable
from ostiary.vault.names import encoded

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_VISIBLE: Final = re.compile(r"[ -~]*")


@dataclass(frozen=True, slots=True)
class Question:
    """What a request is made for.

    Attributes:
        path: the record.
        version: the version that is asked for, "" for the newest.
        shown: the credentials that the request shows, by alias.
    """

    path: str
    version: str
    shown: Mapping[str, Credential]

    def url(self, text: str) -> str:
        """Return a URL.

        Raises:
            ConfigError: the path could be read in two ways.
        """
        values = {"path": encoded(self.path), "version": quote(self.version, safe="")}
        return _PLACE.sub(lambda match: values[match[1]], text)

    def header(self, text: str) -> Secret:
        """Return the value of a header.

        Raises:
            Unavailable: a credential cannot be written into a header.
        """
        filled = _PLACE.sub(self._value, text)
        if not _VISIBLE.fullmatch(filled):
            raise Unavailable("what the vault is to be shown does not fit into a header")
        return Secret(filled)

    def text(self, text: str) -> Secret:
        """Return a text of a JSON body."""
        return Secret(_PLACE.sub(self._value, text))

    @property
    def _value(self) -> Callable[[re.Match[str]], str]:
        return lambda match: self._filled(match[1])

    def _filled(self, name: str) -> str:
        place = place_of(name)
        if place is None:
            return self.path if name == "path" else self.version
        credential = self.shown[place[0]]
        return credential.id if place[1] == "id" else credential.secret.reveal().decode()
