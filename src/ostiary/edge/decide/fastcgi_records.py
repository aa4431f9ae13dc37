"""The records of FastCGI 1.0, as octets. An authorizer is sent parameters, and answers with fields (section 6.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

HEADER: Final = struct.Struct("!BBHHBx")  # version, type, request id, length of the content, length of the padding
VERSION, BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 1, 2, 3, 4, 5, 6
AUTHORIZER: Final = 2
_MOST: Final = 0xFFFF
_LONG: Final = 0x80


class Malformed(Exception):
    """Octets that are not FastCGI."""


class Record(NamedTuple):
    """One record."""

    kind: int
    request: int
    content: bytes


def take(buffer: bytearray) -> Iterator[Record]:
    """Return the records that are whole, and take them out of the buffer.

    Raises:
        Malformed: another version.
    """
    while len(buffer) >= HEADER.size:
        version, kind, request, length, padding = HEADER.unpack_from(buffer)
        if version != VERSION:
            raise Malformed("not FastCGI 1.0")
        end = HEADER.size + length + padding
        if len(buffer) < end:
            return
        content = bytes(buffer[HEADER.size : HEADER.size + length])
        del buffer[:end]
        yield Record(kind, request, content)


def role_of(content: bytes) -> int:
    """Return the role that a request begins with."""
    if len(content) != 8:  # noqa: PLR2004 - FCGI_BeginRequestBody
        raise Malformed("a request that does not begin")
    return int.from_bytes(content[:2])


def pairs(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return name-value pairs (section 3.4).

    Raises:
        Malformed: lengths that point beyond the end.
    """
    found, at = [], 0
    while at < len(content):
        name, at = _length(content, at)
        value, at = _length(content, at)
        if at + name + value > len(content):
            raise Malformed("a pair without its end")
        found.append((content[at : at + name], content[at + name : at + name + value]))
        at += name + value
    return found


def _length(content: bytes, at: int) -> tuple[int, int]:
    if at >= len(content):
        raise Malformed("a pair without its lengths")
    if content[at] < _LONG:
        return content[at], at + 1
    if at + 4 > len(content):
        raise Malformed("a length without its end")
    return int.from_bytes(content[at : at + 4]) & 0x7FFFFFFF, at + 4


def answer(request: int, content: bytes) -> bytes:
    """Return what a request is answered with: its content, and its end."""
    whole = bytearray()
    for at in range(0, len(content), _MOST):
        piece = content[at : at + _MOST]
        whole += HEADER.pack(VERSION, STDOUT, request, len(piece), 0) + piece
    whole += HEADER.pack(VERSION, STDOUT, request, 0, 0)
    whole += HEADER.pack(VERSION, END, request, 8, 0) + bytes(8)
    return bytes(whole)
