"""Does it show when something holds the event loop up?"""

from __future__ import annotations

import asyncio
import time

import pytest

from ostiary.observe import lag as module
from ostiary.observe.lag import Lag


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of a twentieth of a second, looked at every hundredth."""
    monkeypatch.setattr(module, "_PERIOD", 0.01)
    monkeypatch.setattr(module, "_WINDOW", 0.05)


async def test_what_holds_the_loop_up_shows(quick):
    lag = Lag()
    lag.start()
    await asyncio.sleep(0.02)
    time.sleep(0.2)  # noqa: ASYNC251 - this is what it is about
    await asyncio.sleep(0.02)
    assert 0.15 < lag.worst < 2
    lag.stop()


async def test_it_is_forgotten_after_two_windows(quick):
    lag = Lag()
    lag.start()
    await asyncio.sleep(0.02)
    time.sleep(0.3)  # noqa: ASYNC251 - this is what it is about
    async with asyncio.timeout(5):
        while lag.worst < 0.25:  # noqa: ASYNC110 - a measure, not an event
            await asyncio.sleep(0.01)
        while lag.worst >= 0.25:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    lag.stop()


async def test_nothing_is_measured_once_it_is_stopped(quick):
    lag = Lag()
    lag.start()
    lag.stop()
    time.sleep(0.1)  # noqa: ASYNC251 - this is what it is about
    await asyncio.sleep(0.03)
    assert lag.worst == 0.0
