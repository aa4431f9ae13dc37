"""When are deadlines looked at, and who has to wait meanwhile?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from ostiary.config.schema import ListenerSpec
from ostiary.serve.descriptors import Descriptors
from ostiary.serve.listener import Listener
from ostiary.serve.place import compile_places

CROWD = 20


class Late:
    """A connection whose deadline has passed: it costs an answer."""

    def __init__(self, takes: float = 0.0005) -> None:
        self.takes = takes
        self.ticks: list[float] = []
        self.told = self.cut = 0
        self.parting = False
        self.busy: list[object] = []

    def tick(self, now: float) -> None:
        self.ticks.append(now)
        end = time.perf_counter() + self.takes
        while time.perf_counter() < end:
            pass

    def under_way(self) -> list[object]:
        return self.busy

    def parted(self) -> bool:
        return self.parting

    def shut_down(self) -> None:
        self.told += 1

    def abort(self) -> None:
        self.cut += 1


@pytest.fixture
async def listener(tmp_path) -> AsyncIterator[Listener]:
    spec = ListenerSpec.model_validate({"bind": "127.0.0.1:0", "plaintext": "accepted"})
    gateway: Any = SimpleNamespace(access=None)
    one = Listener(compile_places({"public": spec}, tmp_path)["public"], gateway, Descriptors(1 << 16, lambda: 0))
    one.bind()
    yield one
    one.close()
    await one.drain(0)


def let_in(listener: Listener, *late: Late) -> None:
    listener._shared.connections.update(late)  # type: ignore[arg-type]  # as far as it is looked at


async def test_a_crowd_whose_time_is_over_holds_up_nobody_for_long(listener: Listener) -> None:
    crowd, turns = [Late() for _ in range(CROWD)], 0
    let_in(listener, *crowd)
    listener._tick()
    while not all(one.ticks for one in crowd):
        turns += 1
        await asyncio.sleep(0)
    assert turns >= CROWD / 2, "others had their turn between"
    assert {len(one.ticks) for one in crowd} == {1}


@pytest.mark.parametrize(("others", "between"), [(0.0, 3), (0.0002, 3), (0.008, 20)])
async def test_it_takes_a_share_of_what_others_take_so_that_it_is_not_late_where_they_have_much_to_do(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, others: float, between: int
) -> None:
    clock = SimpleNamespace(now=1.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr("ostiary.serve.listener.time", clock)

    class One(Late):
        def tick(self, now: float) -> None:
            self.ticks.append(now)
            clock.now += 0.0001

    crowd = [One() for _ in range(100)]
    let_in(listener, *crowd)
    listener._tick()
    seen = [0]
    while (looked_at := sum(len(one.ticks) for one in crowd)) < len(crowd):
        seen.append(looked_at)
        clock.now += others
        await asyncio.sleep(0)
    steps = [after - before for before, after in pairwise(seen)][1:]
    assert max(steps) <= between + 1
    assert min(steps) >= between - 1


async def test_whoever_has_left_meanwhile_is_not_looked_at(listener: Listener) -> None:
    crowd = [Late() for _ in range(CROWD)]
    let_in(listener, *crowd)
    listener._tick()
    listener._shared.connections.clear()
    await asyncio.sleep(0.1)
    assert any(not one.ticks for one in crowd)


async def test_it_is_looked_again_half_a_second_later(listener: Listener) -> None:
    one = Late(takes=0)
    let_in(listener, one)
    listener._tick()
    async with asyncio.timeout(5):
        while len(one.ticks) < 2:  # noqa: ASYNC110 - a time is what is measured
            await asyncio.sleep(0.01)
    assert one.ticks[1] - one.ticks[0] >= 0.4


async def test_whoever_came_while_it_closed_is_told_of_the_end_a_moment_later(listener: Listener) -> None:
    early = Late(takes=0)
    let_in(listener, early)
    listener.close()
    late = Late(takes=0)
    late.busy = [object()]  # has asked
    let_in(listener, late)
    await listener.drain(1.0)
    assert (early.told, late.told) == (1, 1)


async def test_who_is_parting_may_go_as_soon_as_he_has_taken_everything_and_others_have_their_time(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostiary.serve.listener._LOOK", 0.05)
    parting, busy = Late(takes=0), Late(takes=0)
    parting.parting, busy.busy = True, [object()]
    let_in(listener, parting, busy)
    listener.close()
    draining = asyncio.create_task(listener.drain(1.0))
    await asyncio.sleep(0.7)
    assert (len(parting.ticks) > 1, busy.ticks, busy.cut) == (True, [], 0)
    await draining
    assert busy.cut == 1
