"""What does a cache do for requests when it may not ask, must not ask any more, or is rid of a record?"""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.vault.test_cache import cache, clock, credential, eager, settled, vault

from ostiary.errors import CredentialUnavailable
from ostiary.vault.cache import LOOK
from ostiary.vault.errors import NotFound, Unavailable

__all__ = ["cache", "clock", "eager", "vault"]  # fixtures


@pytest.mark.parametrize("error", [Unavailable("down"), NotFound("no")])
async def test_after_a_failure_nobody_asks_behind_the_requests_either(cache, vault, clock, error):
    vault.answer = error
    one = credential(cache)
    for _ in range(10):
        with pytest.raises(CredentialUnavailable):
            await one.get()
        await settled()
    assert len(vault.asked) == 1
    clock.now += 5
    with pytest.raises(CredentialUnavailable):
        await one.get()
    assert len(vault.asked) == 2


async def test_while_the_vault_is_away_the_last_copy_costs_no_question_before_its_time(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.answer = Unavailable("down")
    clock.now += 71
    for _ in range(10):
        await one.get()
        await settled()
    assert len(vault.asked) == 2


async def test_a_closed_cache_asks_nobody_and_gives_nothing_old(cache, vault, clock):
    one, never = credential(cache), credential(cache, "another")
    first = await one.get()
    await cache.aclose()
    assert await one.get() is first, "what is fresh is still given to requests under way"
    clock.now += 101
    for held in (one, never):
        with pytest.raises(CredentialUnavailable):
            await held.get()
        assert await held.rejected(first.version) is False
    await settled()
    assert vault.asked == [("legacy", None)]


async def test_the_last_second_of_a_copy_is_asked_for_after_the_waiting(cache, vault, clock):
    """A vault that takes long to fail must not be why a dead record is used."""
    one = credential(cache)
    await one.get()
    clock.now += 1099
    vault.answer = Unavailable("down")
    vault.gate.clear()
    waiting = asyncio.create_task(one.get())
    await settled()
    clock.now += 1
    vault.gate.set()
    with pytest.raises(CredentialUnavailable):
        await waiting


async def test_a_record_is_kept_until_the_last_who_holds_it_lets_go(cache, vault):
    first, second = credential(cache, "a", path="shared"), credential(cache, "b", path="shared")
    await first.get()
    first.release()
    assert (await second.get()).alias == "b"
    joining = credential(cache, "d", path="shared")
    assert (await joining.get()).alias == "d"
    assert len(vault.asked) == 1, "somebody still holds it"
    joining.release()
    second.release()
    third = credential(cache, "c", path="shared")
    await third.get()
    assert len(vault.asked) == 2, "nobody held it, so that it was forgotten"


async def test_a_record_is_looked_at_for_changes_once_in_a_while(cache, vault, clock):
    one = credential(cache)
    await one.get()
    looks = []
    vault.changed = lambda: looks.append(clock.now)
    for _ in range(5):
        await one.get()
    assert len(looks) <= 1
    clock.now += LOOK
    for _ in range(5):
        await one.get()
    assert looks[-1] == clock.now
    assert looks.count(clock.now) == 1


async def test_a_change_while_a_rejection_is_looked_into_is_found(eager, vault, clock):
    one = credential(eager)
    first = await one.get()
    asking = [asyncio.create_task(one.rejected(first.version)) for _ in range(3)]
    while len(vault.asked) < 2:  # noqa: ASYNC110 - the first look finds the old version
        await asyncio.sleep(0)
    vault.answer, vault.version = {"id": "new", "secret": "new"}, 2
    assert await asyncio.gather(*asking) == [True] * 3
    second = await one.get()
    assert (second.id, second.secret.reveal(), second.version) == ("new", b"new", "2")
    assert (first.id, first.version) == ("svc", "1"), "a request that holds the first holds all of it"


async def test_each_rotation_in_turn_is_looked_into(eager, vault, clock):
    one = credential(eager)
    held = await one.get()
    for version in (2, 3, 4):
        vault.version = version
        clock.now += 1
        assert await one.rejected(held.version)
        held = await one.get()
        assert held.version == str(version)
    assert one.state.rotations == 3
