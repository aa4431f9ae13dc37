"""When does another certificate take the place of the one that a token names?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.tokens import NOW, Clock
from tests.unit.authn.test_dpop import renewed

from ostiary.authn.bound import Renewals
from ostiary.authn.memory import Memory
from ostiary.authn.rehearsal import rehearsed
from ostiary.errors import InvalidToken
from ostiary.model import Certificate

WINDOW = 3600.0


def another(began: float, **changes: Any) -> Certificate:
    """Return a certificate with a key of its own."""
    return replace(renewed(began, **changes), thumbprint=f"{began} {changes}")


class Door:
    """A connection after the other, with one token."""

    def __init__(self, old: Certificate) -> None:
        self.clock, self.memory = Clock(NOW), Memory()
        self.old = old
        self.renewals = Renewals(WINDOW, self.clock, self.memory)

    def lets(self, shown: Certificate | None) -> bool:
        try:
            self.renewals.check(self.old.thumbprint, shown)
        except InvalidToken:
            return False
        return True


@pytest.mark.parametrize(
    ("began", "lets"),
    [(NOW, True), (NOW + 0.001, False), (NOW - WINDOW, True), (NOW - WINDOW - 0.001, False), (NOW - 4999, False)],
)
def test_how_long_the_new_one_may_take_its_place_is_exact(began: float, lets: bool) -> None:
    door = Door(another(NOW - 5000))
    assert door.lets(door.old)
    assert door.lets(another(began)) is lets


@pytest.mark.parametrize("age", [0, 1])
def test_what_began_no_later_has_not_replaced_it(age: float) -> None:
    door = Door(another(NOW - 100))
    assert door.lets(door.old)
    assert not door.lets(replace(another(NOW - 100 - age), thumbprint="another"))


def test_nothing_takes_the_place_of_what_was_never_seen() -> None:
    door = Door(another(NOW - 100))
    assert not door.lets(another(NOW))
    assert not door.lets(None)
    with rehearsed():
        assert door.lets(door.old)
    assert not door.lets(another(NOW))


NAMES = [
    {"subject": "CN=bob"},
    {"issuer": "CN=another ca"},
    {"san_uris": ("spiffe://example.com/bob",)},
    {"san_dns": ("bob.example.com",)},
    {"san_emails": ("bob@example.com",)},
    {"san_upns": ("bob@example.com",)},
]


@pytest.mark.parametrize("changes", NAMES, ids=lambda changes: next(iter(changes)))
def test_somebody_else_never_takes_its_place(changes: dict[str, Any]) -> None:
    door = Door(another(NOW - 100))
    assert door.lets(door.old)
    assert door.lets(another(NOW))
    assert not door.lets(another(NOW, **changes))


@pytest.mark.parametrize(
    "name", [{"subject": "CN=a"}, *({one: ("a",)} for one in ("san_uris", "san_dns", "san_emails", "san_upns"))]
)
def test_one_name_is_enough_to_be_somebody(name: dict[str, Any]) -> None:
    told = {"subject": "", **name}
    door = Door(another(NOW - 100, **told))
    assert door.lets(door.old)
    assert door.lets(another(NOW, **told))


def test_who_has_no_name_is_nobody_but_himself() -> None:
    door = Door(another(NOW - 100, subject=""))
    assert door.lets(door.old)
    assert not door.lets(another(NOW, subject=""))
    assert door.lets(door.old)


def test_the_same_values_in_another_field_are_another_name() -> None:
    door = Door(another(NOW - 100, san_dns=("a",)))
    assert door.lets(door.old)
    assert not door.lets(another(NOW, san_emails=("a",)))


def test_what_another_process_has_seen_is_seen_once_and_then_known_here() -> None:
    door = Door(another(NOW - 100))
    other = Renewals(WINDOW, door.clock, door.memory)
    assert door.lets(door.old)
    other.check(door.old.thumbprint, another(NOW))
    with pytest.raises(InvalidToken):
        Renewals(WINDOW, door.clock, Memory()).check(door.old.thumbprint, another(NOW))
