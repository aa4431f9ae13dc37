"""What is told of a ring: what signs, what comes next, until when, and what came of what its keeper was asked?"""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.keys.conftest import NOW
from tests.unit.keys.test_ring import Fake, version

from ostiary.errors import CredentialUnavailable
from ostiary.keys.ring import Ring
from ostiary.keys.state import state
from ostiary.keys.version import KeyVersion, lasts
from ostiary.sealed.errors import Unavailable


def ending(number: int, begins: float, ends: float | None) -> KeyVersion:
    known = version(number, begins)
    return KeyVersion(known.id, number, known.public, known.alg, known.kid, enabled=True, begins=begins, ends=ends)


def test_the_signing_version_its_successor_and_the_kept_one_are_told():
    told = state([version(1), version(2, NOW - 50), version(3, NOW + 50)], NOW, keep=100.0, pin=None)
    assert (told.version.id, told.begun, told.turn, told.ends) == ("2", NOW - 50, NOW + 50, None)
    assert told.counts == {"signs": 1, "published": 2, "idle": 0}


def test_a_version_whose_signatures_have_died_is_idle():
    told = state([version(1), version(2, NOW - 500)], NOW, keep=100.0, pin=None)
    assert told.counts == {"signs": 1, "published": 0, "idle": 1}


def test_where_nothing_signs_nothing_is_told_of_it():
    told = state([version(1, NOW + 50)], NOW, keep=100.0, pin=None)
    assert (told.version, told.begun, told.turn, told.ends) == (None, None, NOW + 50, None)
    assert told.counts == {"signs": 0, "published": 1, "idle": 0}


def test_a_pinned_key_waits_for_nobody():
    told = state([version(1), version(2, NOW + 50)], NOW, keep=100.0, pin="1")
    assert (told.version.id, told.turn) == ("1", None)


def test_where_the_keeper_does_not_say_when_a_version_began_no_age_is_made_up():
    assert state([version(1)], NOW, keep=100.0, pin=None).begun is None


@pytest.mark.parametrize(
    ("versions", "until"),
    [
        ([ending(1, 0.0, NOW + 10)], NOW + 10),
        ([ending(1, 0.0, NOW + 10), ending(2, NOW + 5, NOW + 20)], NOW + 20),
        ([ending(1, 0.0, NOW + 10), ending(2, NOW + 10, NOW + 20)], NOW + 20),
        ([ending(1, 0.0, NOW + 10), ending(2, NOW + 11, NOW + 20)], NOW + 10),
        ([ending(1, 0.0, NOW + 10), ending(2, NOW + 5, None)], None),
        ([ending(1, NOW + 1, None)], NOW),
        ([], NOW),
    ],
    ids=["it ends", "the next ends later", "they meet", "a gap", "no end", "not begun", "none"],
)
def test_until_when_something_always_signs(versions, until):
    assert lasts(versions, NOW) == until


def test_a_pinned_version_that_ends_has_no_successor():
    assert lasts([ending(1, 0.0, NOW + 10), ending(2, NOW + 5, None)], NOW, "1") == NOW + 10


@pytest.fixture
def keeper() -> Fake:
    return Fake(version(1))


@pytest.fixture
def ring(keeper: Fake) -> Ring:
    return Ring("identity", keeper, keep=100.0, clock=lambda: NOW)


async def test_signatures_are_counted_by_their_outcome(ring, keeper):
    key = await ring.get()
    await key.sign(b"data")
    keeper.problem = Unavailable("away")
    for _ in range(2):
        with pytest.raises(CredentialUnavailable):
            await key.sign(b"data")
    asked = ring.tally.asked["sign"]
    assert asked.outcomes == {True: 1, False: 2}
    assert asked.seconds > 0
    assert ring.tally.asked["unwrap"].outcomes == {True: 0, False: 0}


async def test_who_goes_away_while_it_is_signed_counts_neither_way(ring, keeper):
    started = asyncio.Event()

    async def slow(*_: object) -> bytes:
        started.set()
        await asyncio.sleep(60)
        return b""

    keeper.sign = slow
    task = asyncio.create_task((await ring.get()).sign(b"data"))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ring.tally.asked["sign"].outcomes == {True: 0, False: 0}


async def test_a_reload_goes_on_counting(ring, keeper):
    await (await ring.get()).sign(b"data")
    after = Ring("identity", keeper, keep=100.0, clock=lambda: NOW)
    after.inherit(ring)
    assert after.tally.asked["sign"].outcomes[True] == 1
    assert after.age is not None
