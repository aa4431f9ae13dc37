"""Is what Envoy takes for plain read by the gateway in the same way, and no other?"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ostiary.config.schema import MatchSpec
from ostiary.errors import GatewayError
from ostiary.export.envoy import shapes
from ostiary.export.envoy.words import spelt
from ostiary.model import fold
from ostiary.pki.naming import canonical
from ostiary.pki.patterns import NamePattern
from ostiary.routing.match import compile_routes
from ostiary.routing.path import canonical_host, canonical_path

SEGMENT = st.sampled_from(["a", "b", "ab", "a.b", "x-y"])
PATTERN = st.builds(
    lambda parts, end: "/" + "/".join([*parts, *end]),
    st.lists(st.one_of(SEGMENT, st.just("*")), max_size=3),
    st.sampled_from([[], ["**"], [""]]),
).filter(lambda pattern: "//" not in pattern)
PATH = st.builds(
    lambda parts, end: "/" + "/".join(parts) + end, st.lists(SEGMENT, max_size=4), st.sampled_from(["", "/"])
).filter(lambda path: "//" not in path)


def found(patterns: list[str], path: str) -> str | None:
    """Return the pattern that Envoy's table finds."""
    table = sorted(patterns, key=lambda one: (shapes.order(one), one))
    return next((one for one in table if re.fullmatch(shapes.path(one), path)), None)


@given(patterns=st.lists(PATTERN, min_size=1, max_size=6, unique=True), path=PATH)
def test_the_first_route_that_fits_is_the_one_that_the_gateway_finds(patterns: list[str], path: str):
    routes = compile_routes([(MatchSpec(path=one), one) for one in patterns])
    try:
        wanted = routes.find("a", path, "GET")
    except GatewayError:
        wanted = None
    assert found(patterns, path) == wanted


@given(st.text(st.sampled_from("ab/.;%2fF5cC\\~ +é:@"), max_size=12).map(lambda rest: "/" + rest))
def test_a_plain_path_has_one_reading_and_that_is_itself(path: str):
    if re.fullmatch(shapes.PLAIN, path):
        assert canonical_path(path.encode()) == path


@given(PATTERN, st.text(st.sampled_from("ab/.;%x-y"), max_size=8).map(lambda rest: "/" + rest))
def test_what_a_pattern_takes_is_plain(pattern: str, path: str):
    if re.fullmatch(shapes.path(pattern), path):
        assert re.fullmatch(shapes.PLAIN, path)


@given(st.sampled_from([None, "api.example.com", "*.example.com"]), st.text("api.exmplco:0159-_", max_size=20))
def test_a_host_that_is_taken_is_one_of_the_route_s(host: str | None, text: str):
    if re.fullmatch(shapes.host(MatchSpec(host=host, path="/")), text):
        read = canonical_host(text.encode())
        family = "*." + read.partition(".")[2]
        assert host in (None, read, family)


def test_a_host_is_taken_in_capitals_and_with_a_port():
    shape = shapes.host(MatchSpec(host="api.example.com", path="/"))
    taken = ("api.example.com", "API.Example.com:8443")
    others = ("api.example.com.", "xapi.example.com", "apiXexample.com", "api.example.com:99999", "api.example.com:")
    assert all(re.fullmatch(shape, one) for one in taken)
    assert not any(re.fullmatch(shape, one) for one in others)


@given(
    st.sampled_from(
        [
            "spiffe://a.b/x/*",
            "spiffe://a.b/**",
            "**",
            "spiffe://a.b/x",
            "spiffe://*/x",
            "spiffe://**",
            "spiffe://A.b/*",
            "urn:a",
        ]
    ),
    st.text(st.sampled_from("spife:/abA.x*%?#,"), max_size=12).map(lambda rest: "spiffe://" + rest),
)
def test_a_uri_that_is_taken_is_one_that_allow_covers(pattern: str, uri: str):
    if re.fullmatch(shapes.uri(pattern), uri):
        assert NamePattern.parse(pattern, "san.uri").covers(canonical(uri, "san.uri"))
        assert canonical(uri, "san.uri") == uri  # so that names are compared in the spelling that the gateway uses
        assert "," not in uri  # two of them are joined with a comma


@given(st.sampled_from(["X-Subject", "SM_USER", "a.b-c"]), st.text("xXsubjectmr-_.abc", max_size=10))
def test_a_spelling_is_taken_exactly_when_it_folds_to_the_name(name: str, text: str):
    taken = re.fullmatch(spelt(name), text.lower()) is not None
    assert taken == (fold(text.encode()) == fold(name.encode()))


def test_names_stand_for_themselves():
    assert re.fullmatch(spelt("b+c"), "b+c")
    assert not re.fullmatch(spelt("b+c"), "bbc")
    assert re.fullmatch(shapes.escaped("a.b(c)|d$^[x]{2}\\"), "a.b(c)|d$^[x]{2}\\")
