"""Which route is a request for?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.schema import MatchSpec
from ostiary.errors import MethodNotAllowed, RouteNotFound
from ostiary.routing.match import compile_routes

Entry = tuple[str | None, str, tuple[str, ...] | None]


def spec(path: str, host: str | None = None, methods: Sequence[str] | None = None) -> MatchSpec:
    return MatchSpec.model_validate({"path": path, "host": host, "methods": methods})


def found(patterns: Sequence[str], path: str) -> str | None:
    routes = compile_routes([(spec(pattern), pattern) for pattern in patterns])
    try:
        return routes.find("a.example", path, "GET")
    except RouteNotFound:
        return None


@pytest.mark.parametrize("path", ["/a", "/a/", "/a/b", "/a/b/c"])
def test_two_stars_match_the_path_before_them_and_everything_below(path: str) -> None:
    assert found(["/a/**"], path) == "/a/**"


@pytest.mark.parametrize("path", ["/", "/ab", "/b/a", "/A", "/A/b"])
def test_two_stars_do_not_match_beside_or_above_or_in_another_case(path: str) -> None:
    assert found(["/a/**"], path) is None


@pytest.mark.parametrize(("path", "match"), [("/r/1/s", True), ("/r//s", False), ("/r/s", False), ("/r/1/2/s", False)])
def test_a_star_is_exactly_one_segment(path: str, match: bool) -> None:
    assert (found(["/r/*/s"], path) is not None) is match


def test_a_star_is_not_the_nothing_behind_a_final_slash() -> None:
    assert found(["/a/*"], "/a/") is None
    assert found(["/a/*", "/a/**"], "/a/") == "/a/**"


def test_two_routes_may_have_their_star_in_the_same_place() -> None:
    patterns = ["/r/*/s", "/r/*/t", "/*/*/u", "/*/x"]
    for order in (patterns, patterns[::-1]):
        assert found(order, "/r/1/s") == "/r/*/s"
        assert found(order, "/r/1/t") == "/r/*/t"
        assert found(order, "/r/1/u") == "/*/*/u"
        assert found(order, "/q/x") == "/*/x"


def test_the_path_itself_comes_before_everything_below_it_whichever_was_first() -> None:
    for order in (["/a", "/a/**"], ["/a/**", "/a"]):
        assert found(order, "/a") == "/a"
        assert found(order, "/a/") == "/a/**"


def test_a_route_that_is_added_counts_for_what_was_asked_before() -> None:
    routes = compile_routes([(spec("/**"), "all")])
    assert routes.find("a.example", "/a", "GET") == "all"
    routes.add(spec("/a"), "one")
    assert routes.find("a.example", "/a", "GET") == "one"
    assert len(routes) == 2


@pytest.mark.parametrize(("length", "remembered"), [(256, 1), (257, 0)])
def test_a_path_of_any_length_is_found_and_a_long_one_is_not_remembered(length: int, remembered: int) -> None:
    routes = compile_routes([(spec("/**"), "all")])
    assert routes.find("a.example", "/" + "a" * (length - 1), "GET") == "all"
    assert len(routes._found) == remembered


def test_a_final_slash_is_part_of_the_path() -> None:
    assert found(["/a", "/a/"], "/a/") == "/a/"
    assert found(["/a"], "/a/") is None


def test_a_star_in_the_request_is_only_a_letter() -> None:
    assert found(["/a/*", "/a/b"], "/a/*") == "/a/*"
    assert found(["/a/b", "/a/**"], "/a/**") == "/a/**"
    assert found(["/a/b"], "/a/*") is None


@pytest.mark.parametrize(
    ("path", "best"),
    [("/a/b", "/a/b"), ("/a/c", "/a/*"), ("/a", "/a/**"), ("/a/c/d", "/a/**"), ("/z/b", "/*/b"), ("/z", "/**")],
)
def test_literal_goes_before_star_before_two_stars(path: str, best: str) -> None:
    assert found(["/**", "/*/b", "/a/**", "/a/*", "/a/b"], path) == best


def test_a_literal_branch_that_leads_nowhere_is_left_again() -> None:
    assert found(["/a/b/c", "/*/b/d"], "/a/b/d") == "/*/b/d"


def host_of(hosts: Sequence[str | None], host: str) -> str:
    return compile_routes([(spec("/a", one), one or "any") for one in hosts]).find(host, "/a", "GET")


def test_the_name_goes_before_the_star_before_any_host() -> None:
    hosts = [None, "*.example.com", "api.example.com"]
    assert host_of(hosts, "api.example.com") == "api.example.com"
    assert host_of(hosts, "www.example.com") == "*.example.com"
    assert host_of(hosts, "example.com") == "any"
    assert host_of(hosts, "evil.net") == "any"


def test_the_star_of_a_host_is_exactly_one_label() -> None:
    for host in ("a.b.example.com", "example.com", "badexample.com"):
        with pytest.raises(RouteNotFound):
            host_of(["*.example.com"], host)


def test_a_host_without_the_path_gives_way_to_a_lesser_host() -> None:
    routes = compile_routes([(spec("/a", "x.example"), "exact"), (spec("/b"), "any")])
    assert routes.find("x.example", "/b", "GET") == "any"
    with pytest.raises(RouteNotFound):
        routes.find("x.example", "/c", "GET")


def test_the_path_decides_before_the_method() -> None:
    routes = compile_routes([(spec("/a/b", methods=["PUT", "GET"]), "narrow"), (spec("/a/**"), "wide")])
    with pytest.raises(MethodNotAllowed) as caught:
        routes.find("h", "/a/b", "DELETE")
    assert set(caught.value.allow) == {"GET", "PUT"}


def test_the_host_decides_before_the_method() -> None:
    routes = compile_routes([(spec("/a", "h", ["GET"]), "narrow"), (spec("/a"), "wide")])
    with pytest.raises(MethodNotAllowed):
        routes.find("h", "/a", "POST")


@pytest.mark.attack(31, 38)
def test_methods_are_case_sensitive_and_head_is_not_get() -> None:
    routes = compile_routes([(spec("/a", methods=["GET"]), "read")])
    for method in ("get", "HEAD", ""):
        with pytest.raises(MethodNotAllowed):
            routes.find("h", "/a", method)


def test_routes_of_one_path_share_it_by_method() -> None:
    routes = compile_routes([(spec("/a", methods=["GET"]), "read"), (spec("/a", methods=["POST"]), "write")])
    assert routes.find("h", "/a", "GET") == "read"
    assert routes.find("h", "/a", "POST") == "write"


# --- the same rules once more, as slowly as they read ------------------------------------------

LITERAL, STAR, REST = 2, 1, 0


def rank(pattern: list[str], path: list[str]) -> list[int] | None:
    """How well a pattern fits, segment by segment, or None when it does not."""
    ranks = []
    for position, segment in enumerate(pattern):
        if segment == "**":
            return [*ranks, REST]
        if position >= len(path) or not (segment == path[position] or (segment == "*" and path[position])):
            return None
        ranks.append(STAR if segment == "*" else LITERAL)
    return [*ranks, LITERAL] if len(pattern) == len(path) else None


def slowly(entries: Sequence[Entry], host: str, path: str, method: str) -> int | str:
    fits = {None, host, "*." + host.partition(".")[2]}
    for name in sorted(fits, key=lambda one: (one is None, one != host)):
        ranked = [(rank(p[1:].split("/"), path[1:].split("/")), p) for h, p, _ in entries if h == name]
        best = max(((fit, p) for fit, p in ranked if fit is not None), default=None)
        if best is not None:
            same = [index for index, entry in enumerate(entries) if entry[:2] == (name, best[1])]
            return next((index for index in same if method in (entries[index][2] or (method,))), "method")
    return "route"


SEGMENT = st.sampled_from(["a", "b", "*"])
PATTERN = st.builds(
    lambda parts, end: "/" + "/".join([*parts, *end]),
    st.lists(SEGMENT, max_size=3),
    st.sampled_from([["**"], [""], ["a"], ["*"]]),
)
HOST = st.sampled_from([None, "x.y", "*.y"])
METHODS = st.sampled_from([None, ("GET",), ("POST",)])
ENTRIES = st.lists(st.tuples(HOST, PATTERN, METHODS), max_size=12, unique_by=lambda entry: entry[:2])
PATH = st.lists(st.sampled_from(["a", "b", "c"]), max_size=4).flatmap(
    lambda parts: st.sampled_from(["/" + "/".join(parts), "/" + "/".join([*parts, ""])])
)


@given(ENTRIES, st.sampled_from(["x.y", "z.y", "z"]), PATH, st.sampled_from(["GET", "POST"]))
def test_the_tree_finds_what_reading_every_route_finds(entries: list[Entry], host: str, path: str, method: str) -> None:
    routes = compile_routes([(spec(p, h, m), index) for index, (h, p, m) in enumerate(entries)])
    answer: int | str
    try:
        answer = routes.find(host, path, method)
    except RouteNotFound:
        answer = "route"
    except MethodNotAllowed:
        answer = "method"
    assert answer == slowly(entries, host, path, method)
