"""Text in fewer octets (RFC 7541, section 5.2 and appendix B).

The code is canonical: codes of one length are consecutive numbers in the order of their symbols, and shorter ones come
first. So the lengths alone say all of it. Frequent symbols have up to eight bits and are found with one look at a
table; of the others, which are in order, it is searched how long they are, so that text of them costs not much more.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from ostiary.http2.hpack.errors import CompressionError

_LENGTHS: Final = (
    "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13 "
    "6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 "
    "8 7 8 13 19 13 14 6 15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 "
    "23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 "
    "21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 "
    "21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 "
    "27 27 27 28 27 27 27 27 27 26"
)
"""Bits of the code of each octet, in order."""

_LONGEST: Final = 30
_SHORT: Final = 8


def _codes() -> dict[int, int]:
    """Return the octet of each code; a bit before the code says where it begins."""
    lengths = [int(length) for length in _LENGTHS.split()]
    found, code, before = {}, 0, 0
    for symbol in sorted(range(256), key=lambda one: (lengths[one], one)):
        code <<= lengths[symbol] - before
        before = lengths[symbol]
        found[1 << before | code] = symbol
        code += 1
    return found


def _first_look(codes: dict[int, int]) -> list[tuple[int, int]]:
    """Return symbol and length of the code that eight bits begin with; (0, 0) where it is longer."""
    looks = [(0, 0)] * (1 << _SHORT)
    for marked, symbol in codes.items():
        length = marked.bit_length() - 1
        if length <= _SHORT:
            free = _SHORT - length
            begin = (marked ^ 1 << length) << free
            looks[begin : begin + (1 << free)] = [(symbol, length)] * (1 << free)
    return looks


def _ends(codes: dict[int, int]) -> dict[int, int]:
    """Return, by where it ends among all numbers of _LONGEST bits, the length of the codes that begin before there."""
    last = {marked.bit_length() - 1: marked for marked in sorted(codes)}
    return {(marked + 1 ^ 1 << length) << _LONGEST - length: length for length, marked in sorted(last.items())}


_CODES: Final = _codes()
_LOOKS: Final = _first_look(_CODES)
_ENDS, _SIZES = zip(*_ends(_CODES).items(), strict=True)


def decode(data: bytes) -> bytes:
    """Return the text.

    Raises:
        CompressionError: it holds the end of text, or is padded with anything but the beginning of that.
    """
    text = bytearray()
    bits = left = 0  # what was not decoded yet, and how many bits it has
    for octet in data:
        bits = bits << 8 | octet
        left += 8
        while left >= _SHORT:
            symbol, length = _LOOKS[bits >> left - _SHORT]
            if not length:
                symbol, length = _long(bits, left)
                if not length:
                    break
            text.append(symbol)
            left -= length
            bits &= (1 << left) - 1
    return bytes(text + _end(bits, left))


def _long(bits: int, left: int) -> tuple[int, int]:
    """Return symbol and length of a long code; (0, 0) when it is not whole yet."""
    ahead = bits << _LONGEST - left if left < _LONGEST else bits >> left - _LONGEST
    place = bisect_right(_ENDS, ahead)
    if place == len(_ENDS):
        raise CompressionError("the end of text within a text")
    length = _SIZES[place]
    return (_CODES[1 << length | bits >> left - length], length) if length <= left else (0, 0)


def _end(bits: int, left: int) -> bytearray:
    """Return the symbols of the last bits, and judge what is behind them."""
    text = bytearray()
    while left < _SHORT:
        padding = _SHORT - left
        symbol, length = _LOOKS[bits << padding | (1 << padding) - 1]
        if not 0 < length <= left:
            break
        text.append(symbol)
        left -= length
        bits &= (1 << left) - 1
    if left >= _SHORT or bits != (1 << left) - 1:
        raise CompressionError("text that is not padded as it should be")
    return text
