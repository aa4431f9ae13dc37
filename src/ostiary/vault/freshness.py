"""How long a record may be used: pure functions of values and `now`.

    fetched ------------ due ------ old ------------------- dead
             use it          use it,     use it only while the     never
                             fetch anew  vault cannot answer

A record is fetched anew, behind the requests, at about 70 % of its time to live. When it is old it is
not used without asking, unless asking has just failed for a reason that says nothing about the record.
A known end of life (a version that deletes itself) bounds all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf
from typing import Final

from ostiary.vault.errors import SecretError, Unavailable
from ostiary.vault.record import SecretRecord

NEGATIVE: Final = 5.0  # seconds that "no" is believed before the vault is asked again
SLOWEST: Final = 30.0  # longest pause between two tries while a vault is down, in seconds


@dataclass(frozen=True, slots=True)
class Policy:
    """How long records are used, in seconds."""

    ttl: float
    max_stale: float


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
    """

    record: SecretRecord | None = None
    life: Life = Life(-inf, -inf, -inf)
    failure: SecretError | None = None
    failures: int = 0
    retry_at: float = -inf


class Verdict(Enum):
    """What to do with a record now."""

    USE = auto()
    USE_AND_FETCH = auto()
    FETCH = auto()
    REFUSE = auto()


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
    lasts = min(policy.ttl, end - start)
    old = start + lasts
    return Life(due=start + lasts * (0.65 + 0.1 * chance), old=old, dead=min(old + policy.max_stale, end))


def succeeded(record: SecretRecord, policy: Policy, chance: float) -> State:
    """Return the state after a fetch that gave a record."""
    return State(record, life(record, policy, chance))


def failed(state: State, error: SecretError, now: float) -> State:
    """Return the state after a fetch that failed.

    A transient failure keeps the record, and the pauses between tries double. Anything else is an
    answer about the record (deleted, denied), and the record is dropped at once.
    """
    if not isinstance(error, Unavailable):
        return State(failure=error, failures=state.failures + 1, retry_at=now + NEGATIVE)
    pause = max(min(2.0 ** min(state.failures, 5), SLOWEST), error.retry_after or 0.0)
    return replace(state, failure=error, failures=state.failures + 1, retry_at=now + pause)


def outdated(state: State, now: float) -> State:
    """Return the state after the vault was seen to change: ask before anything is used again."""
    return replace(state, life=Life(now, now, state.life.dead), failure=None, failures=0)
