"""Do the times of a record depend on nothing but the record, to the moment, whenever it was fetched?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostiary.vault.errors import NotFound, Unavailable
from ostiary.vault.freshness import (
    Policy,
    State,
    Verdict,
    exhausted,
    failed,
    judge,
    life,
    outdated,
    renews,
    succeeded,
)
from ostiary.vault.record import Lease, SecretRecord

AT = 5000.0
POLICY = Policy(ttl=100.0, max_stale=1000.0)
LEASE = Lease("lease", 90.0, renewable=True)


def record(lasts: float | None = None, *, changes: float | None = None, made: bool = False, lease: Lease | None = None):
    return SecretRecord(
        {},
        "1",
        AT,
        None if lasts is None else AT + lasts,
        None if changes is None else AT + changes,
        made=made,
        lease=lease,
    )


@pytest.mark.parametrize(
    ("one", "due", "old", "dead"),
    [
        (record(), 70, 100, 1100),
        (record(5000), 70, 100, 1100),
        (record(500), 70, 100, 500),
        (record(60), 42, 60, 60),
        (record(changes=50), 50, 50, 1100),
        (record(changes=100), 100, 100, 1100),
        (record(changes=101), 70, 100, 1100),
        (record(80, changes=50), 50, 50, 80),
        (record(9000, made=True), 6000, 9000, 9000),
        (record(90, made=True), 60, 90, 90),
        (record(made=True), 70, 100, 1100),
    ],
)
def test_a_life_begins_when_the_record_was_asked_for(one: SecretRecord, due: float, old: float, dead: float) -> None:
    times = life(one, POLICY, 0.5)
    assert (times.due, times.old, times.dead) == pytest.approx((AT + due, AT + old, AT + dead))


def test_the_time_to_live_counts_for_what_is_only_kept_however_long_the_vault_keeps_it() -> None:
    state = succeeded(record(10**6), POLICY, 0.5)
    assert judge(state, AT + 99.9) is Verdict.USE_AND_FETCH
    assert judge(state, AT + 100) is Verdict.FETCH


def test_no_part_of_a_life_is_more_than_all_of_it() -> None:
    late = replace(POLICY, refresh_at=1.0, renew_at=1.0)
    assert life(record(), late, 1.0).due == AT + 100
    assert life(record(90, made=True), late, 1.0).due == AT + 90


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (AT, Verdict.USE),
        (AT + 99.999, Verdict.USE),
        (AT + 100, Verdict.FETCH),
        (AT + 1099.999, Verdict.FETCH),
        (AT + 1100, Verdict.FETCH),
    ],
)
def test_each_time_is_exact(now: float, verdict: Verdict) -> None:
    assert judge(succeeded(record(), replace(POLICY, refresh_at=1.0), 0.5), now) is verdict


@pytest.mark.parametrize(("later", "verdict"), [(999.999, Verdict.USE), (1000, Verdict.REFUSE)])
def test_while_the_vault_is_away_it_is_used_to_its_last_moment(later: float, verdict: Verdict) -> None:
    away = replace(failed(succeeded(record(), POLICY, 0.5), Unavailable("x"), AT), retry_at=AT + 10**6)
    assert judge(away, AT + 100 + later) is verdict


@pytest.mark.parametrize(("later", "verdict"), [(7.999, Verdict.REFUSE), (8, Verdict.FETCH)])
def test_a_no_is_believed_to_its_last_moment(later: float, verdict: Verdict) -> None:
    state = failed(succeeded(record(), POLICY, 0.5), NotFound("x"), AT, negative_ttl=8)
    assert judge(state, AT + later) is verdict


def test_tries_are_counted_whatever_they_end_with() -> None:
    state, pauses = State(), []
    for _ in range(6):
        state = failed(state, Unavailable("x"), AT)
        pauses.append(state.retry_at - AT)
    assert pauses == [1, 2, 4, 8, 8, 8]
    assert state.failures == 6
    state = failed(state, NotFound("x"), AT)
    assert state.failures == 7
    assert failed(state, Unavailable("x"), AT).failures == 8
    assert failed(State(), Unavailable("x"), AT, chance=0.0).retry_at == AT + 0.5


def test_a_change_ends_the_failures_and_no_record_lives_longer_for_it() -> None:
    before = failed(succeeded(record(), POLICY, 0.5), Unavailable("x"), AT)
    after = outdated(before, AT + 50)
    assert (after.failure, after.failures) == (None, 0)
    assert (after.life.due, after.life.old, after.life.dead) == (AT + 50, AT + 50, before.life.dead)


@pytest.mark.parametrize(("lasts", "near"), [(90, False), (45, False), (44.9, True), (1, True)])
def test_a_lease_is_near_its_longest_life_when_less_than_half_was_given(lasts: float, near: bool) -> None:
    assert exhausted(record(lasts, made=True, lease=LEASE)) is near


def test_what_has_no_lease_or_no_end_is_never_near_it() -> None:
    assert exhausted(record(1, made=True)) is False
    assert exhausted(record(made=True, lease=LEASE)) is False


@pytest.mark.parametrize(("later", "renewed"), [(0, True), (89.999, True), (90, False), (91, False)])
def test_a_lease_that_has_ended_is_not_renewed(later: float, renewed: bool) -> None:
    state = succeeded(record(90, made=True, lease=LEASE), POLICY, 0.5)
    assert renews(state, AT + later) is renewed
