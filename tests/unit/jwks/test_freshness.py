"""When is a key set fetched, and when does it stop counting?"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.jwks.freshness import Freshness, Patience

PATIENCE = Patience(refresh=600, max_stale=86_400, cooldown=10)
FETCHED = Freshness().succeeded(1000)


def test_the_first_fetch_is_due_at_once() -> None:
    assert Freshness().next_fetch(PATIENCE, 0.5) < 0


def test_without_a_fetch_nothing_counts() -> None:
    assert Freshness().void_from(PATIENCE) == -math.inf


def test_a_key_set_counts_while_fresh_and_then_for_as_long_as_it_may_be_stale() -> None:
    assert FETCHED.void_from(PATIENCE) == 1000 + 600 + 86_400


@pytest.mark.parametrize(
    ("lifetime", "fresh"), [(None, 600), (0, 60), (59, 60), (60, 60), (61, 61), (599, 599), (600, 600), (9e9, 600)]
)
def test_its_sender_may_ask_for_less_down_to_the_least_and_never_for_more(lifetime: float | None, fresh: float) -> None:
    patience = replace(PATIENCE, least=60)
    assert patience.fresh_for(lifetime) == fresh
    state = Freshness().succeeded(1000, lifetime)
    assert state.next_fetch(patience, 0) == 1000 + fresh
    assert state.void_from(patience) == FETCHED.void_from(PATIENCE), "when it stops counting is not the sender's to say"


def test_failures_do_not_prolong_a_key_set() -> None:
    assert FETCHED.failed_at(1500).failed_at(9000).void_from(PATIENCE) == FETCHED.void_from(PATIENCE)


@given(st.floats(0, 1))
def test_the_next_fetch_comes_before_the_key_set_is_stale(chance: float) -> None:
    assert 1000 + 480 <= FETCHED.next_fetch(PATIENCE, chance) <= 1000 + 600


@given(st.floats(0, 1))
def test_a_failed_fetch_is_left_alone_for_a_cooldown_then_two_then_four(chance: float) -> None:
    state = FETCHED
    for pause in (10, 20, 40, 40, 40):
        state = state.failed_at(2000)
        assert 2000 + pause <= state.next_fetch(PATIENCE, chance) <= 2000 + pause * 1.2
        assert not state.may_ask(PATIENCE, 2000 + pause - 0.1)
        assert state.may_ask(PATIENCE, 2000 + pause)


def test_without_any_keys_it_is_tried_every_cooldown() -> None:
    state = Freshness().failed_at(0).failed_at(10).failed_at(20)
    assert state.next_fetch(PATIENCE, 0) == 30


def test_unknown_key_ids_cause_one_fetch_in_a_cooldown() -> None:
    assert FETCHED.may_ask(PATIENCE, 1000)
    asked = FETCHED.asked_at(PATIENCE, 1000)
    assert not asked.may_ask(PATIENCE, 1009.9)
    assert asked.may_ask(PATIENCE, 1010)


def flooded(seconds: int, state: Freshness = FETCHED) -> tuple[Freshness, list[int]]:
    """What a flood of unknown key ids comes to that begins at 1000: the fetches, each of them answered."""
    fetches = []
    for now in range(1000, 1000 + seconds):
        if state.may_ask(PATIENCE, now):
            fetches.append(now)
            state = state.asked_at(PATIENCE, now).succeeded(now)
    return state, fetches


def test_a_flood_that_brings_nothing_is_answered_ever_more_seldom() -> None:
    assert flooded(60)[1] == [1000, 1010, 1030]
    assert flooded(200)[1] == [1000, 1010, 1030, 1070, 1110, 1150, 1190]


def test_a_new_key_ends_that() -> None:
    state, fetches = flooded(60)
    state = state.rewarded()
    assert not state.may_ask(PATIENCE, fetches[-1] + 9)
    assert state.may_ask(PATIENCE, fetches[-1] + 10)


def test_when_nobody_has_asked_for_twice_as_long_it_is_forgotten() -> None:
    state, fetches = flooded(60)  # the last at 1030, and none before 1070
    assert not state.asked_at(PATIENCE, fetches[-1] + 79).may_ask(PATIENCE, fetches[-1] + 79 + 39)
    assert state.asked_at(PATIENCE, fetches[-1] + 80).may_ask(PATIENCE, fetches[-1] + 80 + 10)


def test_whoever_is_told_to_come_back_is_told_the_longer_time() -> None:
    state, fetches = flooded(60)
    assert state.ask_after(PATIENCE, fetches[-1] + 1) == 39


def test_a_success_ends_the_failures() -> None:
    assert FETCHED.failed_at(1100).failed_at(1200).succeeded(1300) == Freshness().succeeded(1300)


def test_the_caller_is_told_when_the_next_attempt_will_have_been() -> None:
    assert FETCHED.failed_at(2000).retry_after(PATIENCE, 2000) == 12
    assert FETCHED.failed_at(2000).retry_after(PATIENCE, 5000) == 1
    assert Freshness().retry_after(PATIENCE, 5000) == 1


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), max_size=60))
def test_whatever_arrives_unknown_key_ids_cause_one_fetch_in_a_cooldown(arrivals: list[tuple[float, bool]]) -> None:
    state, now, fetches = FETCHED, 1000.0, []
    for pause, answered in arrivals:
        now += pause
        if state.may_ask(PATIENCE, now):
            fetches.append(now)
            state = state.asked_at(PATIENCE, now)
            state = state.succeeded(now) if answered else state.failed_at(now)
    assert all(later >= earlier + PATIENCE.cooldown for earlier, later in pairwise(fetches))
