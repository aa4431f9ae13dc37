"""What does a scope grant beside itself?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.authz.scopes import _contains, _matches

SCOPES = st.lists(st.sampled_from(["a", "b", "*", ".", ":", "/", "a*"]), max_size=7).map("".join)


def covers(held: list[str], wanted: list[str]) -> bool:
    """Say it once more, by recursion: a star is one part, or at the end any rest that is not nothing."""
    if not held or not wanted:
        return held == wanted
    if held == ["*"]:
        return True
    return held[0] in ("*", wanted[0]) and covers(held[1:], wanted[1:])


@pytest.mark.parametrize(
    ("held", "wanted", "granted"),
    [
        ("*.read", "accounts.read", True),
        ("*.read", "accounts.read.all", False),
        ("accounts.*.own", "accounts.read.own", True),
        ("accounts.*.own", "accounts.read.own.all", False),
        ("accounts.*", "accounts", False),
        ("accounts.*.*", "accounts.read", False),
        ("accounts.*", "accounts.read.own", True),
        ("accounts", "accounts.read", False),
        ("accounts.read", "accounts.read.all", False),
        ("accounts.read", "accounts:read", False),
        ("accounts:*", "accounts.read", True),
        ("accounts.re*", "accounts.read", False),
        ("*accounts.*", "accounts.read", False),
        ("", "", True),
        ("", ".read", False),
        ("*", "", True),
    ],
)
def test_a_star_is_one_whole_part_or_any_rest(held: str, wanted: str, granted: bool) -> None:
    assert _matches(held, wanted) is granted


@pytest.mark.parametrize(
    ("held", "wanted", "granted"),
    [
        ("", "accounts", False),
        ("", ".accounts", False),
        ("", ":accounts", False),
        ("accounts", "accounts.read", True),
        ("accounts", "accounts:read:own", True),
        ("accounts", "accounts/read", True),
        ("accounts", "accounts-read", False),
        ("accounts", "accountsX", False),
        ("accounts.", "accounts.read", False),
        ("accounts.read", "accounts", False),
        ("read", "accounts.read", False),
    ],
)
def test_a_scope_stands_above_those_that_begin_with_all_of_its_parts(held: str, wanted: str, granted: bool) -> None:
    assert _contains(held, wanted) is granted


@given(SCOPES, SCOPES.filter(lambda wanted: "*" not in wanted))
def test_no_scope_grants_more_than_its_parts_say(held: str, wanted: str) -> None:
    parts = [re.split(r"[.:/]", one) for one in (held, wanted)]
    assert _matches(held, wanted) is (covers(*parts) if "*" in held else held == wanted)
    above = [wanted[:place] for place, letter in enumerate(wanted) if letter in ".:/" and place]
    assert _contains(held, wanted) is (held == wanted or held in above)
