"""What does a gateway do while Redis answers, breaks, hangs or refuses?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ostiary.errors import ConfigError, SharedUnavailable
from ostiary.shared.link import Link
from ostiary.shared.question import Command


class Wire:
    """A connection that says what it is told to say."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.since = 0.0
        self.open = True

    async def trip(self, commands: Sequence[Command]) -> list[Any]:
        self.stage.trips.append(list(commands))
        await asyncio.sleep(0)
        return [self.stage.say(command) for command in commands]

    async def aclose(self) -> None:
        self.open = False


class Stage:
    def __init__(self) -> None:
        self.trips: list[list[Command]] = []
        self.wires: list[Wire] = []
        self.refuse: Exception | None = None
        self.say: Callable[[Command], Any] = lambda command: command[0]
        self.link = Link(self.connect, 0.05)

    async def connect(self) -> Wire:
        if self.refuse is not None:
            raise self.refuse
        self.wires.append(Wire(self))
        return self.wires[-1]

    async def until(self, failure: str) -> None:
        for _ in range(1000):
            if self.link.failure == failure:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.link.failure)


@asynccontextmanager
async def stage(refuse: Exception | None = None) -> AsyncIterator[Stage]:
    found = Stage()
    found.refuse = refuse
    await found.link.start()
    try:
        yield found
    finally:
        await found.link.aclose()


async def test_a_question_in_the_moment_of_the_end_does_not_keep_it_from_coming() -> None:
    async with stage() as one:
        await asyncio.sleep(0.01)
        asked = asyncio.ensure_future(one.link.ask("late"))
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await one.link.aclose()
        with pytest.raises(SharedUnavailable):
            await asked


async def test_an_answer_comes_back_to_whoever_asked() -> None:
    async with stage() as one:
        assert await asyncio.gather(*(one.link.ask(str(number)) for number in range(5))) == ["0", "1", "2", "3", "4"]


async def test_those_who_ask_meanwhile_go_together() -> None:
    async with stage() as one:
        await asyncio.gather(*(one.link.ask("x") for _ in range(1000)))
        assert len(one.trips) <= 5
        assert (one.link.tally.answered, one.link.tally.failed) == (1000, 0)


async def test_what_waits_when_a_connection_breaks_goes_with_the_next_one() -> None:
    async with stage() as one:
        broken = iter([True, False])

        def say(command: Command) -> Any:
            if next(broken):
                raise ConnectionError("gone")
            return "late"

        one.say = say
        assert await one.link.ask("x") == "late"
        assert len(one.wires) == 2
        assert not one.wires[0].open


async def test_it_goes_again_only_once() -> None:
    async with stage() as one:

        def say(_: Command) -> Any:
            raise ConnectionError("gone")

        one.say = say
        with pytest.raises(SharedUnavailable, match="gone"):
            await one.link.ask("x")
        assert len([trip for trip in one.trips if trip[0] == ("x",)]) == 2


async def test_the_first_waits_for_a_server_that_hangs_and_nobody_after() -> None:
    async with stage() as one:
        asleep = asyncio.Event()

        async def hang(self: Wire, commands: Sequence[Command]) -> list[Any]:
            await asleep.wait()
            return list(commands)

        one.wires[0].trip = hang.__get__(one.wires[0])  # type: ignore[method-assign]
        one.refuse = SharedUnavailable("no answer in time")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(SharedUnavailable, match="in time"):
            await one.link.ask("x")
        assert loop.time() - began >= 0.04
        with pytest.raises(SharedUnavailable) as told:
            one.link.ask("y").send(None)  # ends without having waited
        assert told.value.retry_after is not None
        assert not one.link.here


async def test_it_is_up_again_when_the_server_is() -> None:
    async with stage(SharedUnavailable("down")) as one:
        assert one.link.failure == "down"
        one.refuse = None
        await one.until("")
        assert await one.link.ask("x") == "x"


async def test_a_server_that_refuses_is_left_and_looked_at_anew() -> None:
    async with stage() as one:
        one.say = lambda _: ValueError("READONLY You can't write against a read only replica.")
        one.refuse = SharedUnavailable("the server is a replica")
        with pytest.raises(SharedUnavailable, match="refused: READONLY"):
            await one.link.ask("x")
        await one.until("the server is a replica")
        assert not one.wires[0].open


async def test_what_the_server_says_beside_its_word_is_told_nobody() -> None:
    async with stage() as one:
        one.say = lambda _: ValueError("canary is in the text")
        with pytest.raises(SharedUnavailable) as told:
            await one.link.ask("x")
        assert "canary" not in told.value.detail


async def test_a_server_that_says_what_nobody_understands_is_tried_again() -> None:
    async with stage(refuse=ValueError("c4n4ry")) as one:
        assert one.link.failure == "ValueError"
        one.refuse = None
        await one.until("")
        assert await one.link.ask("A") == "A"


async def test_what_can_never_work_stops_the_start() -> None:
    link = Link(_never, 0.05)
    with pytest.raises(ConfigError, match="never"):
        await link.start()
    await link.aclose()


async def _never() -> Wire:
    raise ConfigError("never")


async def test_who_waits_when_the_gateway_stops_is_refused() -> None:
    async with stage() as one:
        hanging = asyncio.Event()

        async def hang(self: Wire, commands: Sequence[Command]) -> list[Any]:
            hanging.set()
            await asyncio.sleep(60)
            return list(commands)

        one.wires[0].trip = hang.__get__(one.wires[0])  # type: ignore[method-assign]
        one.link.timeout = 30.0
        asked = [asyncio.ensure_future(one.link.ask("x"))]
        await hanging.wait()
        asked.append(asyncio.ensure_future(one.link.ask("y")))
        await asyncio.sleep(0)
        await one.link.aclose()
        assert [type(end) for end in await asyncio.gather(*asked, return_exceptions=True)] == [SharedUnavailable] * 2


async def test_a_caller_who_went_away_takes_nobody_along() -> None:
    async with stage() as one:
        gone, stays = asyncio.ensure_future(one.link.ask("gone")), asyncio.ensure_future(one.link.ask("stays"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == "stays"


async def test_there_is_a_bound_to_those_who_wait() -> None:
    async with stage() as one:
        asked = [asyncio.ensure_future(one.link.ask("x")) for _ in range(5000)]
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(end, SharedUnavailable) for end in ends) == 5000 - 4096


async def test_a_connection_that_works_may_be_given_up() -> None:
    async with stage() as one:
        assert await one.link.ask("x") == "x"
        one.refuse = SharedUnavailable("nobody knows")
        one.link.leave("another server is the master now")
        with pytest.raises(SharedUnavailable, match="another server"):
            await one.link.ask("y")
        await one.until("nobody knows")
        assert not one.wires[0].open
        one.refuse = None
        await one.until("")
        assert await one.link.ask("z") == "z"


async def test_what_is_under_way_when_it_is_given_up_is_the_last_trip() -> None:
    async with stage() as one:
        asked = asyncio.ensure_future(one.link.ask("x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        one.link.leave("another")
        assert await asyncio.gather(asked, return_exceptions=True)
        await one.until("")
        assert len(one.wires) == 2
