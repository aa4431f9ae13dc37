"""What a worker has counted, where its supervisor finds it when the worker is gone.

A piece of memory that both have, with two books: of requests, and of everything else. Each has a head, and two places
that are written in turn. The head names the place that is whole; it is written last, so that a worker that is killed
while it writes leaves what it had written before.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from contextlib import suppress
from enum import IntEnum
from typing import Final

_HEAD: Final = struct.Struct("<QQI")  # which place, octets there, their checksum (CRC-32)
_PLACES: Final = (1 << 12, 1 << 30)  # far apart; what is never written takes no memory


class Book(IntEnum):
    """What is written in one of the books; its value is where that begins."""

    REQUESTS = 0
    BESIDE = 1 << 32


def new_ledger() -> int:
    """Return the descriptor of an empty one, for a process that is started with it."""
    return nameless("ostiary-ledger")


def nameless(purpose: str) -> int:
    """Return the descriptor of an empty file without a name, for processes that are started with it.

    It needs no folder that can be written to, where the system has such files.

    Args:
        purpose: what operators see it as, in /proc.
    """
    with suppress(AttributeError, OSError):  # Linux has it, and elsewhere a file without a name will do
        return os.memfd_create(purpose)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def write(descriptor: int, octets: bytes, turn: int, book: Book = Book.REQUESTS) -> None:
    """Write an entry.

    Args:
        descriptor: of the ledger.
        octets: the entry.
        turn: a number that is one more each time.
        book: where.
    """
    place = turn % len(_PLACES)
    os.pwrite(descriptor, octets, book + _PLACES[place])
    os.pwrite(descriptor, _HEAD.pack(place, len(octets), zlib.crc32(octets)), book)


def read(descriptor: int, book: Book = Book.REQUESTS) -> bytes:
    """Return the last entry that is whole; nothing, where there is none."""
    head = os.pread(descriptor, _HEAD.size, book)
    if len(head) < _HEAD.size:
        return b""
    place, length, checksum = _HEAD.unpack(head)
    octets = os.pread(descriptor, length, book + _PLACES[place % len(_PLACES)])
    return octets if zlib.crc32(octets) == checksum else b""
