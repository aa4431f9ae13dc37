"""For how long is an answer about an opaque token used, and what becomes of those who wait for one?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.tokens import NOW
from tests.unit.authn.test_introspection import GOOD, Book, Stage

from ostiary.errors import KeysUnavailable
from ostiary.reasons import Reason


async def under_way(stage: Stage) -> None:
    """Wait until the issuer is being asked."""
    while not stage.book.asked:  # noqa: ASYNC110 - it is a step of the loop away
        await asyncio.sleep(0)


@pytest.mark.parametrize(("later", "asked"), [(0, 1), (9.999, 1), (10, 2), (10.001, 2)])
async def test_an_answer_is_used_to_its_last_moment_and_no_longer(later: float, asked: int) -> None:
    stage = Stage(cache="10s")
    await stage.ask()
    stage.clock.now += later
    await stage.ask()
    assert len(stage.book.asked) == asked


@pytest.mark.parametrize(("later", "asked"), [(0, 1), (4.999, 1), (5, 2)])
async def test_a_refusal_is_used_for_five_seconds_to_its_last_moment(later: float, asked: int) -> None:
    stage = Stage(cache="10s")
    assert await stage.refused("bad") is Reason.TOKEN_INACTIVE
    stage.clock.now += later
    assert await stage.refused("bad") is Reason.TOKEN_INACTIVE
    assert len(stage.book.asked) == asked


async def test_where_nothing_is_kept_for_long_a_refusal_is_not_either() -> None:
    stage = Stage(cache="1s")
    await stage.refused("bad")
    stage.book.tokens["bad"] = GOOD
    stage.clock.now += 1
    assert await stage.ask("bad")


async def test_an_answer_never_outlives_the_token() -> None:
    stage = Stage(Book(t={**GOOD, "exp": NOW + 3}), cache="10s")
    assert await stage.ask("t")
    stage.clock.now = NOW + 2.999
    assert await stage.ask("t")
    assert len(stage.book.asked) == 1
    stage.clock.now = NOW + 3
    assert await stage.refused("t") is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("back", [1, 3600, 10**8])
async def test_a_clock_that_is_set_back_lets_no_answer_be_used_for_longer(back: float) -> None:
    """Revoked meanwhile, a token would count until the clock has caught up."""
    stage = Stage(Book(t={"active": True, "sub": "alice"}), cache="10s")
    assert await stage.ask("t")
    stage.book.tokens["t"] = {"active": False}
    stage.clock.now = NOW - back
    assert await stage.refused("t") is Reason.TOKEN_INACTIVE
    stage.book.tokens["t"] = {"active": True, "sub": "alice"}
    stage.clock.now -= 3600
    assert await stage.ask("t"), "nor is a refusal"


async def test_whatever_the_fraction_of_a_second_an_answer_is_used_at_once() -> None:
    stage = Stage(cache="10s")
    for step in range(50):
        stage.clock.now = NOW + step * 10.123456789
        stage.book.tokens[f"t{step}"] = {"active": True, "sub": "alice"}
        assert await stage.ask(f"t{step}")
        assert await stage.ask(f"t{step}")
    assert len(stage.book.asked) == 50


async def test_who_waits_when_the_gateway_stops_is_told_that_nobody_knows() -> None:
    stage = Stage()
    stage.book.gate = asyncio.Event()
    waiting = [asyncio.create_task(stage.ask()) for _ in range(2)]
    await under_way(stage)
    await stage.authenticator.aclose()
    for one in waiting:
        with pytest.raises(KeysUnavailable):
            await one
    assert stage.book.closed


async def test_a_caller_who_goes_away_takes_no_answer_with_him() -> None:
    stage = Stage()
    stage.book.gate = asyncio.Event()
    gone, stays = (asyncio.create_task(stage.ask()) for _ in range(2))
    await under_way(stage)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    stage.book.gate.set()
    assert await stays
    assert await stage.ask()
    assert stage.book.asked == ["good"]


async def test_a_failure_that_nobody_waits_for_is_asked_again() -> None:
    stage = Stage()
    stage.book.gate, stage.book.down = asyncio.Event(), True
    gone = asyncio.create_task(stage.ask())
    await under_way(stage)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    stage.book.gate.set()
    await asyncio.sleep(0.01)
    stage.book.down = False
    assert await stage.ask()


async def test_offline_nobody_is_asked() -> None:
    stage = Stage()
    stage.authenticator.stay_offline()
    with pytest.raises(KeysUnavailable):
        await stage.ask()
    await stage.authenticator.aclose()
    assert stage.book.asked == []


@pytest.mark.parametrize("iss", ["https://id.example.com", "https://another.example", None, 5])
async def test_where_no_issuer_is_named_none_is_looked_at(iss: Any) -> None:
    assert await Stage(Book(t={**GOOD, "iss": iss})).ask("t")


@pytest.mark.parametrize("iss", ["https://another.example", None, 5, ["https://id.example.com"]])
async def test_where_one_is_named_another_is_refused_and_none_is_not(iss: Any) -> None:
    block = {"issuer": "https://id.example.com"}
    assert await Stage(Book(t=GOOD), **block).ask("t")
    assert await Stage(Book(t={**GOOD, "iss": "https://id.example.com"}), **block).ask("t")
    assert await Stage(Book(t={**GOOD, "iss": iss}), **block).refused("t") is Reason.TOKEN_ISSUER_UNKNOWN


async def test_alone_it_judges_tokens_that_look_signed_too() -> None:
    signed = "eyJhbGciOiJub25lIn0.e30."
    assert await Stage(Book(**{signed: GOOD})).ask(signed)


@pytest.mark.parametrize(("length", "asked"), [(4096, 1), (4097, 0)])
async def test_how_long_a_token_may_be_is_exact(length: int, asked: int) -> None:
    stage = Stage()
    reason = await stage.refused("a" * length)
    assert reason is (Reason.TOKEN_INACTIVE if asked else Reason.TOKEN_TOO_LARGE)
    assert len(stage.book.asked) == asked
