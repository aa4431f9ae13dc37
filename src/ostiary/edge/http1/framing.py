"""The bytes of a response head (RFC 9112)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from ostiary.model import Headers
from ostiary.wire import head_octets

_RENAMED: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
"""Phrases of RFC 9110 that older versions of Python do not know."""
_STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {_RENAMED.get(status, HTTPStatus(status).phrase)}\r\n".encode()
    for status in map(int, HTTPStatus)
}

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK: Final = b"0\r\n\r\n"


def status_line(status: int) -> bytes:
    """Return the status line, with its line end."""
    known = _STATUS_LINES.get(status)
    return b"HTTP/1.1 %d Unknown\r\n" % status if known is None else known


def head(status: int, headers: Headers, framing: bytes) -> bytes:
    """Return a response head.

    Args:
        status: of the response.
        headers: end-to-end fields.
        framing: lines that the edge adds, each with its line end.
    """
    return head_octets([status_line(status)], headers.fields, framing)


def chunk(data: bytes) -> bytes:
    """Return one chunk (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Headers | None) -> bytes:
    """Return the end of a chunked body, with its trailer section."""
    if not trailers:
        return LAST_CHUNK
    return b"0\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % (name, value) for name, _, value in trailers.fields)
