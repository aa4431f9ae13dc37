"""What may a file say of rewriting?"""

from __future__ import annotations

import pytest

from ostiary.config.checks.rewriting import _PROXIES, _THEIRS, begins_with, places
from ostiary.config.rewriting import path_prefix, path_template, sent_host
from ostiary.config.values import Refused
from ostiary.upstream.headers import PRETENCE, PRETENCES


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "",
        "api",
        "/api/",
        "//a",
        "/a//b",
        "/.",
        "/a/..",
        "/a*",
        "/{1}",
        "/a%2fb",
        "/a?b",
        "/a#b",
        "/a;b",
        "/a\\b",
        7,
    ],
)
def test_a_prefix_is_whole_plain_segments(text: object) -> None:
    with pytest.raises(Refused):
        path_prefix(text)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "/x/",
        "//x",
        "/..",
        "/{0}",
        "/{}",
        "/a{1}",
        "/{1}{2}",
        "/{rest}/x",
        "/x?a={1}",
        "/*",
        "/**",
        "/%2e",
        "/a;b",
        None,
    ],
)
def test_a_place_of_a_template_is_a_whole_segment(text: object) -> None:
    with pytest.raises(Refused):
        path_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "legacy",
        "*.example.com",
        "a.example:",
        "a.example:0",
        "a.example:65536",
        "a.example/x",
        "a b.example",
        "user@a.example",
        5,
    ],
)
def test_a_host_is_one_name(text: object) -> None:
    with pytest.raises(Refused):
        sent_host(text)


def test_a_host_may_have_a_port() -> None:
    assert [sent_host(one) for one in ("preserve", "Legacy.Example", "legacy:8080")] == [
        "preserve",
        "legacy.example",
        "legacy:8080",
    ]


@pytest.mark.parametrize(
    ("matched", "prefix", "holds"),
    [
        ("/api/**", "/api", True),
        ("/api", "/api", True),
        ("/api/*", "/api", True),
        ("/apiary/**", "/api", False),
        ("/**", "/api", False),
        ("/*/x", "/api", False),
        ("/api/**", "/api/v1", False),
    ],
)
def test_a_prefix_can_be_taken_away_where_every_path_has_it(matched: str, prefix: str, holds: bool) -> None:
    assert begins_with(matched, prefix) is holds


def test_places_are_what_the_pattern_leaves_open() -> None:
    assert places("/a/*/b/*/**") == ("1", "2", "rest")
    assert places("/a") == ()


def test_what_only_a_proxy_may_say_is_known_to_the_language_as_well() -> None:
    assert PRETENCE <= _THEIRS
    assert _PROXIES == PRETENCES
