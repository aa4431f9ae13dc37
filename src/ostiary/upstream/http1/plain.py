"""Heads of answers that are plain: read at a glance, without the parser.

A plain head has a final status with its usual words, plain lines, one Content-Length, and nothing else about
framing. What is plain is plain to the parser too, and means the same (tests compare the two).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ostiary.model import Headers
from ostiary.upstream.headers import HOP_BY_HOP, Passing
from ostiary.wire import Field, FieldLines

LONGEST: Final = 8 << 10
"""Octets of a head that may be plain."""

_BODILESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_STATUS: Final = {
    f"HTTP/1.1 {status} {status.phrase}".encode(): int(status)
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in _BODILESS
}
_DROPPED: Final = frozenset((b"connection", b"keep-alive", b"x-request-id"))
_DIGITS: Final = 18  # of a Content-Length: what everybody can count
_NOTHING: Final = -1
_PASSING: Final = Passing(HOP_BY_HOP | {b"x-request-id"})  # the edge writes its own


def _meaning(field: Field) -> Field | int | None:
    """Return a field that passes, the length of the content, or -1 for what says nothing to the caller."""
    name, folded, value = field
    if _PASSING.lets(folded):
        return field
    if folded == b"content-length":
        plain = name.lower() == folded and value.isdigit() and len(value) <= _DIGITS
        return int(value) if plain else None
    keeps = folded != b"connection" or value.lower() == b"keep-alive"  # RFC 9112, section 9.3
    return _NOTHING if folded in _DROPPED and keeps else None


_LINES: Final = FieldLines(_meaning)


def read_plain(head: bytes) -> tuple[int, int, Headers] | None:
    """Return status, length of the content and end-to-end fields, or None when the head is not plain.

    Args:
        head: status line and fields, without the empty line and its line end.
    """
    lines = head.split(b"\r\n")
    status = _STATUS.get(lines[0])
    if status is None:
        return None
    del lines[0]
    length, fields = _NOTHING, []
    for line in lines:
        meant = _LINES.read(line)
        if type(meant) is tuple:
            fields.append(meant)
        elif type(meant) is not int:
            return None
        elif meant >= 0:
            if length >= 0:
                return None
            length = meant
    return None if length < 0 else (status, length, Headers(fields))
