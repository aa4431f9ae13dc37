"""Which path does an upstream see, where it is not the caller's?"""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.rewriting import PathRewriteSpec
from ostiary.errors import BadRequest
from ostiary.routing.path import canonical_path
from ostiary.upstream.rewriting.path import Prefixes, compile_path, encoded

SEGMENT = st.one_of(
    st.sampled_from(
        [
            "a",
            "b.c",
            "~x",
            "..a",
            "a..",
            "...",
            "%41",
            "%2e",
            "%c3%a9",
            "a%20b",
            "a+b",
            "a:b",
            "@",
            "%3b",
            "%3f",
            "%25",
            "%23",
        ]
    ),
    st.text("abcXYZ09-_.~!$&'()*+,=:@", max_size=6),
)


def sent(target: str, matched: str, **said: str) -> str:
    made = compile_path(PathRewriteSpec(**said), matched)
    return encoded(made(canonical_path(target.encode()))).decode()


@pytest.mark.parametrize(
    ("asked", "seen"),
    [("/api", "/"), ("/api/", "/"), ("/api/x", "/x"), ("/api/x/", "/x/"), ("/api/api/x", "/api/x"), ("/api/%61", "/a")],
)
def test_a_prefix_is_taken_away_once_and_as_whole_segments(asked: str, seen: str) -> None:
    assert sent(asked, "/api/**", strip_prefix="/api") == seen


@pytest.mark.parametrize(
    ("asked", "seen"),
    [("/api", "/old/v1"), ("/api/", "/old/v1/"), ("/api/x/y", "/old/v1/x/y"), ("/api/%20", "/old/v1/%20")],
)
def test_one_prefix_comes_in_place_of_another(asked: str, seen: str) -> None:
    assert sent(asked, "/api/**", strip_prefix="/api", add_prefix="/old/v1") == seen


def test_a_prefix_is_put_in_front() -> None:
    assert sent("/accounts/7", "/accounts/*", add_prefix="/v1") == "/v1/accounts/7"
    assert sent("/", "/**", add_prefix="/v1") == "/v1/"


@pytest.mark.parametrize(
    ("template", "seen"),
    [
        ("/konto/{1}", "/konto/7"),
        ("/{2}/of/{1}/{rest}", "/x/of/7/p/q"),
        ("/{rest}", "/p/q"),
        ("/", "/"),
        ("/{1}/{1}", "/7/7"),
    ],
)
def test_a_template_is_filled_with_whole_segments(template: str, seen: str) -> None:
    assert sent("/accounts/7/orders/x/p/q", "/accounts/*/orders/*/**", template=template) == seen


def test_a_rest_keeps_its_slash_at_the_end() -> None:
    assert [sent(f"/a{rest}", "/a/**", template="/b/{rest}") for rest in ("", "/", "/c/")] == ["/b", "/b/", "/b/c/"]


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/api/a%20b", "/a%20b"),
        ("/api/%c3%a9", "/%C3%A9"),
        ("/api/a%3fb", "/a%3Fb"),  # a question mark of the path does not begin a query
        ("/api/a%23b", "/a%23b"),
        ("/api/a%3bb", "/a%3Bb"),
        ("/api/100%25", "/100%25"),
        ("/api/a&b=c", "/a&b=c"),
    ],
)
def test_what_would_mean_something_else_is_encoded_again(asked: str, seen: str) -> None:
    assert sent(asked, "/api/**", strip_prefix="/api") == seen


@pytest.mark.attack(32)
@pytest.mark.parametrize(
    "asked",
    [
        "/api/../x",
        "/api/%2e%2e/x",
        "/api//x",
        "/api/..%2fx",
        "/api/%2fx",
        "/api/..;/x",
        "/api/%252e%252e/x",
        "/api/%5cx",
        "/api/./x",
    ],
)
def test_what_could_climb_is_refused_before_anything_is_rewritten(asked: str) -> None:
    with pytest.raises(BadRequest):
        sent(asked, "/api/**", strip_prefix="/api")


@pytest.mark.attack(32)
@given(segments=st.lists(SEGMENT, max_size=5), number=st.integers(0, 3))
def test_the_path_that_is_sent_has_one_reading_and_it_is_the_one_that_was_meant(
    segments: list[str], number: int
) -> None:
    said, matched = (
        ({"strip_prefix": "/api"}, "/api/**"),
        ({"strip_prefix": "/api", "add_prefix": "/old/é"}, "/api/**"),
        ({"add_prefix": "/v1"}, "/api/**"),
        ({"template": "/legacy/{rest}"}, "/api/**"),
    )[number]
    target = "/".join(["/api", *segments])
    try:
        judged = canonical_path(target.encode())
    except BadRequest:
        return
    made = compile_path(PathRewriteSpec(**said), matched)
    seen = encoded(made(judged))
    assert canonical_path(seen) == made(judged)
    assert b"?" not in seen
    assert b"#" not in seen
    assert not seen.startswith(b"//")


@pytest.mark.attack(37)
@given(
    rest=st.lists(SEGMENT.filter(bool), max_size=4),
    public=st.sampled_from(["", "/api", "/a/b"]),
    own=st.sampled_from(["", "/old", "/x/y"]),
)
def test_the_way_back_of_a_prefix_ends_where_it_began(rest: list[str], public: str, own: str) -> None:
    try:
        path = canonical_path("/".join([public, *rest]).encode() or b"/")
    except BadRequest:
        return
    prefixes = Prefixes(public, own)
    back = prefixes.back(encoded(prefixes(path)))
    assert back is not None
    assert unquote(back.decode()).rstrip("/") == path.rstrip("/")
