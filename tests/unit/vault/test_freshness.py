"""May a record still be used, and should it be fetched anew?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary.vault.errors import (
    AccessDenied,
    Destroyed,
    Misconfigured,
    NotFound,
    Sealed,
    Tampered,
    Throttled,
    Unavailable,
)
from ostiary.vault.freshness import NEGATIVE, Policy, State, Verdict, failed, judge, life, outdated, succeeded
from ostiary.vault.record import SecretRecord

POLICY = Policy(ttl=100.0, max_stale=1000.0)


def record(at: float = 0.0, not_after: float | None = None) -> SecretRecord:
    return SecretRecord({}, "1", at, not_after)


def fresh(**times: float) -> State:
    return succeeded(record(**times), POLICY, 0.5)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (0.0, Verdict.USE),
        (69.9, Verdict.USE),
        (70.1, Verdict.USE_AND_FETCH),
        (99.9, Verdict.USE_AND_FETCH),
        (100.0, Verdict.FETCH),
        (1099.0, Verdict.FETCH),
        (1100.0, Verdict.FETCH),
    ],
)
def test_a_record_is_used_then_fetched_behind_the_requests_then_waited_for(now, verdict):
    assert judge(fresh(), now) is verdict


def test_nothing_known_is_fetched():
    assert judge(State(), 0.0) is Verdict.FETCH


def test_refreshes_of_many_gateways_are_spread():
    assert [life(record(), POLICY, chance).due for chance in (0.0, 0.5, 1.0)] == pytest.approx([65.0, 70.0, 75.0])


@pytest.mark.parametrize("error", [Unavailable("x"), Sealed("x"), Throttled("x")])
def test_an_old_record_is_used_while_the_vault_cannot_answer(error):
    state = failed(fresh(), error, 100.0)
    assert judge(state, 100.5) is Verdict.USE
    assert judge(state, 101.5) is Verdict.USE_AND_FETCH


def test_a_dead_record_is_never_used():
    state = failed(fresh(), Unavailable("x"), 1099.9)
    assert judge(state, 1100.0) is Verdict.REFUSE
    assert judge(state, 1101.0) is Verdict.FETCH


@pytest.mark.parametrize("error", [NotFound("x"), Destroyed("x"), AccessDenied("x"), Misconfigured("x"), Tampered("x")])
def test_a_no_takes_effect_at_once_and_is_believed_for_a_moment(error):
    state = failed(fresh(), error, 10.0)
    assert state.record is None
    assert judge(state, 10.0) is Verdict.REFUSE
    assert judge(state, 10.0 + NEGATIVE) is Verdict.FETCH


def test_pauses_between_tries_double_up_to_a_bound():
    state, pauses = fresh(), []
    for _ in range(8):
        state = failed(state, Unavailable("x"), 0.0)
        pauses.append(state.retry_at)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_a_vault_that_asks_for_a_pause_gets_it():
    assert failed(fresh(), Throttled("x", retry_after=45.0), 0.0).retry_at == 45.0


def test_success_forgets_the_failures():
    assert succeeded(record(), POLICY, 0.5) == State(record(), life(record(), POLICY, 0.5))


def test_a_change_in_the_vault_is_asked_about_before_anything_is_used_again():
    assert judge(outdated(fresh(), 10.0), 10.0) is Verdict.FETCH
    assert judge(outdated(failed(State(), NotFound("x"), 10.0), 10.1), 10.1) is Verdict.FETCH


def test_after_a_change_the_last_copy_serves_only_when_the_vault_cannot_answer():
    assert judge(failed(outdated(fresh(), 10.0), Unavailable("busy"), 10.1), 10.2) is Verdict.USE


@given(st.floats(0, 2000), st.floats(0, 3000), st.floats(0, 1))
def test_a_known_end_of_life_bounds_everything(end, now, chance):
    state = failed(succeeded(record(not_after=end), POLICY, chance), Unavailable("x"), now)
    assert state.life.due <= state.life.old <= state.life.dead <= end
    if now >= end:
        assert judge(state, now) in (Verdict.REFUSE, Verdict.FETCH)
