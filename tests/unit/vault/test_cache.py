"""Who waits for the vault, how often is it asked, and what is served meanwhile?"""

from __future__ import annotations

import asyncio
import sys

import pytest
import structlog
from tests.support.clock import Clock

from ostiary.config.schema import CredentialSpec
from ostiary.errors import CredentialUnavailable
from ostiary.model import Secret
from ostiary.reasons import Reason
from ostiary.vault.cache import LOOK, Cache
from ostiary.vault.errors import NotFound, Unavailable
from ostiary.vault.freshness import Policy
from ostiary.vault.record import SecretRecord
from ostiary.vault.source import VaultCredential

CANARY = "canary-90ab"


class Scripted:
    """A provider that answers what the test says, when it says so."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answer: Exception | dict[str, str] = {"id": "svc", "secret": CANARY}
        self.version = 1
        self.asked: list[tuple[str, int | None]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.written = False

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        self.asked.append((path, version))
        answer, number = self.answer, self.version
        await self.gate.wait()
        if isinstance(answer, Exception):
            raise answer
        return SecretRecord({name: Secret(text) for name, text in answer.items()}, str(number), self.clock())

    def changed(self) -> bool:
        written, self.written = self.written, False
        return written


@pytest.fixture
def clock():
    return Clock(1000.0)


@pytest.fixture
def vault(clock):
    return Scripted(clock)


@pytest.fixture
async def cache(vault, clock):
    kept = Cache("test", vault, Policy(ttl=100.0, max_stale=1000.0), clock=clock, chance=lambda: 0.5)
    yield kept
    await kept.aclose()


def credential(cache: Cache, alias: str = "legacy", **options: object) -> VaultCredential:
    return VaultCredential(alias, CredentialSpec(vault="test", **options), cache)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def stepped(one: VaultCredential):
    """Return what `get` gives without ever suspending, or fail."""
    with pytest.raises(StopIteration) as done:
        one.get().send(None)
    return done.value.value


async def test_a_fresh_credential_is_given_without_suspending(cache, vault):
    one = credential(cache)
    first = await one.get()
    assert stepped(one) is first
    assert len(vault.asked) == 1


async def test_a_refresh_happens_behind_the_requests(cache, vault, clock):
    one = credential(cache)
    first = await one.get()
    clock.now += 71
    vault.gate.clear()
    assert stepped(one) is first
    await settled()
    assert len(vault.asked) == 2
    assert stepped(one) is first
    vault.version = 2
    vault.gate.set()


async def test_a_new_version_is_swapped_in_whole(cache, vault, clock):
    one = credential(cache)
    first = await one.get()
    vault.answer, vault.version = {"id": "new", "secret": "new"}, 2
    clock.now += 71
    await one.get()
    await settled()
    second = await one.get()
    assert (first.id, second.id, second.secret.reveal(), second.version) == ("svc", "new", b"new", "2")


async def test_the_same_record_is_the_same_object(cache, clock):
    one = credential(cache)
    assert await one.get() is await one.get()


async def test_many_requests_make_one_fetch(cache, vault):
    one = credential(cache)
    vault.gate.clear()
    waiting = [asyncio.create_task(one.get()) for _ in range(50)]
    await settled()
    vault.gate.set()
    assert len({id(found) for found in await asyncio.gather(*waiting)}) == 1
    assert len(vault.asked) == 1


async def test_a_caller_that_goes_away_does_not_take_the_fetch_with_it(cache, vault):
    one = credential(cache)
    vault.gate.clear()
    gone, stays = asyncio.create_task(one.get()), asyncio.create_task(one.get())
    await settled()
    gone.cancel()
    await settled()
    vault.gate.set()
    assert (await stays).version == "1"
    assert gone.cancelled()
    assert len(vault.asked) == 1


async def test_an_outage_is_bridged_with_the_last_copy_and_nobody_waits(cache, vault, clock):
    one = credential(cache)
    first = await one.get()
    vault.answer = Unavailable("down")
    clock.now += 101
    assert await one.get() is first
    vault.gate.clear()
    for _ in range(20):
        clock.now += 10
        assert stepped(one) is first
        await settled()


async def test_an_outage_is_bridged_no_longer_than_allowed(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.answer = Unavailable("down")
    clock.now += 1100
    with pytest.raises(CredentialUnavailable) as caught:
        await one.get()
    assert (caught.value.reason, caught.value.retry_after) == (Reason.CREDENTIAL_UNAVAILABLE, 1)


async def test_a_vault_that_is_down_is_not_asked_by_every_request(cache, vault):
    vault.answer = Unavailable("down")
    one = credential(cache)
    for _ in range(100):
        with pytest.raises(CredentialUnavailable):
            await one.get()
    assert len(vault.asked) == 1


async def test_a_deletion_takes_effect_at_once(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.answer = NotFound("gone")
    clock.now += 71
    await one.get()
    await settled()
    with pytest.raises(CredentialUnavailable) as caught:
        await one.get()
    assert (caught.value.reason, caught.value.retry_after) == (Reason.CREDENTIAL_MISSING, 5)


async def test_a_no_is_asked_about_again_after_a_moment(cache, vault, clock):
    vault.answer = NotFound("not yet")
    one = credential(cache)
    with pytest.raises(CredentialUnavailable):
        await one.get()
    vault.answer = {"id": "svc", "secret": "s"}
    clock.now += 5
    assert (await one.get()).version == "1"


async def test_a_change_that_the_vault_shows_is_taken_up_by_the_next_request(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.answer, vault.version, vault.written = {"id": "b", "secret": "b"}, 2, True
    clock.now += LOOK
    assert (await one.get()).version == "2"


async def test_a_fetch_that_a_change_overtook_is_not_trusted(cache, vault, clock):
    one = credential(cache)
    await one.get()
    clock.now += 71
    vault.gate.clear()
    await one.get()
    await settled()  # the refresh has read version 1, and is on its way
    vault.version, vault.written = 2, True
    clock.now += LOOK
    assert one.current(clock.now) is None
    vault.gate.set()
    await settled()
    assert (await one.get()).version == "2"


async def test_two_aliases_of_one_record_make_one_fetch(cache, vault):
    one, other = credential(cache, "a", path="shared"), credential(cache, "b", path="shared")
    assert ((await one.get()).alias, (await other.get()).alias) == ("a", "b")
    assert vault.asked == [("shared", None)]


async def test_a_pinned_version_is_another_record(cache, vault):
    await credential(cache, path="shared").get()
    await credential(cache, path="shared", version=3).get()
    assert vault.asked == [("shared", None), ("shared", 3)]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"id": "svc"}, {}),
        ({"id": "svc", "secret": ""}, {}),
        ({"secret": "s"}, {"id": "username"}),
        ({"id": "", "secret": "s"}, {}),
    ],
)
async def test_a_record_without_what_was_configured_is_unusable(cache, vault, fields, options):
    vault.answer = fields
    with pytest.raises(CredentialUnavailable) as caught:
        await credential(cache, **options).get()
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE


async def test_a_secret_alone_is_a_credential_when_nobody_asked_for_an_id(cache, vault):
    vault.answer = {"secret": "s"}
    assert (await credential(cache).get()).id == ""


async def test_a_bug_in_a_driver_is_an_outage_and_its_text_is_not_told(cache, vault, capsys):
    vault.answer = RuntimeError(f"cannot parse {CANARY}")
    with pytest.raises(CredentialUnavailable) as caught:
        await credential(cache).get()
    assert CANARY not in f"{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}{capsys.readouterr()}"
    assert "RuntimeError" in caught.value.detail


async def test_closing_ends_the_waiting(cache, vault):
    vault.gate.clear()
    waiting = asyncio.create_task(credential(cache).get())
    await settled()
    await cache.aclose()
    with pytest.raises(CredentialUnavailable):
        await waiting


async def test_a_version_change_is_logged_and_its_content_is_not(cache, vault, clock):
    with structlog.testing.capture_logs() as logs:
        one = credential(cache)
        await one.get()
        vault.version = 2
        clock.now += 71
        await one.get()
        await settled()
    assert [entry["version"] for entry in logs] == ["1", "2"]
    assert CANARY not in repr(logs)


async def test_what_is_known_of_a_credential_can_be_asked_without_fetching(cache, vault, clock):
    one = credential(cache)
    assert (one.state.version, one.state.usable, one.state.age) == (None, False, None)
    await one.get()
    clock.now += 7
    assert (one.state.version, one.state.usable, one.state.age, one.state.reason) == ("1", True, 7.0, None)
    assert len(vault.asked) == 1


async def test_a_vault_that_is_down_leaves_the_credential_usable_and_says_why_not_fresh(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.answer = Unavailable("down")
    clock.now += 101
    await one.get()
    assert (one.state.usable, one.state.reason) == (True, Reason.CREDENTIAL_UNAVAILABLE)
    clock.now += 1000
    assert not one.state.usable


async def test_fetches_and_rotations_are_counted(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.version = 2
    clock.now += 101
    await one.get()
    vault.answer = NotFound("gone")
    clock.now += 101
    with pytest.raises(CredentialUnavailable):
        await one.get()
    assert cache.fetches == {True: 2, False: 1}
    assert one.state.rotations == 1


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks are never run at once before CPython 3.12")
async def test_a_loop_that_runs_tasks_at_once_fetches_again_in_time(cache, vault, clock):
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    one = credential(cache)
    await one.get()
    vault.version = 2
    clock.now += 101
    assert (await one.get()).version == "2"


# --- rejected by an upstream ---------------------------------------------------------------------


@pytest.fixture
async def eager(vault, clock):
    policy = Policy(ttl=100.0, max_stale=1000.0, min_refetch=0.01)
    kept = Cache("test", vault, policy, clock=clock, chance=lambda: 0.5)
    yield kept
    await kept.aclose()


async def test_many_rejections_of_a_version_ask_the_vault_once(eager, vault):
    one = credential(eager)
    first = await one.get()
    vault.version = 2
    answers = await asyncio.gather(*(one.rejected(first.version) for _ in range(50)))
    assert (set(answers), len(vault.asked)) == ({True}, 2)
    assert (await one.get()).version == "2"


async def test_a_version_that_the_vault_has_later_than_the_upstream_is_waited_for_a_moment(eager, vault):
    one = credential(eager)
    first = await one.get()
    asking = asyncio.create_task(one.rejected(first.version))
    while len(vault.asked) < 2:  # noqa: ASYNC110 - the first look finds the old version
        await asyncio.sleep(0)
    await settled()
    vault.version = 2
    assert await asking
    assert len(vault.asked) == 3


async def test_the_same_version_twice_is_no_remedy_and_nobody_insists(eager, vault, clock):
    one = credential(eager)
    first = await one.get()
    assert not await one.rejected(first.version)
    asked = len(vault.asked)
    assert not any([await one.rejected(first.version) for _ in range(20)])
    assert len(vault.asked) == asked == 3
    assert await one.get() is not None


async def test_a_rejected_version_that_was_replaced_meanwhile_costs_nothing(eager, vault, clock):
    one = credential(eager)
    first = await one.get()
    vault.version = 2
    clock.now += 101
    await one.get()
    asked = len(vault.asked)
    assert await one.rejected(first.version)
    assert len(vault.asked) == asked


async def test_a_caller_that_goes_away_leaves_the_search_to_the_others(eager, vault):
    one = credential(eager)
    first = await one.get()
    vault.version = 2
    vault.gate.clear()
    gone, stays = (asyncio.create_task(one.rejected(first.version)) for _ in range(2))
    await settled()
    gone.cancel()
    await settled()
    vault.gate.set()
    assert await stays


async def test_a_rejection_while_the_vault_is_down_keeps_the_last_copy(eager, vault):
    one = credential(eager)
    first = await one.get()
    vault.answer = Unavailable("down")
    assert not await one.rejected(first.version)
    assert await one.get() is first
