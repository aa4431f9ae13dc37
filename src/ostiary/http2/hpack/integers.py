"""Numbers in a block of fields (RFC 7541, section 5.1)."""

from __future__ import annotations

from typing import Final

from ostiary.http2.hpack.errors import CompressionError

_LARGEST_SHIFT: Final = 21
"""A number has four octets behind its prefix at most: 256 MiB, where a block is some KiB."""


def read_integer(block: bytes, at: int, prefix: int) -> tuple[int, int]:
    """Return a number, and where what follows it begins.

    Args:
        block: of fields.
        at: where the number begins.
        prefix: the bits of its first octet that are the number's, all set.

    Raises:
        CompressionError: it has no end, or is larger than anything we allow.
    """
    value = block[at] & prefix
    at += 1
    if value < prefix:
        return value, at
    shift = 0
    while shift <= _LARGEST_SHIFT and at < len(block):
        octet = block[at]
        at += 1
        value += (octet & 0x7F) << shift
        if octet < 0x80:  # noqa: PLR2004 - the bit says that there is more
            return value, at
        shift += 7
    raise CompressionError("a number without an end")


def integer(value: int, prefix: int, first: int = 0) -> bytes:
    """Return the octets of a number.

    Args:
        value: the number.
        prefix: the bits of the first octet that are the number's, all set.
        first: the other bits of the first octet.
    """
    if value < prefix:
        return bytes((first | value,))
    octets = bytearray((first | prefix,))
    value -= prefix
    while value > 0x7F:  # noqa: PLR2004 - seven bits in each octet
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
