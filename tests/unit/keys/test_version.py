"""Which version of a key signs, and which are published?"""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.keys.version import KeyVersion, published, signing, turns

KEEP = 100.0


def version(number: int, begins: float = 0.0, ends: float | None = None, *, enabled: bool = True) -> KeyVersion:
    return KeyVersion(str(number), number, None, "ES256", f"kid-{number}", enabled, begins, ends)  # type: ignore[arg-type]


def ids(versions: list[KeyVersion]) -> list[str]:
    return [one.id for one in versions]


def test_the_newest_that_has_begun_signs():
    versions = [version(1), version(2, 10.0), version(3, 20.0)]
    assert [signing(versions, now).id for now in (0.0, 9.9, 10.0, 25.0)] == ["1", "1", "2", "3"]


def test_a_disabled_version_does_not_sign():
    assert signing([version(1), version(2, enabled=False)], 5.0).id == "1"


def test_a_version_does_not_sign_after_its_end():
    assert signing([version(1, ends=10.0)], 9.9).id == "1"
    assert signing([version(1, ends=10.0)], 10.0) is None


def test_nothing_signs_before_it_begins_also_when_there_is_no_other():
    assert signing([version(1, begins=10.0)], 9.0) is None


def test_a_pin_holds():
    versions = [version(1), version(2), version(3)]
    assert signing(versions, 5.0, "2").id == "2"
    assert signing(versions, 5.0, "9") is None


def test_a_new_version_is_published_before_it_signs():
    assert ids(published([version(1), version(2, 50.0)], 0.0, KEEP)) == ["2", "1"]


def test_an_old_version_is_published_until_what_it_signed_has_died():
    versions = [version(1), version(2, 50.0)]
    assert ids(published(versions, 149.9, KEEP)) == ["2", "1"]
    assert ids(published(versions, 150.0, KEEP)) == ["2"]


def test_a_disabled_version_is_not_published():
    assert ids(published([version(1), version(2, enabled=False)], 0.0, KEEP)) == ["1"]


def test_an_old_version_comes_back_when_the_newer_one_is_disabled():
    assert ids(published([version(1), version(2, 50.0, enabled=False)], 500.0, KEEP)) == ["1"]


def test_a_version_that_ended_is_published_a_while_longer():
    versions = [version(1, ends=10.0)]
    assert ids(published(versions, 109.9, KEEP)) == ["1"]
    assert not published(versions, 110.0, KEEP)


def test_with_a_pin_the_pinned_one_and_those_to_come_stay_published():
    versions = [version(1), version(2), version(3)]
    assert ids(published(versions, 500.0, KEEP, "2")) == ["3", "2"]


@pytest.mark.parametrize(("now", "moment"), [(0.0, 10.0), (10.0, 20.0), (20.0, inf)])
def test_it_is_known_when_another_version_may_have_to_sign(now, moment):
    assert turns([version(1, ends=20.0), version(2, 10.0)], now) == moment


VERSIONS = st.lists(st.tuples(st.floats(0, 1000), st.none() | st.floats(0, 1000), st.booleans()), max_size=6).map(
    lambda found: [version(n, begins, ends, enabled=enabled) for n, (begins, ends, enabled) in enumerate(found)]
)


@given(versions=VERSIONS, signed=st.floats(0, 1000), life=st.floats(0, KEEP, exclude_max=True))
def test_what_was_signed_can_be_verified_for_as_long_as_it_lives(versions, signed, life):
    signer = signing(versions, signed)
    if signer is not None:
        assert signer in published(versions, signed + life, KEEP)


@given(versions=VERSIONS, pin=st.integers(0, 5).map(str), signed=st.floats(0, 1000), life=st.floats(0, KEEP - 1))
def test_the_same_holds_with_a_pin(versions, pin, signed, life):
    signer = signing(versions, signed, pin)
    if signer is not None:
        assert signer in published(versions, signed + life, KEEP, pin)


@given(versions=VERSIONS, now=st.floats(0, 1000))
def test_nothing_changes_before_it_was_said_to(versions, now):
    moment = turns(versions, now)
    later = now + (min(moment, 2000.0) - now) * 0.999
    assert later >= moment or signing(versions, now) == signing(versions, later)
