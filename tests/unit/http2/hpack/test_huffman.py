"""Is compressed text read as everybody writes it, and what is not text refused?"""

from __future__ import annotations

import time

import pytest
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hypothesis import example, given
from hypothesis import strategies as st

from ostiary.http2.hpack.errors import CompressionError
from ostiary.http2.hpack.huffman import decode

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


@given(st.binary(max_size=200))
@example(bytes(range(256)))
@example(b"")
def test_text_of_any_octets_comes_back(text):
    assert decode(ENCODER.encode(text)) == text


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~/%", max_size=300))
def test_text_as_it_is_in_heads_comes_back(text):
    assert decode(ENCODER.encode(text.encode())) == text.encode()


@given(st.binary(max_size=12))
@example(b"\xff\xff\xff\xff")
@example(b"\xff")
def test_of_any_octets_both_readings_say_the_same(data):
    try:
        expected = bytes(decode_huffman(data))
    except HPACKDecodingError:
        with pytest.raises(CompressionError):
            decode(data)
    else:
        assert decode(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",  # the end of text, and two bits
        b"\x1f\xff\xff\xff\xff",  # behind a letter
        b"\x18",  # "a", and three bits that are not ones
        b"\x1f\xff",  # "a", and more than seven bits
        b"\xff",  # nothing but eight bits
    ],
)
def test_padding_is_less_than_an_octet_of_ones(data):
    with pytest.raises(CompressionError):
        decode(data)


def test_text_of_rare_characters_costs_about_what_other_text_costs():
    """Their codes have up to thirty bits, of which nobody may be made to look at each."""

    def cost(text):
        data = ENCODER.encode(text)
        began = time.process_time()
        for _ in range(5):
            decode(data)
        return (time.process_time() - began) / len(data)

    cost(b"warm")
    assert cost(b"\n\x16\xf9" * 4000) < 5 * cost(b"abcdefghij" * 4000)
