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
from ostiary.vault.freshness import (
    NEGATIVE,
    SPARING,
    Policy,
    Remedy,
    State,
    Verdict,
    asked,
    exhausted,
    failed,
    judge,
    life,
    outdated,
    patience,
    rejected,
    remedy,
    renews,
    succeeded,
)
from ostiary.vault.record import Lease, SecretRecord

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
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0]


def test_a_vault_that_asks_for_a_pause_gets_it():
    assert failed(fresh(), Throttled("x", retry_after=45.0), 0.0).retry_at == 45.0


@pytest.mark.parametrize("pause", [61.0, 86_400.0, float("inf")])
def test_but_not_one_that_would_never_end(pause):
    assert failed(fresh(), Unavailable("x", retry_after=pause), 5.0).retry_at == 65.0


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


# --- known changes, and what is made for us -----------------------------------------------------


def made(lasts: float = 60.0, *, first: float = 60.0, at: float = 0.0, renewable: bool = True) -> SecretRecord:
    return SecretRecord({}, "1", at, at + lasts, made=True, lease=Lease("lease", first, renewable))


def test_a_change_that_is_known_beforehand_is_asked_for_when_it_comes_and_not_before():
    state = succeeded(SecretRecord({}, "1", 0.0, changes_at=30.0), POLICY, 0.5)
    assert [judge(state, now) for now in (0.0, 29.9, 30.0)] == [Verdict.USE, Verdict.USE, Verdict.FETCH]


def test_a_vault_that_is_down_changes_no_password_so_the_last_one_serves():
    state = failed(succeeded(SecretRecord({}, "1", 0.0, changes_at=30.0), POLICY, 0.5), Sealed("x"), 30.0)
    assert judge(state, 30.5) is Verdict.USE
    assert judge(state, 1100.0) is Verdict.FETCH


def test_a_change_far_off_leaves_the_time_to_live_as_it_is():
    assert life(SecretRecord({}, "1", 0.0, changes_at=5000.0), POLICY, 0.5) == life(record(), POLICY, 0.5)


def test_what_is_made_for_us_is_not_made_anew_by_the_time_to_live():
    state = succeeded(made(3600.0), POLICY, 0.5)
    assert [judge(state, now) for now in (200.0, 2399.0)] == [Verdict.USE, Verdict.USE]
    assert judge(state, 2401.0) is Verdict.USE_AND_FETCH


@given(st.floats(0.0, 1.0), st.floats(0.1, 1e6), st.floats(0.0, 2e6))
def test_a_lease_is_never_outlived_whatever_the_vault_does(chance, lasts, now):
    state = failed(succeeded(made(lasts), Policy(ttl=1e9, max_stale=1e9), chance), Unavailable("x"), lasts / 2)
    if now >= lasts:
        assert judge(state, now) in (Verdict.FETCH, Verdict.REFUSE)


@given(st.floats(0.0, 1.0), st.floats(1.0, 1e6))
def test_a_lease_is_due_while_a_good_part_of_it_is_left(chance, lasts):
    assert lasts * 0.6 <= life(made(lasts), POLICY, chance).due <= lasts * 0.75


def test_a_renewal_that_gives_little_means_that_another_one_is_wanted():
    assert not exhausted(made(30.0))
    assert exhausted(made(29.0))
    assert renews(succeeded(made(30.0), POLICY, 0.5), 1.0)
    assert not renews(succeeded(made(29.0), POLICY, 0.5), 1.0)


@pytest.mark.parametrize(
    "state",
    [
        State(),
        fresh(),
        succeeded(made(renewable=False), POLICY, 0.5),
        rejected(succeeded(made(), POLICY, 0.5), "1"),
    ],
)
def test_what_is_not_lent_or_was_rejected_is_not_renewed(state):
    assert not renews(state, 1.0)


def test_what_was_made_is_used_on_while_another_one_is_fetched_after_a_change():
    state = outdated(succeeded(made(), POLICY, 0.5), 10.0)
    assert judge(state, 10.0) is Verdict.USE_AND_FETCH


# --- rejected by an upstream ---------------------------------------------------------------------


def test_another_version_that_is_there_already_is_the_remedy():
    assert remedy(fresh(), "0", 1.0, POLICY) is Remedy.OTHER


def test_the_same_version_is_asked_about_and_then_not_again_at_once():
    assert remedy(fresh(), "1", 1.0, POLICY) is Remedy.ASK
    same = asked(fresh(), "1", 1.0)
    assert [remedy(same, "1", now, POLICY) for now in (1.0, 1.9, 2.0)] == [Remedy.NONE, Remedy.NONE, Remedy.ASK]


def test_what_has_to_be_made_is_made_anew_sparingly():
    another = asked(succeeded(made(), POLICY, 0.5), "0", 1.0)
    assert remedy(another, "1", 1.0 + SPARING - 0.1, POLICY) is Remedy.NONE
    assert remedy(another, "1", 1.0 + SPARING, POLICY) is Remedy.ASK


def test_a_version_that_was_found_may_be_rejected_in_its_turn_and_the_vault_is_not_asked_sooner():
    another = asked(fresh(), "0", 1.0)
    assert remedy(another, "1", 1.1, POLICY) is Remedy.ASK
    assert patience(1.0, 1.25, POLICY) == 0.75
    assert patience(1.0, 9.0, POLICY) == patience(float("-inf"), 0.0, POLICY) == 0.0


def test_a_dead_record_is_no_remedy():
    assert remedy(fresh(), "0", 5000.0, POLICY) is Remedy.ASK


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_tries_of_many_gateways_are_spread(chance, pause):
    assert failed(State(failures=2), Unavailable("x"), 0.0, chance=chance).retry_at == pause


def test_how_long_a_no_is_believed_is_configured():
    assert failed(fresh(), NotFound("x"), 1.0, negative_ttl=60.0).retry_at == 61.0
