"""How long a record may be used: pure functions of values and `now`.

    fetched ------------ due ------ old ------------------- dead
             use it          use it,     use it only while the     never
                             fetch anew  vault cannot answer

A record is fetched anew, behind the requests, at about 70 % of its time to live. When it is old it is
not used without asking, unless asking has just failed for a reason that says nothing about the record.
A known end of life (a version that deletes itself, a lease) bounds all of it; a known change (a password
that the vault rotates) is asked for when it comes, and not before.

What is made for whoever asks (a database user, a certificate) lives as long as it lives: it is due after two
thirds of that, and then its lease is renewed, until a renewal gives little; then another one is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf
from typing import Final

from ostiary.vault.errors import SecretError, Unavailable
from ostiary.vault.record import SecretRecord

NEGATIVE: Final = 5.0  # seconds that "no" is believed before the vault is asked again
SLOWEST: Final = 8.0  # longest pause between two tries while a vault is down, in seconds: ten until it is noticed
LONGEST: Final = 60.0  # longest pause that a vault may ask for, in seconds: what stands before it may ask for years
SPREAD: Final = 0.1  # of a life, over which the refreshes of many gateways are spread
SPARING: Final = 10.0  # least time between two records that are made because one was rejected, in seconds


@dataclass(frozen=True, slots=True)
class Policy:
    """How long records are used. Times in seconds.

    Attributes:
        ttl: how old a record may become.
        max_stale: how much longer it is used while the vault cannot answer.
        refresh_at: the part of the time to live after which it is fetched anew.
        renew_at: the part of its life after which what was made for us is renewed or replaced.
        negative_ttl: how long "no" is believed.
        min_refetch: least time between two fetches because an upstream rejected a record.
        linger: how long what was replaced is left alone before it is given back: requests may be under way with it.
    """

    ttl: float
    max_stale: float
    refresh_at: float = 0.7
    renew_at: float = 2 / 3
    negative_ttl: float = NEGATIVE
    min_refetch: float = 1.0
    linger: float = 30.0


@dataclass(frozen=True, slots=True)
class Life:
    """When a record becomes due, old and dead: seconds on the monotonic clock."""

    due: float
    old: float
    dead: float


@dataclass(frozen=True, slots=True)
class State:
    """All that is known of one record. Swapped as a whole.

    Attributes:
        record: the last good one, or None.
        life: its times.
        failure: why the last fetch failed, or None when it did not.
        failures: how many failed in a row.
        retry_at: when to ask again after a failure, seconds on the monotonic clock.
        rejected: a version that an upstream has rejected, or None.
        confirmed_at: when the vault was last found to have nothing but a rejected version, on the monotonic clock.
    """

    record: SecretRecord | None = None
    life: Life = Life(-inf, -inf, -inf)
    failure: SecretError | None = None
    failures: int = 0
    retry_at: float = -inf
    rejected: str | None = None
    confirmed_at: float = -inf


class Verdict(Enum):
    """What to do with a record now."""

    USE = auto()
    USE_AND_FETCH = auto()
    FETCH = auto()
    REFUSE = auto()


class Remedy(Enum):
    """What to do when an upstream has rejected a record."""

    OTHER = auto()
    ASK = auto()
    NONE = auto()


def judge(state: State, now: float) -> Verdict:
    """Decide what a request that wants the record gets."""
    waiting = state.failure is not None and now < state.retry_at
    if state.record is None or now >= state.life.dead:
        return Verdict.REFUSE if waiting else Verdict.FETCH
    if now < state.life.due or waiting:
        return Verdict.USE
    if now < state.life.old or state.failure is not None:
        return Verdict.USE_AND_FETCH
    return Verdict.FETCH


def life(record: SecretRecord, policy: Policy, chance: float) -> Life:
    """Return the times of a record.

    Args:
        record: the record.
        policy: how long records are used.
        chance: 0.0 to 1.0; spreads the refreshes of many gateways.
    """
    start, end = record.fetched_at, inf if record.not_after is None else record.not_after
    if record.made and end < inf:
        return Life(due=start + (end - start) * _share(policy.renew_at, chance), old=end, dead=end)
    lasts = min(policy.ttl, end - start)
    old = start + lasts
    dead = min(old + policy.max_stale, end)
    if record.changes_at is not None and record.changes_at <= old:
        return Life(due=record.changes_at, old=record.changes_at, dead=dead)
    return Life(due=start + lasts * _share(policy.refresh_at, chance), old=old, dead=dead)


def _share(part: float, chance: float) -> float:
    return min(part + SPREAD * (chance - 0.5), 1.0)


def succeeded(record: SecretRecord, policy: Policy, chance: float) -> State:
    """Return the state after a fetch that gave a record."""
    return State(record, life(record, policy, chance))


def failed(
    state: State, error: SecretError, now: float, *, negative_ttl: float = NEGATIVE, chance: float = 1.0
) -> State:
    """Return the state after a fetch that failed.

    A transient failure keeps the record, and the pauses between tries double. Anything else is an
    answer about the record (deleted, denied), and the record is dropped at once.

    Args:
        state: the state before.
        error: why.
        now: seconds on the monotonic clock.
        negative_ttl: how long a no is believed, in seconds.
        chance: 0.0 to 1.0; spreads the tries of many gateways over half of a pause.
    """
    if not isinstance(error, Unavailable):
        return State(failure=error, failures=state.failures + 1, retry_at=now + negative_ttl)
    pause = min(2.0 ** min(state.failures, 3), SLOWEST) * (1 + chance) / 2
    pause = max(pause, min(error.retry_after or 0.0, LONGEST))
    return replace(state, failure=error, failures=state.failures + 1, retry_at=now + pause)


def outdated(state: State, now: float) -> State:
    """Return the state after the vault was seen to change: ask before anything is used again.

    What was made for us is used until another one is there: it did not change by itself.
    """
    old = state.life.old if state.record is not None and state.record.made else now
    return replace(state, life=Life(now, old, state.life.dead), failure=None, failures=0)


# --- leases ----------------------------------------------------------------------------------------


def exhausted(record: SecretRecord) -> bool:
    """Whether a lease has come near its longest life: the last renewal gave less than half of the first."""
    if record.lease is None or record.not_after is None:
        return False
    return record.not_after - record.fetched_at < record.lease.lasts / 2


def renews(state: State, now: float) -> bool:
    """Whether a record that is due is renewed, and not fetched anew."""
    record = state.record
    if record is None or record.lease is None or not record.lease.renewable or now >= state.life.dead:
        return False
    return record.version != state.rejected and not exhausted(record)


# --- rejected by an upstream ----------------------------------------------------------------------


def remedy(state: State, used: str, now: float, policy: Policy) -> Remedy:
    """Decide what to do when an upstream has rejected a version.

    Args:
        state: what is known of the record.
        used: the version that was shown.
        now: seconds on the monotonic clock.
        policy: how long records are used.
    """
    record = state.record
    if record is not None and record.version != used and now < state.life.dead:
        return Remedy.OTHER
    made = record is not None and record.made
    pause = max(policy.min_refetch, SPARING) if made else policy.min_refetch
    return Remedy.NONE if now < state.confirmed_at + pause else Remedy.ASK


def patience(asked_at: float, now: float, policy: Policy) -> float:
    """Return how many seconds to wait before the vault is asked because of a rejection, for the time after the last."""
    return max(0.0, asked_at + policy.min_refetch - now)


def rejected(state: State, used: str) -> State:
    """Return the state in which a version is known to have been rejected: it is not renewed."""
    return replace(state, rejected=used)


def asked(state: State, used: str, now: float) -> State:
    """Return the state after the vault was asked because of a rejection.

    When it has nothing but that version, that is believed for a while; and what has to be made is made sparingly.
    """
    record = state.record
    if record is not None and record.version != used and not record.made:
        return state
    return replace(state, confirmed_at=now)
