"""The table that a connection makes (RFC 7541, section 2.3.2): what was said last, for as long as there is room."""

from __future__ import annotations

from collections import deque
from typing import Final

from ostiary.http2.hpack.errors import CompressionError
from ostiary.http2.hpack.static import FIELDS, SIZE, Field

OVERHEAD: Final = 32
"""Octets that a field counts beside its own (section 4.1)."""
MOST: Final = 4096
"""Octets that a table holds, unless something else was agreed on (RFC 9113, section 6.5.2)."""


class Table:
    """The fields that one end has said to the other.

    Attributes:
        changes: how often it was changed.
    """

    __slots__ = ("_fields", "_most", "_size", "changes")

    def __init__(self) -> None:
        self._fields: deque[Field] = deque()  # the newest first
        self._size = 0
        self._most = MOST
        self.changes = 0

    def field(self, index: int) -> Field:
        """Return a field, of this table or of the one that everybody has (section 2.3.3).

        Raises:
            CompressionError: there is none.
        """
        if 0 < index <= SIZE:
            return FIELDS[index - 1]
        if index == 0 or index - SIZE > len(self._fields):
            raise CompressionError("a field that is in no table")
        return self._fields[index - SIZE - 1]

    def add(self, field: Field) -> None:
        """Add a field, and forget the oldest for it; one that is larger than the table empties it (section 4.4)."""
        self.changes += 1
        size = len(field[0]) + len(field[1]) + OVERHEAD
        self._shrink(self._most - size)
        if size <= self._most:
            self._fields.appendleft(field)
            self._size += size

    def resize(self, most: int) -> None:
        """Hold as many octets from now on (section 4.3).

        Raises:
            CompressionError: that is more than we have allowed.
        """
        if most > MOST:
            raise CompressionError("a table larger than was agreed on")
        self.changes += 1
        self._most = most
        self._shrink(most)

    def _shrink(self, most: int) -> None:
        while self._fields and self._size > most:
            name, value = self._fields.pop()
            self._size -= len(name) + len(value) + OVERHEAD
