"""Do others understand the blocks that we write, and is nothing in a table that should not be there?"""

from __future__ import annotations

import pytest
from hpack import Decoder as Judge
from hpack import NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from ostiary.http2.hpack.encoder import Encoder

HEAD = [(b":status", b"200"), (b"server", b"legacy"), (b"content-type", b"text/plain"), (b"x-own", b"1")]


def heard(judge: Judge, block: bytes) -> list[tuple[bytes, bytes]]:
    return [(bytes(name), bytes(value)) for name, value in judge.decode(block, raw=True)]


def test_what_is_said_again_takes_an_octet_each():
    encoder, judge = Encoder(), Judge()
    first, second = encoder.encode(HEAD), encoder.encode(HEAD)
    assert heard(judge, first) == heard(judge, second) == HEAD
    assert len(second) == len(HEAD)


def test_a_name_that_everybody_has_is_not_spelt_out():
    assert Encoder().encode([(b"content-type", b"a")]) == b"\x5f\x01a"
    assert Encoder().encode([(b"content-length", b"1234")]) == b"\x0f\x0d\x041234"


@pytest.mark.parametrize("name", [b"set-cookie", b"www-authenticate", b"authorization", b"x-request-id"])
def test_what_is_secret_or_never_comes_twice_is_in_no_table(name):
    encoder, judge = Encoder(), Judge()
    for _ in range(2):
        [field] = judge.decode(encoder.encode([(name, b"value")]), raw=True)
        assert isinstance(field, NeverIndexedHeaderTuple)
    assert not judge.header_table.dynamic_entries


def test_what_is_another_one_next_time_displaces_nothing():
    encoder, judge = Encoder(), Judge()
    for number in range(500):
        fields = [(b"content-length", b"%d" % number), (b"etag", b"%d" % number), (b":status", b"%d" % (300 + number))]
        assert heard(judge, encoder.encode(fields)) == fields
    assert not judge.header_table.dynamic_entries


def test_a_field_that_would_displace_much_is_not_added():
    encoder, judge = Encoder(), Judge()
    heard(judge, encoder.encode([(b"x-large", b"a" * 1100)]))
    assert not judge.header_table.dynamic_entries


@pytest.mark.parametrize(("offers", "most"), [((0,), 0), ((100,), 100), ((1 << 30,), 4096), ((64, 1000), 1000)])
def test_no_more_of_the_table_is_used_than_is_offered_and_never_more_than_usual(offers, most):
    encoder, judge = Encoder(), Judge()
    heard(judge, encoder.encode(HEAD))
    for offer in offers:
        encoder.resize(offer)
    assert encoder.most == most
    for number in range(300):
        fields = [(b"x-different", b"%d" % number * 20), *HEAD]
        assert heard(judge, encoder.encode(fields)) == fields
    assert judge.header_table.maxsize == most


def test_a_table_that_was_small_for_a_while_is_empty_at_both_ends():
    encoder, judge = Encoder(), Judge()
    heard(judge, encoder.encode(HEAD))
    encoder.resize(0)
    encoder.resize(4096)
    block = encoder.encode(HEAD)
    assert block.startswith(b"\x20\x3f\xe1\x1f")
    assert heard(judge, block) == HEAD


NAMES = st.sampled_from([b":status", b"server", b"date", b"set-cookie", b"x-a", b"etag"]) | st.binary(max_size=30)
VALUES = st.sampled_from([b"", b"200", b"a" * 200, b"b" * 2000]) | st.binary(max_size=40)
BLOCKS = st.lists(
    st.tuples(st.lists(st.tuples(NAMES, VALUES), max_size=20), st.none() | st.sampled_from([0, 50, 500, 4096, 9999])),
    max_size=20,
)


@given(BLOCKS)
def test_whatever_we_write_others_read(blocks):
    encoder, judge = Encoder(), Judge(max_header_list_size=1 << 20)
    for fields, offered in blocks:
        if offered is not None:
            encoder.resize(offered)
        assert heard(judge, encoder.encode(fields)) == fields


def test_where_many_share_a_table_only_named_fields_enter_it_and_the_rest_never_anybodys():
    encoder, judge = Encoder(frozenset({b"accept"})), Judge()
    fields = [(b":method", b"GET"), (b"accept", b"text/plain"), (b"x-key", b"secret"), (b"x-own", b"1")]
    for _ in range(2):
        block = encoder.encode(fields)
        found = judge.decode(block, raw=True)
        assert [tuple(one) for one in found] == fields
        assert [one[0] for one in found if isinstance(one, NeverIndexedHeaderTuple)] == [b"x-key", b"x-own"]
    assert [bytes(name) for name, _ in judge.header_table.dynamic_entries] == [b"accept"]
