"""Where a key set document comes from: the contract of a source, and what it brings.

web.py fetches over HTTPS, file.py reads a file. Whatever arrives is untrusted until it has been read whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

MAX_DOCUMENT: Final = 512 << 10
"""Octets of the largest document that is read."""


class FetchError(Exception):
    """No document could be had. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a fetch brought.

    Attributes:
        content: the octets, or None: it is still the one that the validator stands for.
        validator: what to show at the next fetch to be told so; a matter of the source alone. None: there is no such.
        lifetime: seconds for which its sender calls it fresh, or None when nothing was said.
        sent: what its sender's clock said (RFC 9110, section 6.6.1), epoch seconds; or None.
    """

    content: bytes | None
    validator: str | None = None
    lifetime: float | None = None
    sent: float | None = field(default=None, compare=False)


class Source(Protocol):
    """Where an issuer's key set document comes from."""

    @property
    def origin(self) -> str:
        """Where that is, in words: what a copy on disk must have come from to be believed."""

    async def fetch(self, validator: str | None) -> Document:
        """Return the document, or that nothing has changed since `validator`.

        Raises:
            FetchError: there is none to be had.
        """

    async def aclose(self) -> None:
        """Let go of connections."""


class Nowhere:
    """A source that is not asked.

    Args:
        origin: where it would be.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin

    async def fetch(self, validator: str | None) -> Document:
        """Raise FetchError."""
        del validator
        raise FetchError("not asked")

    async def aclose(self) -> None:
        """Nothing is held."""
