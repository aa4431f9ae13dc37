"""Which query does an upstream see, where it is not the caller's?"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.query import alike
from ostiary.config.rewriting import QueryRewriteSpec
from ostiary.errors import BadRequest
from ostiary.upstream.rewriting.query import compile_parameters


def seen(query: str, path: str = "/users/42", matched: str = "/users/*", **said: Any) -> str:
    return compile_parameters(QueryRewriteSpec.model_validate(said), matched)(query.encode(), path).decode()


def test_a_segment_of_the_path_becomes_a_parameter() -> None:
    assert seen("", set={"id": "{1}"}) == "id=42"
    assert seen("lang=de", set={"id": "{1}", "format": "json"}) == "lang=de&id=42&format=json"


def test_places_may_stand_within_text_and_a_rest_is_one_value() -> None:
    told = {"at": "v-{2}/{1}", "file": "{rest}"}
    assert seen("", "/a/b/c/d", "/*/*/**", set=told) == "at=v-b%2Fa&file=c%2Fd"


@pytest.mark.parametrize("segment", ["a&admin=1", "a=b", "a;b", "a#b", "a+b", "a b", "ä", "a%26b", "{rest}"])
def test_no_segment_begins_another_parameter(segment: str) -> None:
    query = seen("", f"/users/{segment}", set={"id": "{1}"})
    assert query.count("=") == 1
    assert unquote(query.removeprefix("id=")) == segment
    assert parse_qsl(query) == [("id", segment)]


@pytest.mark.parametrize("theirs", ["id=7", "ID=7", "%69d=7", "id", "id[]=7", "id%5B0%5D=7", "+id=7", "%u0069d=7"])
def test_ours_comes_in_place_of_the_caller_s_in_whatever_spelling(theirs: str) -> None:
    assert seen(f"a=1&{theirs}&b=2", set={"id": "{1}"}) == "a=1&b=2&id=42"


@pytest.mark.parametrize("theirs", ["debug", "debug=1", "DEBUG=1", "d%65bug=1", "debug[x]=1"])
def test_what_is_removed_is_so_in_whatever_spelling(theirs: str) -> None:
    assert seen(f"a=%2F..&{theirs}&b", remove=["debug"]) == "a=%2F..&b"
    assert seen(theirs, remove=["debug"]) == ""


@pytest.mark.parametrize("query", ["a=1;debug=1", "a;DEBUG", "a=1&b=2;%64ebug=1"])
def test_what_some_servers_would_read_as_a_parameter_is_refused(query: str) -> None:
    with pytest.raises(BadRequest, match="semicolon"):
        seen(query, remove=["debug"])


def test_what_is_kept_is_so_to_the_letter_and_all_else_goes() -> None:
    query = "page=1&PAGE=2&p%61ge=3&page[]=4&sort=a;b=1&debug=1&sort=up&"
    assert seen(query, keep=["page", "sort"]) == "page=1&p%61ge=3&sort=up"
    assert seen(query, keep=["none"]) == ""


def test_a_name_of_ours_is_encoded() -> None:
    assert seen("", set={"a&b": "1"}) == "a%26b=1"


def test_what_is_left_of_the_caller_s_stays_as_it_was_received() -> None:
    query = "a=%2f%2F&&b=;=&c=+&=x&d"
    assert seen(query, remove=["debug"]) == query


PIECE = st.text(st.sampled_from("aid=&;%6[]+D.\0"), max_size=12)


@given(st.lists(PIECE, max_size=6).map("&".join))
def test_nobody_else_says_what_we_say(query: str) -> None:
    try:
        told = seen(query, set={"id": "{1}"})
    except BadRequest:
        return
    names = [alike(piece.partition("=")[0].encode()) for part in told.split("&") for piece in part.split(";")]
    assert names.count(b"id") == 1
    assert told.endswith("id=42")
