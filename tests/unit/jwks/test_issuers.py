"""What do requests notice of an issuer that rotates, dies, hangs, lies, or is flooded?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.tokens import Clock, Shelf, Signer, issuer, issuer_spec, key_set

from ostiary.errors import ConfigError, InvalidToken, KeysUnavailable
from ostiary.jwks import Issuer, Key, compile_issuer
from ostiary.reasons import Reason

ONE, TWO = Signer("one"), Signer("two")


class Stage:
    """An issuer, its clock, and where its keys come from."""

    def __init__(self, document: bytes | None, **changes: Any) -> None:
        self.clock = Clock(1000.0)
        self.shelf = Shelf(document)
        self.issuer: Issuer = issuer(clock=self.clock, shelf=self.shelf, **changes)

    async def key(self, kid: str | None = "one", alg: str = "ES256") -> Key:
        key = (await self.issuer.keys_for(kid, alg)).find(kid, alg)
        assert key is not None
        return key

    async def refused(self, kid: str | None) -> Reason:
        with pytest.raises(InvalidToken) as caught:
            await self.issuer.keys_for(kid, "ES256")
        return caught.value.reason

    async def unavailable(self, kid: str | None = "one") -> int:
        with pytest.raises(KeysUnavailable) as caught:
            await self.issuer.keys_for(kid, "ES256")
        assert caught.value.retry_after is not None
        return caught.value.retry_after


@asynccontextmanager
async def started(document: bytes | None, **changes: Any) -> AsyncIterator[Stage]:
    stage = Stage(document, **changes)
    await stage.issuer.start()
    await settle()
    try:
        yield stage
    finally:
        await stage.issuer.aclose()


async def settle() -> None:
    """Let every task run until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_keys_are_there_before_the_first_request_asks() -> None:
    async with started(key_set(ONE)) as stage:
        assert stage.shelf.fetches == 1
        assert (await stage.key()).kid == "one"
        assert stage.shelf.fetches == 1


async def test_starting_does_not_wait_for_an_issuer_that_hangs() -> None:
    stage = Stage(key_set(ONE))
    stage.shelf.gate = asyncio.Event()
    await asyncio.wait_for(stage.issuer.start(), 1)
    await stage.issuer.aclose()


async def test_the_first_requests_wait_for_the_fetch_that_is_running() -> None:
    stage = Stage(key_set(ONE))
    stage.shelf.gate = asyncio.Event()
    await stage.issuer.start()
    requests = [asyncio.create_task(stage.key()) for _ in range(20)]
    await settle()
    stage.shelf.gate.set()
    assert {key.kid for key in await asyncio.gather(*requests)} == {"one"}
    assert stage.shelf.fetches == 1
    await stage.issuer.aclose()


async def test_a_cold_start_with_the_issuer_down_is_503_and_recovers() -> None:
    async with started(None) as stage:
        assert await stage.unavailable() == 12
        assert stage.shelf.fetches == 1
        stage.shelf.document = key_set(ONE)
        stage.clock.now += 10
        assert await stage.key()


@pytest.mark.attack(9)
async def test_a_known_key_never_waits_whatever_the_issuer_does() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.gate = asyncio.Event()  # hangs from now on
        stage.clock.now += 600
        waiting = asyncio.create_task(stage.issuer.keys_for("unknown", "ES256"))
        await settle()
        assert stage.shelf.fetches == 2
        with pytest.raises(StopIteration):  # the coroutine ends without ever being suspended
            stage.issuer.keys_for("one", "ES256").send(None)
        stage.shelf.gate.set()
        with pytest.raises(InvalidToken):
            await waiting


@pytest.mark.attack(12)
async def test_a_new_key_is_accepted_within_one_fetch() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.document = key_set(ONE, TWO)
        assert (await stage.key("two")).kid == "two"
        assert stage.shelf.fetches == 2


@pytest.mark.attack(12)
async def test_a_removed_key_stops_counting_with_the_next_fetch() -> None:
    async with started(key_set(ONE, TWO)) as stage:
        one = await stage.key("one")
        assert stage.issuer.holds(one)
        stage.shelf.document = key_set(TWO)
        assert await stage.refused("new") is Reason.TOKEN_KEY_UNKNOWN
        assert not stage.issuer.holds(one)
        assert await stage.refused("one") is Reason.TOKEN_KEY_UNKNOWN


async def test_a_key_that_stays_counts_through_every_fetch() -> None:
    async with started(key_set(ONE)) as stage:
        one = await stage.key()
        stage.shelf.document = key_set(TWO, ONE)
        await stage.key("two")
        assert stage.issuer.holds(one)


@pytest.mark.attack(9)
async def test_a_thousand_random_key_ids_cause_one_fetch_in_a_cooldown() -> None:
    async with started(key_set(ONE)) as stage:
        flood = (stage.refused(f"random-{number}") for number in range(1000))
        assert set(await asyncio.gather(*flood)) == {Reason.TOKEN_KEY_UNKNOWN}
        assert stage.shelf.fetches == 2
        stage.clock.now += 9.9
        await stage.refused("one more")
        assert stage.shelf.fetches == 2
        stage.clock.now += 0.1
        await stage.refused("and one")
        assert stage.shelf.fetches == 3


async def test_a_minute_of_unknown_key_ids_causes_three_fetches_and_a_key_that_comes_ends_the_longer_pauses() -> None:
    async with started(key_set(ONE)) as stage:
        for second in range(60):
            stage.clock.now = 1000.0 + second
            await stage.refused(f"random-{second}")
        assert stage.shelf.fetches == 1 + 3
        stage.shelf.document = key_set(ONE, TWO)
        stage.clock.now = 1070.0
        assert await stage.key("two")
        stage.clock.now = 1080.0
        await stage.refused("another")
        assert stage.shelf.fetches == 1 + 5, "one cool-down later, and not four"


async def test_failed_fetches_count_for_the_cooldown_too() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.document = None
        for second in range(40):
            stage.clock.now = 1000.0 + second
            await stage.unavailable(f"random-{second}")
        assert stage.shelf.fetches == 1 + 3  # at 0, 10 and 30 seconds


async def test_while_the_issuer_is_down_an_unknown_key_is_503_because_it_may_be_a_new_one() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.document = None
        assert await stage.unavailable("rotated") == 12
        assert await stage.key("one")


async def test_an_algorithm_that_is_not_configured_causes_no_fetch() -> None:
    async with started(key_set(ONE)) as stage:
        for algorithm in ("none", "HS256", "ES384", ""):
            with pytest.raises(InvalidToken) as caught:
                await stage.issuer.keys_for("unknown", algorithm)
            assert caught.value.reason is Reason.TOKEN_ALGORITHM_NOT_ALLOWED
        assert stage.shelf.fetches == 1


async def test_a_key_set_ages_from_when_it_was_asked_for() -> None:
    stage = Stage(key_set(ONE))
    stage.shelf.gate = asyncio.Event()
    await stage.issuer.start()
    await settle()
    stage.clock.now += 4  # the answer takes its time
    stage.shelf.gate.set()
    one = await stage.key()
    stage.clock.now = 1000.0 + 600 + 86_400 - 0.1
    assert stage.issuer.holds(one)
    stage.clock.now += 0.2
    assert not stage.issuer.holds(one)
    await stage.issuer.aclose()


async def test_an_issuer_that_is_down_is_believed_until_max_stale_and_then_503() -> None:
    async with started(key_set(ONE)) as stage:
        one = await stage.key()
        stage.shelf.document = None
        stage.clock.now = 1000.0 + 600 + 86_400 - 1
        assert stage.issuer.holds(one)
        assert await stage.key() is one
        stage.clock.now += 1
        assert not stage.issuer.holds(one)
        assert await stage.unavailable() >= 1


@pytest.mark.attack(7, 11)
@pytest.mark.parametrize("poison", [b"<html>", b"[]", b"{}", b'{"keys":[]}', b'{"keys":' + b"[" * 9999, b"\xff\xfe"])
async def test_a_poisoned_document_leaves_the_old_keys(poison: bytes) -> None:
    async with started(key_set(ONE)) as stage:
        one = await stage.key()
        stage.shelf.document = poison
        await stage.unavailable("unknown")
        assert stage.shelf.fetches == 2
        assert stage.issuer.holds(one)


async def test_an_error_nobody_expected_leaves_the_old_keys_too() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.document = 7  # type: ignore[assignment]
        await stage.unavailable("unknown")
        assert await stage.key("one")


async def test_waiting_for_an_unknown_key_is_bounded_and_ends_in_503() -> None:
    async with started(key_set(ONE), keys={"timeout": "20ms"}) as stage:
        stage.shelf.gate = asyncio.Event()
        began = asyncio.get_running_loop().time()
        assert await stage.unavailable("unknown") == 1
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_caller_that_goes_away_does_not_stop_the_fetch_others_wait_for() -> None:
    async with started(key_set(ONE)) as stage:
        stage.shelf.document = key_set(ONE, TWO)
        stage.shelf.gate = asyncio.Event()
        first, second = (asyncio.create_task(stage.key("two")) for _ in range(2))
        await settle()
        first.cancel()
        await settle()
        stage.shelf.gate.set()
        assert (await second).kid == "two"
        assert stage.shelf.fetches == 2


async def test_keys_are_fetched_again_in_the_background() -> None:
    stage = Stage(key_set(ONE), keys={"refresh": "20ms", "cooldown": "1h"})
    stage.issuer._clock = asyncio.get_running_loop().time
    await stage.issuer.start()
    await asyncio.sleep(0.03)
    stage.shelf.document = key_set(TWO)
    for _ in range(100):
        await asyncio.sleep(0.01)
        if stage.issuer._keys.find("two", "ES256"):
            break
    assert (await stage.key("two")).kid == "two"
    await stage.issuer.aclose()
    assert stage.shelf.closed


async def test_a_failing_issuer_is_not_asked_in_a_loop() -> None:
    async with started(None) as stage:
        for _ in range(50):
            await settle()
        assert stage.shelf.fetches == 1


async def test_one_issuer_does_not_touch_another() -> None:
    async with started(None) as broken, started(key_set(ONE)) as sound:
        await broken.unavailable()
        assert await sound.key()


async def test_closing_ends_every_task() -> None:
    before = asyncio.all_tasks()
    stage = Stage(key_set(ONE))
    stage.shelf.gate = asyncio.Event()
    await stage.issuer.start()
    await settle()
    await stage.issuer.aclose()
    assert asyncio.all_tasks() == before
    assert stage.shelf.closed


@pytest.mark.parametrize(
    "identifier", ["ax-id-service", "http://id.example.com", "https://id.example.com/?a=b", "ftp://x"]
)
def test_an_issuer_that_cannot_be_discovered_needs_a_url(identifier: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="jwks_url"):
        compile_issuer("odd", issuer_spec(issuer=identifier, jwks_url=None), tmp_path)
    assert compile_issuer("odd", issuer_spec(issuer=identifier), tmp_path)


def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    spec = issuer_spec(authorities=["file:nowhere.pem"])
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        compile_issuer("bank", spec, tmp_path)
    (tmp_path / "nowhere.pem").write_text("not a certificate")
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        compile_issuer("bank", spec, tmp_path)


async def test_what_is_left_out_is_logged_once_with_its_reason_and_no_key_material() -> None:
    weak = Signer("weak", "RS256", bits=1024).jwk()
    with capture_logs() as logs:
        async with started(key_set(ONE, weak)) as stage:
            await stage.refused("unknown")
            assert stage.shelf.fetches == 2
    left_out = [entry for entry in logs if entry["event"] == "key left out"]
    assert [(entry["issuer"], entry["kid"], entry["position"]) for entry in left_out] == [("bank", "weak", 1)]
    assert "1024 bits" in left_out[0]["why"]
    assert weak["n"] not in repr(logs)


async def test_a_fetch_that_began_before_a_token_came_is_not_the_last_word_on_its_key() -> None:
    async with started(key_set(ONE)) as stage:
        stage.clock.now += 600
        stage.shelf.gate = asyncio.Event()
        early = asyncio.create_task(stage.key("new"))  # begins a fetch
        await settle()
        assert stage.shelf.fetches == 2
        stage.clock.now += 10
        crowd = [asyncio.create_task(stage.key("two")) for _ in range(50)]
        await settle()
        stage.shelf.document = key_set(ONE)  # what the running fetch brings
        gate, stage.shelf.gate = stage.shelf.gate, None
        fetch = stage.shelf.fetch

        async def published(validator: str | None = None) -> Any:
            stage.shelf.document = key_set(ONE, TWO)
            return await fetch(validator)

        stage.shelf.fetch = published  # type: ignore[method-assign]
        gate.set()
        assert {key.kid for key in await asyncio.gather(*crowd)} == {"two"}
        assert stage.shelf.fetches == 3
        with pytest.raises((InvalidToken, KeysUnavailable)):
            await early


async def test_a_token_younger_than_the_keys_is_503_while_the_cooldown_keeps_us_from_asking() -> None:
    async with started(key_set(ONE)) as stage:
        assert await stage.refused("first") is Reason.TOKEN_KEY_UNKNOWN
        stage.clock.now += 4
        fetched = stage.issuer._wall() - 4
        with pytest.raises(KeysUnavailable) as caught:
            await stage.issuer.keys_for("rotated", "ES256", fetched + 2)
        assert caught.value.retry_after == 6
        for issued in (fetched - 60, None):
            with pytest.raises(InvalidToken):
                await stage.issuer.keys_for("rotated", "ES256", issued)
        stage.clock.now += 6
        stage.shelf.document = key_set(ONE, TWO)
        assert (await stage.issuer.keys_for("two", "ES256", fetched + 2)).find("two", "ES256")
