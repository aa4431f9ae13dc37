"""Fields -> a block of octets (RFC 7541, section 6).

What is likely to be said again goes into the table, and is one octet or two from then on. What changes with every
answer stays out, so that it displaces nothing; what is secret stays out of the tables of everybody on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from ostiary.http2.hpack.integers import integer
from ostiary.http2.hpack.static import INDEX, NAMES, SIZE, Field
from ostiary.http2.hpack.table import MOST, OVERHEAD

_SECRET: Final = frozenset(
    {
        *(b"set-cookie", b"cookie", b"authorization", b"proxy-authorization", b"authentication-info"),
        *(b"www-authenticate", b"proxy-authenticate", b"x-request-id"),
    }
)
"""Fields that are secret, or never come twice: nobody puts them into a table (section 7.1.3)."""

_PASSING: Final = frozenset(
    {b":status", b"age", b"content-length", b"content-range", b"etag", b"last-modified", b"location", b"traceparent"}
)
"""Fields that are another one next time."""

_INDEXED: Final = tuple(integer(index, 0x7F, 0x80) for index in range(SIZE + MOST // OVERHEAD + 1))


class Encoder:
    """Writes the blocks of one connection. However large a table the other end offers, it uses MOST octets.

    Args:
        indexed: the only names whose values may enter a table, ours or anybody's behind us; None for all that are
            not secret by their names. For a connection that many callers share: a table tells whoever counts its
            octets whether somebody else has said the same (section 7.1).
    """

    __slots__ = ("_added", "_fields", "_indexed", "_most", "_serials", "_size", "_updates")

    def __init__(self, indexed: frozenset[bytes] | None = None) -> None:
        self._indexed = indexed
        self._fields: deque[Field] = deque()  # in the table, the oldest first
        self._serials: dict[Field, int] = {}  # the how-manieth each was
        self._added = 0
        self._size = 0
        self._most = MOST
        self._updates: list[int] = []  # sizes that the other end is to be told (section 4.2)

    @property
    def most(self) -> int:
        """Octets that the table holds."""
        return self._most

    def resize(self, offered: int) -> None:
        """Take no more of the table than the other end offers, from the next block on."""
        most = min(offered, MOST)
        if most != self._most:
            self._updates = [*(one for one in self._updates if one < most), most]  # the smallest, and the last
            self._most = most
            self._shrink(most)

    def encode(self, fields: Iterable[Field]) -> bytes:
        """Return the block of some fields. Names are in lower case."""
        pieces = []
        if self._updates:
            pieces = [integer(most, 0x1F, 0x20) for most in self._updates]
            self._updates = []
        for field in fields:
            serial = self._serials.get(field)
            if serial is not None:
                pieces.append(_INDEXED[SIZE + self._added - serial])
            else:
                pieces.append(_WHOLE.get(field) or self._literal(field))
        return b"".join(pieces)

    def _literal(self, field: Field) -> bytes:
        name, value = field
        if name in _SECRET or (self._indexed is not None and name not in self._indexed):
            return _literal(name, value, 0x10, 0x0F)
        size = len(name) + len(value) + OVERHEAD
        if name in _PASSING or size > self._most // 4:
            return _literal(name, value, 0x00, 0x0F)
        literal = _literal(name, value, 0x40, 0x3F)  # with the indices from before the field is there
        self._shrink(self._most - size)
        self._fields.append(field)
        self._serials[field] = self._added
        self._added += 1
        self._size += size
        return literal

    def _shrink(self, most: int) -> None:
        while self._fields and self._size > most:
            field = self._fields.popleft()
            del self._serials[field]
            self._size -= len(field[0]) + len(field[1]) + OVERHEAD


_WHOLE: Final = {field: _INDEXED[index] for field, index in INDEX.items() if field[1]}


def _literal(name: bytes, value: bytes, first: int, prefix: int) -> bytes:
    index = NAMES.get(name)
    begin = bytes((first,)) + integer(len(name), 0x7F) + name if index is None else integer(index, prefix, first)
    return begin + integer(len(value), 0x7F) + value
