"""Which names does a pattern cover?"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.errors import ConfigError
from ostiary.pki.naming import canonical
from ostiary.pki.patterns import NamePattern


def covers(pattern: str, name: str, source: str = "san.uri") -> bool:
    return NamePattern.parse(pattern, source).covers(canonical(name, source))


BANK = "spiffe://example.com/bank/**"


@pytest.mark.parametrize(
    "name", ["spiffe://example.com/bank/a", "spiffe://example.com/bank/a/b", "SPIFFE://Example.COM/bank/a"]
)
def test_two_stars_at_the_end_cover_any_rest(name):
    assert covers(BANK, name)


@pytest.mark.parametrize(
    "name",
    [
        "spiffe://example.com/bank",
        "spiffe://example.com/bank/",
        "spiffe://example.com/bank//a",
        "spiffe://example.com/banks/a",
        "spiffe://example.com/BANK/a",
        "spiffe://example.com.evil.example/bank/a",
        "spiffe://evil@example.com/bank/a",
        "spiffe://evil.example/spiffe://example.com/bank/a",
        "https://example.com/bank/a",
        "spiffe:/example.com/bank/a",
        "spiffe://example.com?/bank/a",
        "xspiffe://example.com/bank/a",
    ],
)
def test_two_stars_cover_nothing_beside_their_place(name):
    assert not covers(BANK, name)


@pytest.mark.parametrize(
    "rest", ["..", ".", "../admin", "a/../../admin", "%2e%2e", "a%2fb", "a?b", "a#b", "a\\b", "*", "a*"]
)
def test_a_star_covers_nothing_that_could_be_read_in_two_ways(rest):
    assert not covers(BANK, f"spiffe://example.com/bank/{rest}")


def test_a_name_written_out_is_accepted_as_it_is_written():
    assert covers("https://id.example/a%2Fb?x=1", "https://id.example/a%2Fb?x=1")
    assert not covers("https://id.example/a%2Fb?x=1", "https://id.example/a%2fb?x=1")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("spiffe://example.com/ns/a/sa/web", True),
        ("spiffe://example.com/ns/a/sa/web/x", False),
        ("spiffe://example.com/ns/a/b/sa/web", False),
        ("spiffe://example.com/ns//sa/web", False),
        ("spiffe://example.com/ns/a/sa/Web", False),
    ],
)
def test_one_star_covers_exactly_one_part_of_a_uri(name, covered):
    assert covers("spiffe://example.com/ns/*/sa/web", name) is covered


def test_one_star_may_stand_for_the_trust_domain():
    assert covers("spiffe://*/web", "spiffe://any.example/web")
    assert not covers("spiffe://*/web", "spiffe:///web")
    assert not covers("spiffe://*/web", "spiffe://a/b/web")


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("a.example.com", True),
        ("A.Example.COM", True),
        ("a.b.example.com", False),
        (".example.com", False),
        ("example.com", False),
        ("*.example.com", False),
        ("a.example.com.", False),
        ("a.example.com.evil.example", False),
    ],
)
def test_one_star_covers_exactly_one_label_of_a_host(name, covered):
    assert covers("*.example.com", name, "san.dns") is covered


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("joe@example.com", True),
        ("joe@EXAMPLE.com", True),
        ("joe@evil.example", False),
        ("a@b@example.com", False),
        ("@example.com", False),
    ],
)
def test_one_star_covers_the_local_part_of_a_mail_address(name, covered):
    assert covers("*@example.com", name, "san.email") is covered


def test_the_local_part_of_a_mail_address_is_compared_with_its_case():
    assert not covers("joe@example.com", "Joe@example.com", "san.email")


@pytest.mark.attack(59)
@pytest.mark.parametrize("other", ["john-doe", "John-Doe ", "John-Doe,CN=admin", "John-D\u043ee", "John-Doe.example"])
def test_a_common_name_is_compared_exactly(other):
    assert covers("John-Doe", "John-Doe", "cn")
    assert not covers("John-Doe", other, "cn")


def test_a_common_name_is_one_part_whatever_is_in_it():
    assert covers("*", "any/thing.at all", "cn")
    assert not covers("*", "", "cn")


@pytest.mark.parametrize(
    ("source", "name"),
    [("cn", "a b"), ("san.dns", "a.b"), ("san.uri", "urn:a:b"), ("san.uri", "spiffe://a/b"), ("san.email", "a@b")],
)
def test_two_stars_alone_cover_every_name(source, name):
    assert covers("**", name, source)


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("san.uri", "spiffe://example.com/ba*"),
        ("san.uri", "spiffe://**/bank"),
        ("san.uri", "spiffe://example.com/**/bank"),
        ("san.uri", "spiffe://example.com/a**"),
        ("san.uri", "spiffe://example.com/***"),
        ("san.uri", "*://example.com/a"),
        ("san.dns", "api.**"),
        ("san.dns", "**.example.com"),
        ("san.dns", "a*.example.com"),
        ("san.email", "*@**"),
        ("cn", "John*"),
    ],
)
def test_a_star_that_says_too_little_or_too_much_is_a_mistake_of_the_file(source, pattern):
    with pytest.raises(ConfigError, match="allow"):
        NamePattern.parse(pattern, source)


@given(st.text(alphabet="ab/.:*%@", max_size=20))
def test_a_pattern_without_stars_covers_only_itself(name):
    pattern = NamePattern.parse("spiffe://a/b", "san.uri")

    assert pattern.covers(canonical(name, "san.uri")) is (canonical(name, "san.uri") == "spiffe://a/b")


@given(st.text(max_size=40), st.sampled_from(["cn", "san.uri", "san.dns", "san.email"]))
def test_a_canonical_name_stays_as_it_is(name, source):
    assert canonical(canonical(name, source), source) == canonical(name, source)


def test_long_names_take_no_longer_than_their_length():
    pattern = NamePattern.parse("spiffe://a/" + "/".join("*" * 50) + "/**", "san.uri")
    name = "spiffe://a/" + "/".join("a" * 200_000) + "/*"
    begin = time.perf_counter()

    assert not pattern.covers(name)
    assert time.perf_counter() - begin < 2
