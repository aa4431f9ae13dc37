"""When is it heard that the list has changed, and what when nobody speaks?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ostiary.errors import SharedUnavailable
from ostiary.shared import tracking as room
from ostiary.shared.tracking import Tracker


class Tracking:
    def __init__(self) -> None:
        self.says: asyncio.Queue[Any] = asyncio.Queue()
        self.open = True

    async def news(self) -> bool:
        said = await self.says.get()
        if isinstance(said, Exception):
            raise said
        return bool(said)

    async def aclose(self) -> None:
        self.open = False


class Stage:
    def __init__(self) -> None:
        self.heard = 0
        self.line = 1
        self.connections: list[Tracking] = []
        self.refuse: Exception | None = None
        self.tracker = Tracker(self.listen, self.hear, 0.05, lambda: self.line)

    def hear(self) -> None:
        self.heard += 1

    async def listen(self) -> Tracking:
        if self.refuse is not None:
            raise self.refuse
        self.connections.append(Tracking())
        return self.connections[-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(500):
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError((self.heard, len(self.connections)))


@pytest.fixture
async def stage() -> Any:
    found = Stage()
    found.tracker.start()
    yield found
    await found.tracker.aclose()


async def test_what_was_said_before_may_have_been_missed(stage: Stage) -> None:
    await stage.until(lambda: stage.tracker.open and stage.heard == 1)


async def test_a_change_is_heard_and_silence_is_not(stage: Stage) -> None:
    await stage.until(lambda: stage.tracker.open)
    for said in (False, True, False, True):
        stage.connections[0].says.put_nowait(said)
    await stage.until(lambda: stage.heard == 3)


async def test_a_connection_that_breaks_is_made_anew_and_the_list_looked_at(stage: Stage) -> None:
    await stage.until(lambda: stage.tracker.open)
    stage.connections[0].says.put_nowait(ConnectionError("gone"))
    await stage.until(lambda: len(stage.connections) == 2 and stage.heard >= 3)
    assert not stage.connections[0].open


async def test_it_goes_where_the_line_goes(stage: Stage) -> None:
    await stage.until(lambda: stage.tracker.open)
    stage.line = 2
    stage.connections[0].says.put_nowait(False)
    await stage.until(lambda: len(stage.connections) == 2)
    assert not stage.connections[0].open


async def test_a_pause_ends_when_the_line_is_made_anew() -> None:
    stage = Stage()
    stage.refuse = OSError("away")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_SHORTEST", 0.01)
        patch.setattr(stage.tracker, "_pause", _long(stage.tracker._pause))
        stage.tracker.start()
        await asyncio.sleep(0.05)
        stage.refuse, stage.line = None, 2
        await stage.until(lambda: stage.tracker.open)
    await stage.tracker.aclose()


def _long(pause: Callable[[int, int], Any]) -> Callable[[int, int], Any]:
    """Pause as after many failures, each time."""
    return lambda _, line: pause(20, line)


async def test_a_server_that_does_not_speak_unasked_is_told_of_once() -> None:
    stage = Stage()
    stage.refuse = SharedUnavailable("CLIENT refused: ResponseError")
    with pytest.MonkeyPatch.context() as patch, capture_logs() as told:
        patch.setattr(room, "_SLOWEST", 0.01)
        stage.tracker.start()
        await asyncio.sleep(0.1)
        stage.refuse = None
        await stage.until(lambda: stage.tracker.open)
    await stage.tracker.aclose()
    assert [event["why"] for event in told] == ["CLIENT refused: ResponseError"]
    assert not stage.tracker.open
