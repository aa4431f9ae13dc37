"""Heads of answers that are plain: read at a glance, without the parser.

A plain head has a final status with its usual words, plain lines, one Content-Length, and nothing else about
framing. What is plain is plain to the parser too, and means the same (tests compare the two).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ostiary.model import Headers
from ostiary.upstream.headers import Passing
from ostiary.wire import Field, FieldLines

LONGEST: Final = 8 << 10
"""Octets of a head that may be plain."""

_BODILESS: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_STATUS: Final = {
    f"HTTP/1.1 {status} {status.phrase}".encode(): int(status)
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in _BODILESS
}
_LINES: Final = FieldLines()
_DROPPED: Final = frozenset((b"connection", b"keep-alive", b"x-request-id"))
_DIGITS: Final = 18  # of a Content-Length: what everybody can count


def read_plain(head: bytes, passing: Passing) -> tuple[int, int, Headers] | None:
    """Return status, length of the content and end-to-end fields, or None when the head is not plain.

    Args:
        head: status line and fields, without the empty line and its line end.
        passing: which fields pass.
    """
    lines = head.split(b"\r\n")
    status = _STATUS.get(lines[0])
    if status is None:
        return None
    del lines[0]
    length = None
    fields = []
    for line in lines:
        field = _LINES[line]
        if field is None:
            return None
        if passing[field[1]]:
            fields.append(field)
        elif field[1] == b"content-length":
            if length is not None:
                return None
            length = _counted(field)
            if length is None:
                return None
        elif field[1] not in _DROPPED or not _keeps(field):
            return None
    return None if length is None else (status, length, Headers(fields))


def _counted(field: Field) -> int | None:
    name, folded, value = field
    plain = name.lower() == folded and value.isdigit() and len(value) <= _DIGITS
    return int(value) if plain else None


def _keeps(field: Field) -> bool:
    """Whether a field leaves the connection as it is (RFC 9112, section 9.3)."""
    return field[1] != b"connection" or field[2].lower() == b"keep-alive"
