"""Does a block of fields mean to us what it means to others?"""

from __future__ import annotations

import pytest
from hpack import Decoder as Judge
from hpack import Encoder as Maker
from hpack import NeverIndexedHeaderTuple
from hpack.exceptions import HPACKError
from hypothesis import given
from hypothesis import strategies as st

from ostiary.http2.hpack.decoder import Decoder
from ostiary.http2.hpack.errors import CompressionError, ListTooLarge
from ostiary.http2.hpack.integers import integer

LIMIT = 64 << 10
GET = b"\x82\x86\x84"
FIELDS = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/")]


def literal(name: bytes, value: bytes, first: int = 0x40) -> bytes:
    return bytes((first,)) + integer(len(name), 0x7F) + name + integer(len(value), 0x7F) + value


def test_fields_of_the_table_that_everybody_has():
    assert list(Decoder(LIMIT).decode(GET)) == FIELDS


def test_what_was_added_has_an_index_from_then_on():
    decoder = Decoder(LIMIT)
    assert decoder.decode(literal(b"x-a", b"1") + b"\xbe") == [(b"x-a", b"1")] * 2
    assert decoder.decode(literal(b"x-b", b"2") + b"\xbf\xbe") == [(b"x-b", b"2"), (b"x-a", b"1"), (b"x-b", b"2")]


@pytest.mark.parametrize("first", [0x00, 0x10])
def test_what_was_said_without_adding_has_none(first):
    decoder = Decoder(LIMIT)
    assert decoder.decode(literal(b"x-a", b"1", first)) == [(b"x-a", b"1")]
    with pytest.raises(CompressionError):
        decoder.decode(b"\xbe")


def test_a_name_may_be_taken_from_a_table():
    assert Decoder(LIMIT).decode(b"\x44\x02/a" + b"\x7e\x02/b") == [(b":path", b"/a"), (b":path", b"/b")]


def test_the_oldest_make_room_for_the_newest():
    decoder = Decoder(LIMIT)
    for number in range(200):
        decoder.decode(literal(b"x", b"%03d" % number))
    held = 4096 // (32 + 4)
    assert decoder.decode(integer(61 + held, 0x7F, 0x80)) == [(b"x", b"%03d" % (200 - held))]
    with pytest.raises(CompressionError):
        decoder.decode(integer(61 + held + 1, 0x7F, 0x80))


def test_a_field_larger_than_the_table_empties_it():
    decoder = Decoder(LIMIT)
    decoder.decode(literal(b"x", b"1") + literal(b"y", bytes(4096)))
    with pytest.raises(CompressionError):
        decoder.decode(b"\xbe")


def test_the_table_changes_its_size_at_the_beginning_of_a_block():
    decoder = Decoder(LIMIT)
    decoder.decode(literal(b"x", b"1"))
    assert decoder.decode(b"\x20\x3f\xe1\x1f" + GET) == FIELDS
    with pytest.raises(CompressionError):
        decoder.decode(b"\xbe")


def test_a_block_that_is_remembered_is_read_again_when_the_table_has_changed():
    decoder = Decoder(LIMIT)
    decoder.decode(literal(b"x", b"1"))
    assert decoder.decode(b"\xbe") is decoder.decode(b"\xbe")
    decoder.decode(literal(b"x", b"2"))
    assert decoder.decode(b"\xbe") == [(b"x", b"2")]


def test_only_a_few_small_blocks_are_remembered():
    decoder = Decoder(LIMIT)
    for number in range(100):
        decoder.decode(literal(b"x", b"%d" % number, 0))
    decoder.decode(literal(b"x", bytes(3000), 0))
    decoder.decode(GET * 30)
    assert len(decoder._known) <= 16
    assert max(map(len, decoder._known)) <= 2048


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # the index 0
        b"\xff\xff\xff\xff\x7f",  # a large one
        b"\x82\x20",  # a table that changes within a block
        b"\x3f\xe2\x1f",  # one larger than was agreed on
        b"\x40",  # no name
        b"\x40\x01",
        b"\x40\x01x",  # no value
        b"\x40\x01x\x05abc",
        b"\x40\x01x\x81\xff",  # a text that is none
        b"\xff",
    ],
)
def test_what_is_no_block_is_refused(block):
    with pytest.raises(CompressionError):
        Decoder(LIMIT).decode(block)


def test_of_a_list_that_is_too_large_no_more_is_kept_than_its_beginning():
    decoder = Decoder(1000)
    decoder.decode(literal(b"x", b"a" * 400))
    with pytest.raises(ListTooLarge) as caught:
        decoder.decode(b"\xbe" * 1_000_000)
    assert list(caught.value.beginning) == [(b"x", b"a" * 400)] * 2


def test_what_is_behind_a_list_that_is_too_large_is_understood():
    decoder, judge = Decoder(1000), Judge()
    judge.max_header_list_size = 1 << 30
    known, large = literal(b"x", b"1"), literal(b"y", b"a" * 2000) + literal(b"z", b"2")
    assert list(decoder.decode(known + b"\xbe")) == [(b"x", b"1")] * 2
    with pytest.raises(ListTooLarge):
        decoder.decode(large)
    assert list(decoder.decode(b"\xbe")) == [(b"z", b"2")]
    assert [tuple(one) for one in (*judge.decode(known + b"\xbe", raw=True), *judge.decode(large, raw=True))][-1] == (
        b"z",
        b"2",
    )
    assert [tuple(one) for one in judge.decode(b"\xbe", raw=True)] == [(b"z", b"2")]


@pytest.mark.parametrize("wrong", [b"\x80", b"\x20", b"\xff\xff\xff\xff\xff", b"\x40\x05x"])
def test_a_list_that_is_too_large_is_judged_to_its_end(wrong):
    decoder = Decoder(1000)
    with pytest.raises(CompressionError):
        decoder.decode(literal(b"x", b"a" * 2000) + wrong)


def test_a_block_that_was_remembered_is_read_again_behind_a_list_that_is_too_large():
    decoder = Decoder(1000)
    decoder.decode(literal(b"x", b"1"))
    assert list(decoder.decode(b"\xbe")) == [(b"x", b"1")]
    with pytest.raises(ListTooLarge):
        decoder.decode(literal(b"x", b"2") + literal(b"x", b"3") + literal(b"y", b"a" * 2000, 0x00))
    assert list(decoder.decode(b"\xbe")) == [(b"x", b"3")]


NAMES = st.sampled_from([b":method", b":path", b"accept", b"cookie", b"x-a", b"x-b", b"authorization", b"x" * 60])
VALUES = st.sampled_from([b"", b"GET", b"/", b"0", b"a" * 500]) | st.binary(max_size=40)
BLOCKS = st.lists(
    st.tuples(
        st.lists(st.tuples(NAMES, VALUES, st.booleans()), max_size=12),
        st.booleans(),
        st.none() | st.sampled_from([0, 64, 300, 4096]),
    ),
    max_size=12,
)


@given(BLOCKS)
def test_whatever_another_encoder_writes_comes_back(blocks):
    maker, decoder = Maker(), Decoder(1 << 20)
    for fields, compressed, size in blocks:
        if size is not None:
            maker.header_table_size = size
        said = [NeverIndexedHeaderTuple(n, v) if secret else (n, v) for n, v, secret in fields]
        block = maker.encode(said, huffman=compressed)
        assert list(decoder.decode(block)) == [(n, v) for n, v, _ in fields]


@given(st.lists(st.binary(max_size=30) | st.sampled_from([GET, literal(b"x", b"1"), b"\xbe", b"\x20"]), max_size=6))
def test_of_any_octets_both_readings_say_the_same(blocks):
    judge, decoder = Judge(), Decoder(LIMIT)
    for block in blocks:
        try:
            expected = [(bytes(name), bytes(value)) for name, value in judge.decode(block, raw=True)]
        except HPACKError:
            with pytest.raises(CompressionError):
                decoder.decode(block)
            return
        assert list(decoder.decode(block)) == expected
