"""Are numbers written and read as RFC 7541 says (section 5.1)?"""

from __future__ import annotations

import pytest
from hpack.hpack import decode_integer, encode_integer
from hypothesis import given
from hypothesis import strategies as st

from ostiary.http2.hpack.errors import CompressionError
from ostiary.http2.hpack.integers import integer, read_integer


@pytest.mark.parametrize(
    ("value", "bits", "octets"), [(10, 5, b"\x0a"), (1337, 5, b"\x1f\x9a\x0a"), (42, 8, b"\x2a"), (31, 5, b"\x1f\x00")]
)
def test_numbers_of_the_rfc(value, bits, octets):
    assert integer(value, (1 << bits) - 1) == octets
    assert read_integer(octets, 0, (1 << bits) - 1) == (value, len(octets))


@given(st.integers(0, 1 << 28), st.integers(4, 7))
def test_another_reader_reads_what_we_write_and_we_what_it_writes(value, bits):
    octets = integer(value, (1 << bits) - 1)
    assert decode_integer(octets, bits) == (value, len(octets))
    assert read_integer(bytes(encode_integer(value, bits)), 0, (1 << bits) - 1) == (value, len(octets))


def test_the_other_bits_of_the_first_octet_are_kept_and_ignored():
    assert integer(5, 0x0F, 0x10) == b"\x15"
    assert read_integer(b"\xf5", 0, 0x0F) == (5, 1)


@pytest.mark.parametrize("octets", [b"\x1f", b"\x1f\x80", b"\x1f\x80\x80\x80\x80\x00", b"\x1f\xff\xff\xff\xff\x7f"])
def test_a_number_without_an_end_is_refused(octets):
    with pytest.raises(CompressionError):
        read_integer(octets, 0, 0x1F)
