"""What is a message in the content of a call, what is a time, and how does a call say how it has ended?"""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.edge.decide.grpc.framing import OneMessage, framed, seconds_of
from ostiary.edge.decide.grpc.status import CallFailed, code_of
from ostiary.grpc import Code, trailers


def read(*pieces: bytes, most: int = 100) -> bytes:
    message = OneMessage(most)
    for piece in pieces:
        message.feed(piece)
    return message.whole()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_a_message_is_the_same_in_whatever_pieces_it_comes(content, size):
    octets = framed(content)
    assert read(*(octets[at : at + size] for at in range(0, len(octets), size)), most=300) == content


def test_a_message_that_comes_octet_by_octet_is_not_copied_for_each():
    content = bytes(500_000)
    begun = time.process_time()
    assert read(framed(content)[:5], *[b"\0"] * len(content), most=1 << 20) == content
    assert time.process_time() - begun < 10  # each copy would be a quarter of a megabyte: minutes


@pytest.mark.parametrize(("octets", "code"), [
    (b"", Code.UNIMPLEMENTED),
    (b"\0", Code.INTERNAL),
    (b"\0\0\0\0", Code.INTERNAL),
    (b"\0\0\0\0\x03ab", Code.INTERNAL),
    (b"\x01\0\0\0\x01a", Code.UNIMPLEMENTED),
    (b"\x02\0\0\0\x01a", Code.INTERNAL),
    (b"\xff\0\0\0\x01a", Code.INTERNAL),
    (b"\0\0\0\0\x01ab", Code.UNIMPLEMENTED),
    (b"\0\0\0\0\0\0", Code.UNIMPLEMENTED),
    (b"\0\0\0\0\x01a\0\0\0\0\x01b", Code.UNIMPLEMENTED),
    (b"\0\0\0\0\x65", Code.RESOURCE_EXHAUSTED),
    (b"\0\xff\xff\xff\xff", Code.RESOURCE_EXHAUSTED),
    (b"GET / HTTP/1.1\r\n\r\n", Code.INTERNAL),
])  # fmt: skip
def test_what_is_not_one_whole_plain_message_is_none(octets, code):
    with pytest.raises(CallFailed) as refused:
        read(*(octets[at : at + 1] for at in range(len(octets))))
    assert refused.value.code is code


def test_a_message_that_is_too_large_is_refused_before_it_has_come():
    message = OneMessage(100)
    with pytest.raises(CallFailed):
        message.feed(b"\0\0\0\0\x65")


@pytest.mark.parametrize(("said", "seconds"), [
    (b"1S", 1), (b"1500m", 1.5), (b"2M", 120), (b"1H", 3600), (b"250000u", 0.25), (b"99999999n", 0.099999999),
    (b"0S", 0), (b"00000001S", 1),
])  # fmt: skip
def test_a_time_is_a_number_and_a_unit(said, seconds):
    assert seconds_of(said) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "said", [b"", b"S", b"1", b"1s", b"1 S", b"-1S", b"+1S", b"1.5S", b"123456789S", b"1S\n", b"\xd9\xa1S"]
)
def test_everything_else_is_no_time(said):
    with pytest.raises(CallFailed) as refused:
        seconds_of(said)
    assert refused.value.code is Code.INTERNAL


def test_a_text_is_percent_encoded_in_its_trailer():
    assert list(trailers(Code.INTERNAL, "50 % caf\u00e9\n")) == [
        (b"grpc-status", b"13"),
        (b"grpc-message", b"50 %25 caf%C3%A9%0A"),
    ]
    assert list(trailers(Code.OK)) == [(b"grpc-status", b"0")]


@given(st.integers(100, 999))
def test_no_status_of_a_refusal_becomes_ok(status):
    assert code_of(status) is not Code.OK


@given(st.lists(st.binary(max_size=20), max_size=5))
def test_whatever_comes_is_a_message_or_none(pieces):
    with suppress(CallFailed):
        assert framed(read(*pieces)) == b"".join(pieces)
