"""Field lines, read at a glance (RFC 9112, section 5).

Most lines of a head have been seen before, word for word: the same server, the same types, the same
token. So a line is read once and remembered. Only what is plain is read here, and by one strict
grammar; whatever is not plain is left to the parser, which refuses it or reads it in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from ostiary.model import fold

Field: TypeAlias = tuple[bytes, bytes, bytes]
"""Name as received, folded name, value."""

_LINE: Final = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):"  # name: a token (RFC 9110, section 5.6.2)
    rb"[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*"  # value (section 5.5)
)
_OCTETS: Final = 2 << 20
_LONGEST: Final = 4 << 10
_ENTRY: Final = 256  # what an entry takes beside its octets
_FORGOTTEN: Final = frozenset((b"cookie", b"set-cookie", b"proxy-authorization"))


def _never(folded: bytes, value: bytes) -> bool:  # noqa: ARG001 - the signature of those that look
    return False


class FieldLines(dict[bytes, "Field | None"]):
    """Plain field lines, by their octets without the line end; None for what is not plain.

    Bounded in octets: when it is full it begins anew, which costs each line one reading.

    Args:
        unplain: says of a folded name and a value that they want a closer look.
    """

    __slots__ = ("_octets", "_unplain")

    def __init__(self, unplain: Callable[[bytes, bytes], bool] = _never) -> None:
        super().__init__()
        self._octets = 0
        self._unplain = unplain

    def __missing__(self, line: bytes) -> Field | None:
        """Read a line that is not remembered."""
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        field = name, fold(name), value
        if self._unplain(field[1], value):
            return None
        if len(line) <= _LONGEST and field[1] not in _FORGOTTEN:
            self._keep(line, field)
        return field

    def _keep(self, line: bytes, field: Field) -> None:
        size = 2 * len(line) + _ENTRY
        if self._octets + size > _OCTETS:
            self.clear()
            self._octets = 0
        self._octets += size
        self[line] = field
