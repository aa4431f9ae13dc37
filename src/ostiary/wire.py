"""Field lines, read at a glance, and written (RFC 9112, section 5).

Most lines of a head have been seen before, word for word: the same server, the same types, the same
token. So a line is read once and remembered. Only what is plain is read here, and by one strict
grammar; whatever is not plain is left to the parser, which refuses it or reads it in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeAlias, TypeVar

from ostiary.model import fold

T = TypeVar("T")

Field: TypeAlias = tuple[bytes, bytes, bytes]
"""Name as received, folded name, value."""

_LINE: Final = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):"  # name: a token (RFC 9110, section 5.6.2)
    rb"[ \t]*+((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*"  # value (section 5.5)
)  # `*+` gives no blank back: a line of blanks would be tried from each of them, in quadratic time
_OCTETS: Final = 4 << 20
_LONGEST: Final = 4 << 10
_ENTRY: Final = 256  # what an entry takes beside its octets
_FORGOTTEN: Final = frozenset((b"cookie", b"set-cookie", b"proxy-authorization"))


def head_octets(pieces: list[bytes], fields: list[Field], framing: bytes) -> bytes:
    """Return a head.

    Args:
        pieces: of its first line, with the line's end; it is added to.
        fields: that follow.
        framing: lines after them, each with its end.
    """
    for name, _, value in fields:
        pieces.append(name)  # compiled, four of these cost less than one tuple
        pieces.append(b": ")
        pieces.append(value)
        pieces.append(b"\r\n")
    pieces.append(framing)
    pieces.append(b"\r\n")
    return b"".join(pieces)


class FieldLines(Generic[T]):
    """What plain field lines mean to somebody, by their octets without the line end; None for what is not plain.

    Bounded in octets: when it is full it begins anew, which costs each line one reading.

    Args:
        meaning: what a field means, or None when it wants a closer look. A function of the field, and of nothing else.
    """

    __slots__ = ("_known", "_meaning", "_octets")

    def __init__(self, meaning: Callable[[Field], T | None]) -> None:
        self._known: dict[bytes, T] = {}
        self._octets = 0
        self._meaning = meaning

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._known)

    def read(self, line: bytes) -> T | None:
        """Return what a line means, or None when it is not plain."""
        meant = self._known.get(line)
        return self._learn(line) if meant is None else meant

    def _learn(self, line: bytes) -> T | None:
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        folded = fold(name)
        meant = self._meaning((name, folded, value))
        if meant is not None and len(line) <= _LONGEST and folded not in _FORGOTTEN:
            self._keep(line, meant)
        return meant

    def _keep(self, line: bytes, meant: T) -> None:
        size = 2 * len(line) + _ENTRY
        if self._octets + size > _OCTETS:
            self._known.clear()
            self._octets = 0
        self._octets += size
        self._known[line] = meant
