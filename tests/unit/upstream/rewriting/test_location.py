"""Where does what an upstream says of its own places lead a caller?"""

from __future__ import annotations

import pytest

from ostiary.upstream.rewriting.location import WayBack, way_back
from ostiary.upstream.rewriting.path import Prefixes

CALLED = b"api.example.com:8443"


def back(public: str = "/api", own: str = "/old", host: str = "endpoint") -> WayBack:
    return way_back(Prefixes(public, own), host, ["http://legacy.internal:9000", "https://legacy.internal:443"])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"/old/x?a=b#c", b"/api/x?a=b#c"),
        (b"/old", b"/api"),
        (b"/old/", b"/api/"),
        (b"/old?x", b"/api?x"),
        (b"http://legacy.internal:9000/old/x", b"/api/x"),
        (b"HTTPS://Legacy.Internal/old/x?y", b"/api/x?y"),
        (b"//legacy.internal/old/x", b"/api/x"),
    ],
)
def test_what_leads_to_the_upstream_leads_back_through_the_route(said: bytes, told: bytes) -> None:
    assert back().location(said, CALLED) == told


@pytest.mark.parametrize(
    "said",
    [
        b"https://id.example.com/login?next=/old/x",
        b"http://legacy.internal:9001/old/x",
        b"http://legacy.internal@evil.example/old/x",
        b"http://legacy.internal.evil.example/old/x",
        b"/older/x",
        b"/elsewhere",
        b"x/y",
        b"?page=2",
        b"../up",
        b"mailto:somebody@example.com",
        b"",
    ],
)
def test_what_leads_anywhere_else_stays_as_it_is(said: bytes) -> None:
    assert back().location(said, CALLED) == said


def test_an_upstream_that_is_told_the_caller_s_host_may_call_itself_that() -> None:
    said = b"http://api.example.com:8443/old/x"
    assert back(host="preserve").location(said, CALLED) == b"/api/x"
    assert back(host="endpoint").location(said, CALLED) == said


def test_a_name_that_it_is_called_by_is_its_own() -> None:
    assert back(host="legacy.example").location(b"http://legacy.example/old/x", CALLED) == b"/api/x"


def test_many_write_the_port_that_they_listen_on_behind_the_name_that_they_were_called_with() -> None:
    named = back(host="legacy.example").location(b"http://legacy.example:9000/old/x", CALLED)
    preserved = back(host="preserve").location(b"http://api.example.com:9000/old/x", CALLED)
    other = back(host="preserve").location(b"http://api.example.com:9001/old/x", CALLED)
    assert (named, preserved) == (b"/api/x", b"/api/x")
    assert other == b"http://api.example.com:9001/old/x"


@pytest.mark.parametrize(
    "said",
    [
        b"/old//evil.example/x",
        b"/old/\\evil.example",
        b"http://legacy.internal:9000/old//evil.example",
        b"/old/\tevil.example",
        b"/\\evil.example",
        b"//evil.example/old/x",
    ],
)
def test_no_path_becomes_the_name_of_a_host(said: bytes) -> None:
    told = back(public="", own="/old").location(said, CALLED)
    assert told == said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"s=1; Path=/old; HttpOnly", b"s=1; Path=/api; HttpOnly"),
        (b"s=1; path=/old/x", b"s=1; Path=/api/x"),
        (b"s=1; Path=/", b"s=1; Path=/api"),
        (b"s=1; Path=/elsewhere", b"s=1; Path=/elsewhere"),
        (b"s=1", b"s=1"),
        (b"s=a=b; Secure; SameSite=Lax", b"s=a=b; Secure; SameSite=Lax"),
        (b"s=1; Domain=legacy.internal; Path=/old", b"s=1; Path=/api"),
        (b"s=1; Domain=.internal", b"s=1"),
        (b"s=1; Domain=example.com", b"s=1; Domain=example.com"),
        (b"__Host-s=1; Path=/; Secure", b"__Host-s=1; Path=/; Secure"),
    ],
)
def test_a_cookie_of_the_upstream_s_is_one_of_the_route_s(said: bytes, told: bytes) -> None:
    assert back().cookie(said) == told


def test_a_cookie_for_the_whole_upstream_is_not_shown_to_others() -> None:
    assert back(own="").cookie(b"s=1; Path=/") == b"s=1; Path=/api"
    assert back(own="").cookie(b"s=1; Path=/x") == b"s=1; Path=/api/x"
