"""A block of octets -> fields (RFC 7541, section 6).

Most callers ask for the same things again and again, and once their table holds what they say, they say it in the same
octets. A block that has changed nothing in the table means the same until something does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from ostiary.http2.hpack.errors import CompressionError, ListTooLarge
from ostiary.http2.hpack.huffman import decode
from ostiary.http2.hpack.integers import read_integer
from ostiary.http2.hpack.static import Field
from ostiary.http2.hpack.table import OVERHEAD, Table
from ostiary.remember import Remembered

Fields: TypeAlias = Sequence[Field]

_INDEXED, _ADDED, _RESIZED = 0x80, 0x40, 0x20  # the first bits of a representation
_COMPRESSED: Final = 0x80

_BLOCKS: Final = 16
"""Blocks that a connection remembers,"""
_USUAL: Final = 2048
"""which have so many octets at most,"""
_FEW: Final = 64
"""and so many fields."""

_TEXTS: Final = Remembered(decode, longest=1 << 20)
_FORGOTTEN: Final = frozenset({b"cookie", b"proxy-authorization"})
"""Fields whose text is not remembered, as over HTTP/1.1."""


class Decoder:
    """Reads the blocks of one connection.

    Args:
        limit: octets of a list of fields, each counted with OVERHEAD.
    """

    __slots__ = ("_known", "_limit", "_table")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._table = Table()
        self._known: dict[bytes, Fields] = {}

    def decode(self, block: bytes) -> Fields:
        """Return the fields of a block; the list is shared, and not to be changed.

        Raises:
            CompressionError: it cannot be read.
            ListTooLarge: it says too much. All of it was read, since what is behind it needs the same table.
        """
        known = self._known.get(block)
        if known is not None:
            return known
        before = self._table.changes
        try:
            fields = self._read(block)
        finally:
            changed = self._table.changes != before
            if changed:
                self._known.clear()
        if not changed and len(block) <= _USUAL and len(fields) <= _FEW:
            if len(self._known) >= _BLOCKS:
                self._known.clear()
            self._known[block] = fields
        return fields

    def _read(self, block: bytes) -> list[Field]:
        fields: list[Field] = []
        at, end, size = 0, len(block), 0
        while at < end:
            octet = block[at]
            if octet & _INDEXED:
                index, at = read_integer(block, at, 0x7F)
                field = self._table.field(index)
            elif octet & 0xE0 == _RESIZED:
                at = self._resize(block, at, begun=size > 0)
                continue
            else:
                field, at = self._literal(block, at, octet & _ADDED)
            size += len(field[0]) + len(field[1]) + OVERHEAD
            if size <= self._limit:
                fields.append(field)
        if size > self._limit:
            raise ListTooLarge(fields)
        return fields

    def _resize(self, block: bytes, at: int, *, begun: bool) -> int:
        """Change the size of the table, which is only done at the beginning of a block (section 4.2)."""
        if begun:
            raise CompressionError("the table changes its size within a block")
        most, at = read_integer(block, at, 0x1F)
        self._table.resize(most)
        return at

    def _literal(self, block: bytes, at: int, added: int) -> tuple[Field, int]:
        index, at = read_integer(block, at, 0x3F if added else 0x0F)
        if index:
            name = self._table.field(index)[0]
        else:
            name, at = _string(block, at, remember=True)
        value, at = _string(block, at, remember=name not in _FORGOTTEN)
        field = name, value
        if added:
            self._table.add(field)
        return field, at


def _string(block: bytes, at: int, *, remember: bool) -> tuple[bytes, int]:
    """Return a text, and where what follows it begins (section 5.2)."""
    if at >= len(block):
        raise CompressionError("a block that ends within a field")
    compressed = block[at] & _COMPRESSED
    length, at = read_integer(block, at, 0x7F)
    end = at + length
    if end > len(block):
        raise CompressionError("a block that ends within a text")
    text = block[at:end]
    if compressed:
        text = _TEXTS.of(text) if remember and length <= _USUAL else decode(text)
    return text, end
