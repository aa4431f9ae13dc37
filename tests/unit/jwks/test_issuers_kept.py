"""What does an issuer remember of its keys: between fetches, across a restart, across a reload?"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Self

import pytest
from structlog.testing import capture_logs
from tests.support.tokens import Clock, Shelf, Signer, issuer_spec, key_set

from ostiary.errors import InvalidToken, KeysUnavailable
from ostiary.jwks import Issuer
from ostiary.jwks.store import Store

ONE, TWO = Signer("one"), Signer("two")
MONTH = 30 * 86_400


class Life:
    """An issuer of one process: each has its own monotonic clock, all have the same disk and wall clock."""

    wall = Clock(1_800_000_000.0)

    def __init__(self, document: bytes | None, folder: Path | None = None, **changes: Any) -> None:
        self.clock = Clock(50.0)
        self.shelf = Shelf(document)
        spec = issuer_spec(**changes)
        store = None if folder is None else Store(folder / "state", "bank", self.shelf.origin)
        self.issuer = Issuer(
            "bank", spec, self.shelf, store=store, clock=self.clock, wall=self.wall, chance=lambda: 0.0
        )

    async def __aenter__(self) -> Self:
        await self.issuer.start()
        await self.fetched()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.issuer.aclose()

    async def fetched(self) -> None:
        if self.issuer._fetching is not None:
            await asyncio.wait((self.issuer._fetching,))

    def knows(self, kid: str) -> bool:
        return self.issuer._knows(kid, "ES256")


@pytest.fixture(autouse=True)
def _same_day() -> None:
    Life.wall.now = 1_800_000_000.0


async def test_a_cold_start_with_the_issuer_down_serves(tmp_path: Path) -> None:
    async with Life(key_set(ONE), tmp_path):
        pass
    async with Life(None, tmp_path) as second:
        assert second.knows("one")
        assert second.shelf.fetches == 1  # and it was asked at once


async def test_what_is_on_disk_is_as_old_as_it_is(tmp_path: Path) -> None:
    async with Life(key_set(ONE), tmp_path):
        pass
    Life.wall.now += 86_400 + 600 - 10
    async with Life(None, tmp_path) as second:
        assert second.knows("one")
        second.clock.now += 10
        assert not second.knows("one")
        with pytest.raises(KeysUnavailable):
            await second.issuer.keys_for("one", "ES256")


@pytest.mark.parametrize("jump", [MONTH, -1])
async def test_too_old_a_copy_and_one_of_tomorrow_count_for_nothing(tmp_path: Path, jump: float) -> None:
    async with Life(key_set(ONE), tmp_path):
        pass
    Life.wall.now += jump
    async with Life(None, tmp_path) as second:
        assert not second.knows("one")


async def test_a_copy_never_stands_in_the_way_of_the_issuer(tmp_path: Path) -> None:
    async with Life(key_set(ONE), tmp_path):
        pass
    async with Life(key_set(TWO), tmp_path) as second:
        assert second.knows("two")
        assert not second.knows("one")


async def test_a_copy_is_read_as_strictly_as_what_comes_from_the_issuer(tmp_path: Path) -> None:
    async with Life(key_set(ONE), tmp_path, algorithms=["ES256"]):
        pass
    async with Life(None, tmp_path, algorithms=["RS256"]) as second:
        assert second.issuer.facts().keys == 0


async def test_a_copy_that_others_can_write_is_left_alone_with_a_line_in_the_log(tmp_path: Path) -> None:
    async with Life(key_set(ONE), tmp_path) as first:
        assert first.issuer._store is not None
        first.issuer._store.path.chmod(0o666)
    with capture_logs() as logs:
        async with Life(None, tmp_path) as second:
            assert not second.knows("one")
    assert "stored key set not used" in [entry["event"] for entry in logs]


async def test_a_disk_that_cannot_be_written_costs_a_line_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with capture_logs() as logs:
        async with Life(key_set(ONE), tmp_path) as life:
            assert life.knows("one")
    assert "key set not stored" in [entry["event"] for entry in logs]


async def test_unchanged_keys_are_fresh_again_and_are_the_same_keys() -> None:
    async with Life(key_set(ONE)) as life:
        life.shelf.validator = "v1"
        life.clock.now += 600
        with pytest.raises(InvalidToken):
            await life.issuer.keys_for("unknown", "ES256")  # the validator is learnt
        key = life.issuer._keys.find("one", "ES256")
        life.clock.now += 600
        with pytest.raises(InvalidToken):
            await life.issuer.keys_for("unknown", "ES256")  # unchanged
        assert life.issuer._keys.find("one", "ES256") is key
        assert life.issuer.facts().age == 0


async def test_a_poisoned_document_s_tag_is_never_shown() -> None:
    async with Life(key_set(ONE)) as life:
        life.shelf.document, life.shelf.validator = b"<html>", "poison"
        life.clock.now += 600
        with pytest.raises(KeysUnavailable):
            await life.issuer.keys_for("unknown", "ES256")
        life.clock.now += 600
        with pytest.raises(KeysUnavailable):  # would be "unchanged", so it must not have been asked that way
            await life.issuer.keys_for("unknown", "ES256")
        assert life.issuer.facts().failures == 2
        assert life.knows("one")


@pytest.mark.parametrize(("said", "due"), [(None, 600), (300.0, 300), (5.0, 60), (0.0, 60), (86_400.0, 600)])
async def test_a_sender_may_ask_for_sooner_within_bounds_and_never_for_later(said: float | None, due: float) -> None:
    async with Life(None) as life:
        life.shelf.document, life.shelf.lifetime = key_set(ONE), said
        life.clock.now += 100
        await life.issuer.keys_for("one", "ES256")
        assert life.issuer._freshness.next_fetch(life.issuer._patience, 0.0) == life.clock.now + due


async def test_a_reload_goes_on_with_the_keys_it_had() -> None:
    async with Life(key_set(ONE)) as old:
        new = Life(None)
        new.clock.now = old.clock.now
        new.issuer.inherit(old.issuer)
        async with new:
            assert new.knows("one")
        elsewhere = Life(None)
        elsewhere.shelf.origin = "https://elsewhere.example"
        elsewhere.issuer.inherit(old.issuer)
        assert not elsewhere.knows("one")


async def test_a_reload_tells_the_log_of_no_change_where_there_is_none() -> None:
    async with Life(key_set(ONE)) as old:
        new = Life(key_set(ONE, TWO))
        new.clock.now = old.clock.now
        with capture_logs() as logs:
            new.issuer.inherit(old.issuer)
        assert logs == []
        new.clock.now += 700
        with capture_logs() as logs:
            async with new:
                await new.issuer.keys_for("two", "ES256")
        assert [(line["event"], line.get("kids")) for line in logs] == [("keys changed", ["one", "two"])]


async def test_the_facts_say_how_things_stand() -> None:
    async with Life(key_set(ONE, TWO.jwk(use="enc"))) as life:
        facts = life.issuer.facts()
        assert (facts.keys, facts.kids, facts.age, facts.stale, facts.void) == (1, ("one",), 0, False, False)
        assert facts.dropped == {"its use is not sig": 1}
        life.shelf.document = None
        life.clock.now += 700
        with pytest.raises(KeysUnavailable):
            await life.issuer.keys_for("unknown", "ES256")
        facts = life.issuer.facts()
        assert (facts.stale, facts.void, facts.failures, facts.fetches) == (True, False, 1, 2)
        assert "down" in facts.why
