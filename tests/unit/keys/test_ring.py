"""What does a ring know without asking, and what when whoever keeps the keys cannot answer?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.clock import Clock
from tests.unit.keys.conftest import NOW, Told

from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.keys.algorithms import algorithm, sign, thumbprint, verifies
from ostiary.keys.ring import MAX_STALE, RETRY, Ring
from ostiary.keys.version import KeyVersion
from ostiary.pki.keys import generate
from ostiary.reasons import Reason
from ostiary.sealed.errors import AccessDenied, Unavailable

KEYS = [generate() for _ in range(3)]


def version(number: int, begins: float = 0.0) -> KeyVersion:
    public = KEYS[number - 1].public_key()
    return KeyVersion(
        str(number), number, public, algorithm(public, None), thumbprint(public), enabled=True, begins=begins
    )


class Fake:
    """Keeps keys, and is sometimes away."""

    def __init__(self, *versions: KeyVersion) -> None:
        self.known = list(versions)
        self.problem: Exception | None = None
        self.origin = "here"
        self.asked = 0
        self.news = False

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    async def versions(self) -> Sequence[KeyVersion]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.problem is not None:
            raise self.problem
        return list(self.known)

    async def sign(self, version: KeyVersion, data: bytes) -> bytes:
        if self.problem is not None:
            raise self.problem
        return sign(KEYS[version.order - 1], version.alg, data)

    def changed(self) -> bool:
        news, self.news = self.news, False
        return news


@pytest.fixture
def timer() -> Clock:
    return Clock(0.0)


@pytest.fixture
def keeper() -> Fake:
    return Fake(version(1), version(2, NOW + 50.0))


@pytest.fixture
def ring(keeper: Fake, clock: Clock, timer: Clock) -> Ring:
    return Ring("identity", keeper, keep=100.0, clock=clock, timer=timer)


async def test_the_version_that_signs_is_known_without_asking_again(ring, keeper):
    key = await ring.get()
    assert ring.current() is key
    assert await ring.get() is key
    assert keeper.asked == 1


async def test_nothing_is_known_before_the_first_reading(ring):
    assert ring.current() is None


async def test_a_signature_is_one_of_the_version_that_signs(ring):
    key = await ring.get()
    assert verifies(KEYS[0].public_key(), key.alg, b"data", await key.sign(b"data"))
    assert key.kid == thumbprint(KEYS[0].public_key())


async def test_the_next_version_signs_when_its_time_has_come_without_asking(ring, keeper, clock):
    await ring.get()
    clock.now += 50.0
    assert ring.current().version.id == "2"
    assert keeper.asked == 1


async def test_a_version_that_was_taken_still_signs_after_the_next_has_begun(ring, clock):
    old = await ring.get()
    clock.now += 50.0
    assert ring.current() is not old
    assert verifies(KEYS[0].public_key(), old.alg, b"data", await old.sign(b"data"))


async def test_the_key_set_has_the_next_version_before_it_signs(ring):
    assert [key["kid"] for key in await ring.jwks()] == [thumbprint(key.public_key()) for key in (KEYS[1], KEYS[0])]


async def test_those_who_subscribed_are_told_when_another_version_signs(ring, clock):
    told = Told()
    ring.subscribe(told)
    await ring.get()
    clock.now += 50.0
    ring.current()
    ring.current()
    assert told.times == 2


async def test_many_who_ask_at_once_make_one_question(ring, keeper):
    keys = await asyncio.gather(*(ring.get() for _ in range(50)))
    assert (len(set(map(id, keys))), keeper.asked) == (1, 1)


async def test_one_who_goes_away_does_not_take_the_reading_along(ring, keeper):
    leaving = asyncio.create_task(ring.get())
    staying = asyncio.create_task(ring.get())
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).version.id == "1"
    assert keeper.asked == 1


async def test_what_is_known_is_used_on_while_the_keeper_is_away_but_not_for_ever(ring, keeper, timer):
    key = await ring.get()
    keeper.problem = Unavailable("away")
    timer.now = MAX_STALE
    await ring.read()
    assert ring.current() is key
    timer.now = MAX_STALE + RETRY + 1
    await ring.read()
    assert ring.current() is None


async def test_a_keeper_that_says_no_is_obeyed_at_once(ring, keeper):
    await ring.get()
    keeper.problem = AccessDenied("disabled")
    await ring.read()
    assert ring.current() is None


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (Unavailable("away"), Reason.CREDENTIAL_UNAVAILABLE),
        (AccessDenied("no"), Reason.CREDENTIAL_MISSING),
        (RuntimeError("secret words"), Reason.CREDENTIAL_UNAVAILABLE),
    ],
)
async def test_without_a_key_it_is_said_why_and_never_a_bug_of_a_driver(ring, keeper, problem, reason):
    keeper.problem = problem
    with pytest.raises(CredentialUnavailable) as caught:
        await ring.get()
    assert caught.value.reason is reason
    assert "secret words" not in caught.value.detail


async def test_a_keeper_that_is_away_is_not_asked_by_everybody(ring, keeper, timer):
    keeper.problem = Unavailable("away")
    for _ in range(20):
        with pytest.raises(CredentialUnavailable):
            await ring.get()
    assert keeper.asked == 1
    timer.now += RETRY
    keeper.problem = None
    assert (await ring.get()).version.id == "1"


async def test_what_cannot_be_signed_now_is_said(ring, keeper):
    key = await ring.get()
    keeper.problem = Unavailable("away")
    with pytest.raises(CredentialUnavailable, match="key identity: away"):
        await key.sign(b"data")


async def test_a_change_that_the_keeper_shows_is_taken_up(ring, keeper):
    await ring.start()
    try:
        keeper.known = [replace(version(3), order=9)]
        keeper.news = True
        async with asyncio.timeout(5):
            while ring.current().version.order != 9:  # noqa: ASYNC110 - the ring looks by itself, and tells nobody
                await asyncio.sleep(0.02)
    finally:
        await ring.aclose()


async def test_a_missing_key_does_not_stop_the_start(keeper, clock):
    keeper.problem = Unavailable("away")
    ring = Ring("identity", keeper, keep=100.0, clock=clock)
    await ring.start()
    assert ring.current() is None
    await ring.aclose()


@pytest.mark.parametrize(
    ("problem", "why"), [(Unavailable("away"), "away"), (None, "no version may sign now")], ids=["away", "none"]
)
async def test_a_key_that_is_required_and_missing_stops_the_start(clock, problem, why):
    keeper = Fake(version(1, NOW + 50))
    keeper.problem = problem
    ring = Ring("identity", keeper, keep=100.0, required=True, clock=clock)
    with pytest.raises(ConfigError, match=f"key 'identity' is required at the start: {why}"):
        await ring.start()
    await ring.aclose()


async def test_a_key_that_is_required_and_there_is_started_with(keeper, clock):
    ring = Ring("identity", keeper, keep=100.0, required=True, clock=clock)
    await ring.start()
    assert ring.current().version.id == "1"
    await ring.aclose()


async def test_after_a_reload_the_versions_are_there_at_once(ring, keeper, clock, timer):
    await ring.get()
    keeper.problem = Unavailable("away")
    after = Ring("identity", keeper, keep=100.0, clock=clock, timer=timer)
    after.inherit(ring)
    await after.read()
    assert (await after.get()).version.id == "1"


async def test_a_ring_that_is_kept_elsewhere_inherits_nothing(ring, clock):
    await ring.get()
    other = Fake()
    other.origin = "there"
    after = Ring("identity", other, keep=100.0, clock=clock)
    after.inherit(ring)
    assert after.current() is None


async def test_a_ring_whose_versions_cannot_be_known_publishes_nothing_rather_than_an_empty_set(ring, keeper):
    keeper.problem = Unavailable("away")
    with pytest.raises(CredentialUnavailable):
        await ring.jwks()
