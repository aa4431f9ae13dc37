"""When do sentinels agree, and when is a master left that still answers?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.tokens import Clock

from ostiary.config.redis import RedisUrl, sentinel_url
from ostiary.errors import SharedUnavailable
from ostiary.shared.sentinel import Address, Guard, Sentinels, agreed

ONE, TWO = ("10.0.0.1", 6379), ("10.0.0.2", 6379)
PLACES = [sentinel_url(f"redis://127.0.0.1:{port}") for port in (1, 2, 3)]


@pytest.mark.parametrize("said", [[ONE], [ONE, ONE, None], [ONE, TWO, ONE], [ONE, ONE, ONE, TWO]])
def test_what_more_than_half_of_them_say_is_the_master(said: list[Address | None]) -> None:
    assert agreed(said) == ONE


@pytest.mark.parametrize("said", [[None], [ONE, None], [ONE, TWO], [ONE, TWO, None], [ONE, ONE, TWO, TWO]])
def test_half_of_them_are_not_enough(said: list[Address | None]) -> None:
    with pytest.raises(SharedUnavailable, match="do not agree"):
        agreed(said)


class SentinelLine:
    def __init__(self, says: Any) -> None:
        self.says = says
        self.open = True

    async def master(self, name: str) -> Address | None:
        assert name == "main"
        if isinstance(self.says, Exception):
            raise self.says
        if self.says == "nothing":
            await asyncio.sleep(60)
        return self.says

    async def aclose(self) -> None:
        self.open = False


class Stage:
    def __init__(self, *says: Any) -> None:
        self.says = dict(zip(PLACES, says, strict=False))
        self.made: list[SentinelLine] = []
        self.steady = Clock(0.0)
        self.sentinels = Sentinels(list(self.says), "main", self.call, 0.05, self.steady)

    async def call(self, place: RedisUrl) -> SentinelLine:
        if self.says[place] == "away":
            raise OSError("away")
        self.made.append(SentinelLine(self.says[place]))
        return self.made[-1]


async def test_lines_that_work_stay_and_those_that_do_not_are_made_anew() -> None:
    stage = Stage(ONE, ONE, ConnectionError("gone"))
    assert [await stage.sentinels.master() for _ in range(3)] == [ONE, ONE, ONE]
    assert [line.open for line in stage.made] == [True, True, False, False, False]
    await stage.sentinels.aclose()
    assert not any(line.open for line in stage.made)


async def test_one_that_hangs_or_is_away_is_not_waited_for_long() -> None:
    stage = Stage(ONE, "nothing", ONE)
    assert await asyncio.wait_for(stage.sentinels.master(), 5) == ONE
    assert await Stage(ONE, "away", ONE).sentinels.master() == ONE
    with pytest.raises(SharedUnavailable, match="1 of 3"):
        await Stage(ONE, "away", None).sentinels.master()


async def test_whoever_gives_up_leaves_no_line_with_an_answer_to_come() -> None:
    stage = Stage("nothing")
    asked = asyncio.create_task(stage.sentinels.master())
    await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert [line.open for line in stage.made] == [False]


class Line:
    here = True

    def __init__(self) -> None:
        self.left: list[str] = []

    def leave(self, why: str) -> None:
        self.left.append(why)


def guard(stage: Stage, line: Line, goes_to: Address = ONE) -> Guard:
    told: Any = line
    return Guard(stage.sentinels, told, lambda: goes_to)


async def test_a_line_to_the_master_stays() -> None:
    line = Line()
    await guard(Stage(ONE, ONE, TWO), line).look()
    assert line.left == []


async def test_a_line_to_another_server_is_left() -> None:
    line = Line()
    await guard(Stage(TWO, TWO, ONE), line).look()
    assert line.left == ["another server is the master now"]


async def test_a_line_that_nobody_vouches_for_is_left_after_a_while() -> None:
    line, stage = Line(), Stage(ONE, TWO, "away")
    stage.steady.now = 4.0
    await guard(stage, line).look()
    assert line.left == []
    stage.steady.now = 6.0
    await guard(stage, line).look()
    assert line.left == ["the sentinels do not agree which server is the master: 2 of 3 name one"]


async def test_a_line_that_was_made_anew_meanwhile_is_not_judged_by_where_it_went_before() -> None:
    line, places = Line(), iter([ONE, TWO])
    told: Any = line
    await Guard(Stage(TWO, TWO, TWO).sentinels, told, lambda: next(places)).look()
    assert line.left == []
