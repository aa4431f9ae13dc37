"""How much is read of what somebody else sends?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ostiary.bounded import whole


async def pieces(*several: bytes, asked: list[bytes] | None = None) -> AsyncIterator[bytes]:
    for piece in several:
        if asked is not None:
            asked.append(piece)
        yield piece


@pytest.mark.parametrize(
    ("several", "read"),
    [((), b""), ((b"",), b""), ((b"ab", b"", b"cd"), b"abcd"), ((b"abcd",), b"abcd")],
)
async def test_as_many_octets_as_are_allowed_are_read(several, read):
    assert await whole(pieces(*several), 4) == read


@pytest.mark.parametrize("several", [(b"abcde",), (b"abcd", b"e"), (b"a", b"bcdefgh")])
async def test_one_more_is_too_much(several):
    assert await whole(pieces(*several), 4) is None


async def test_nothing_is_asked_for_after_that():
    asked: list[bytes] = []
    assert await whole(pieces(b"abc", b"de", b"never", asked=asked), 4) is None
    assert asked == [b"abc", b"de"]


async def test_what_goes_wrong_in_the_midst_is_the_callers():
    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await whole(broken(), 4)
