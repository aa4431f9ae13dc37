"""What counts as base64url, and as JSON?"""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import b64

from ostiary.jwks.encoding import MAX_DEPTH, base64url, json_object, unpadded


@given(st.binary(max_size=200))
def test_canonical_base64url_is_read_back(data: bytes) -> None:
    assert base64url(b64(data).encode()) == data


@pytest.mark.attack(19)
@pytest.mark.parametrize(
    "text",
    [
        b"Zg==",
        b"Zg=",
        b"Zh",
        b"Z",
        b"Zm 9v",
        b"Zm9v\n",
        b" Zm9v",
        b"Zm9v?",
        b"Zm9v####",
        b"+/+/",
        b"Zm9\xc3\xa9",
        b"Zm.v",
    ],
)
def test_any_other_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one exception for every fault
        base64url(text)


@pytest.mark.attack(18)
@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e400}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b"[]",
        b'"a"',
        b"null",
        b"1",
        b"",
        b"{",
        b'{"a":1}x',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":01}',
        b'{"a":"\n"}',
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - one exception for every fault
        json_object(text)


@pytest.mark.attack(11)
def test_json_may_be_nested_only_so_deep() -> None:
    inner = MAX_DEPTH - 1
    assert json_object(b'{"a":' + b"[" * inner + b"]" * inner + b"}")
    with pytest.raises(ValueError, match="deeply"):
        json_object(b'{"a":' + b"[" * (inner + 1) + b"]" * (inner + 1) + b"}")
    with pytest.raises(ValueError, match="deeply"):
        json_object(b'{"a":' + b"[" * 100_000)


def test_many_brackets_side_by_side_or_in_text_are_not_deep() -> None:
    assert json_object(b'{"a":[' + b",".join([b"[]"] * 500) + b"]}")
    assert json_object(b'{"a":"' + b"[{" * 500 + b'\\"["}')


def test_escaped_characters_are_read() -> None:
    assert json_object(b'{"a":"\\ud83d\\ude00\\u00e9"}') == {"a": "\U0001f600\xe9"}


@pytest.mark.attack(20)
def test_text_without_an_end_costs_no_more_than_its_length() -> None:
    """Every quote in it may begin a text, and none of them ends one."""
    began = time.process_time()
    for end in (b"", b"\\"):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|nested"):
            json_object(b"{" * (MAX_DEPTH + 1) + b'"' + b'\\"' * 30_000 + end)
    assert time.process_time() - began < 1  # ten seconds each, when it was tried from every quote


@pytest.mark.parametrize("text", ["1.5", "-0.25", "1800000300.5", "1e3", "0.0", "0", "-7", "true", "null", '"a"'])
def test_a_value_is_read_as_what_it_is(text: str) -> None:
    read = json_object(f'{{"a":{text}}}'.encode())["a"]
    assert (read, type(read)) == (json.loads(text), type(json.loads(text)))


@given(st.binary(max_size=40))
def test_what_is_unpadded_is_canonical(data: bytes) -> None:
    assert base64url(unpadded(data).encode()) == data
    assert "=" not in unpadded(data)
