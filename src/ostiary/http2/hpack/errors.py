"""What can be wrong with a block of fields."""

from __future__ import annotations

from collections.abc import Sequence


class CompressionError(Exception):
    """The block cannot be read, and nothing behind it: the two ends no longer have the same table (section 2.2)."""


class ListTooLarge(Exception):
    """The block says more than anybody wants to hear (RFC 9113, section 10.5.1). Those behind it can be read.

    Attributes:
        beginning: its first fields, as far as they were kept.
    """

    def __init__(self, beginning: Sequence[tuple[bytes, bytes]]) -> None:
        super().__init__()
        self.beginning = beginning
