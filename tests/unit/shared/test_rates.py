"""How often may a caller ask: here, and of several gateways together?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.tokens import Clock

from ostiary.errors import SharedUnavailable
from ostiary.model import Secret
from ostiary.shared.gcra import Pace, room, take
from ostiary.shared.marks import Digests
from ostiary.shared.question import Tally
from ostiary.shared.rates import Local, Together

TEN = Pace(10, 60.0, 10)


@given(
    limit=st.integers(1, 50),
    burst=st.integers(1, 50),
    period=st.floats(0.1, 1000),
    steps=st.lists(st.floats(0, 100), max_size=200),
)
def test_nobody_gets_more_than_the_burst_and_what_grows_back(
    limit: int, burst: int, period: float, steps: list[float]
) -> None:
    pace, full, now, granted = Pace(limit, period, burst), 0.0, 1000.0, 0
    begin = now
    for step in steps:
        now += step
        there = room(pace, full, now)
        taken = take(pace, full, now)
        assert taken.granted == (there > 0)
        full, granted = taken.full, granted + taken.granted
        assert granted <= burst + (now - begin) / pace.emission + 1e-6
        if not taken.granted:
            assert take(pace, full, now + taken.wait).granted


def test_a_caller_has_its_burst_and_then_waits_until_one_has_grown_back() -> None:
    clock = Clock(0.0)
    local = Local(TEN, clock)
    assert [local.take("alice") for _ in range(10)] == [0.0] * 10
    assert local.take("alice") == pytest.approx(6.0)
    assert local.take("bob") == 0.0
    clock.now = 6.0
    assert local.take("alice") == 0.0
    assert local.take("alice") > 0


def test_a_rehearsal_takes_nothing() -> None:
    local = Local(Pace(1, 60.0, 1), Clock(0.0))
    assert [local.take("alice", rehearsal=True) for _ in range(3)] == [0.0] * 3
    assert local.take("alice") == 0.0
    assert local.take("alice", rehearsal=True) > 0


def test_however_many_callers_there_are_the_memory_is_bounded() -> None:
    local = Local(TEN, Clock(0.0))
    for number in range(70_000):
        local.take(str(number))
    assert len(local._full) == 1 << 16


class Redis:
    """What the script does, by a clock of the test."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.full: dict[str, float] = {}
        self.trips = 0
        self.away = False
        self.tally = Tally()

    async def ask(self, *command: Any) -> Any:
        await asyncio.sleep(0)
        if self.away:
            raise SharedUnavailable("away")
        self.trips += 1
        _, _, _, name, emission, burst, want = command
        pace = Pace(1, float(emission) / 1000, int(burst))
        full = self.full.get(name, 0.0)
        got = min(int(want), room(pace, full, self.clock()))
        for _ in range(got):
            full = take(pace, full, self.clock()).full
        self.full[name] = full
        return [got, 0 if got else round(take(pace, full, self.clock()).wait * 1000)]


class Stage:
    def __init__(self, pace: Pace, gateways: int = 2) -> None:
        self.clock = Clock(1000.0)
        self.redis = Redis(self.clock)
        digests = Digests("ostiary")
        digests.learn(Secret(b"k" * 16))
        redis: Any = self.redis
        self.gateways = [Together(pace, redis, digests, "route", gateways, steady=self.clock) for _ in range(gateways)]

    async def ask(self, gateway: int, caller: str = "alice", *, rehearsal: bool = False) -> float:
        wait = self.gateways[gateway].ask(caller, rehearsal=rehearsal)
        return wait if isinstance(wait, float) else await wait


async def test_gateways_let_through_together_what_one_would() -> None:
    stage = Stage(Pace(80, 60.0, 80))
    said = [await stage.ask(number % 2) for number in range(120)]
    await asyncio.sleep(0.01)
    unused = sum(one._lease("alice").left for one in stage.gateways)
    assert said.count(0.0) + unused == 80
    assert said.count(0.0) >= 60


async def test_not_each_request_asks() -> None:
    stage = Stage(Pace(800, 60.0, 800))
    assert [await stage.ask(0) for _ in range(400)] == [0.0] * 400
    assert stage.redis.trips <= 10


async def test_who_has_nothing_left_is_refused_without_asking() -> None:
    stage = Stage(Pace(4, 60.0, 4))
    while (wait := await stage.ask(0)) == 0.0:
        pass
    assert wait == pytest.approx(15.0, abs=0.1)
    asked = stage.redis.trips
    assert await stage.ask(0) > 0
    assert stage.redis.trips == asked
    stage.clock.now += 16
    assert await stage.ask(0) == 0.0


async def test_while_redis_is_away_each_lets_its_share_through() -> None:
    stage = Stage(Pace(8, 60.0, 8))
    stage.redis.away = True
    for gateway in (0, 1):
        assert [await stage.ask(gateway) for _ in range(6)].count(0.0) == 4
    assert stage.redis.tally.alone == 12


async def test_a_rehearsal_asks_nobody() -> None:
    stage = Stage(Pace(8, 60.0, 8))
    assert await stage.ask(0, rehearsal=True) == 0.0
    assert stage.redis.trips == 0


async def test_those_who_come_together_take_no_more_than_there_is() -> None:
    stage = Stage(Pace(20, 60.0, 20))
    said = await asyncio.gather(*(stage.ask(number % 2) for number in range(100)))
    unused = sum(one._lease("alice").left for one in stage.gateways)
    assert said.count(0.0) + unused == 20
