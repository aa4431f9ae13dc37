"""What becomes of what the vault has lent us?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import structlog
from tests.support.clock import Clock

from ostiary.config.vaults import CredentialSpec
from ostiary.errors import CredentialUnavailable
from ostiary.model import Secret
from ostiary.vault import cache as cache_module
from ostiary.vault.cache import Cache
from ostiary.vault.errors import AccessDenied, NotFound, Unavailable
from ostiary.vault.freshness import Policy
from ostiary.vault.record import Lease, SecretRecord
from ostiary.vault.source import VaultCredential

CANARY = "canary-31f7"


class Lending:
    """A vault that makes a user for each question, and lends it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.made: list[str] = []
        self.renewed: list[str] = []
        self.given_back: list[str] = []
        self.longest = 1e9  # seconds a lease lives at most
        self.error: Exception | None = None
        self.slow = False

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        if self.error:
            raise self.error
        self.made.append(f"lease-{len(self.made) + 1}")
        fields = {"id": Secret(f"user-{len(self.made)}"), "secret": Secret(CANARY)}
        now = self.clock()
        end = min(now + 60.0, now + self.longest)
        lease = Lease(self.made[-1], 60.0, renewable=True)
        return SecretRecord(fields, str(len(self.made)), now, end, made=True, lease=lease)

    async def renew(self, record: SecretRecord) -> SecretRecord:
        if self.error:
            raise self.error
        assert record.lease is not None
        self.renewed.append(record.lease.id)
        now = self.clock()
        return replace(record, fetched_at=now, not_after=now + min(60.0, self.longest))

    async def revoke(self, record: SecretRecord) -> None:
        if self.slow:
            await asyncio.sleep(3600)
        if self.error:
            raise self.error
        assert record.lease is not None
        self.given_back.append(record.lease.id)

    def changed(self) -> bool:
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def vault(clock: Clock) -> Lending:
    return Lending(clock)


def caching(vault: Lending, clock: Clock, linger: float = 0.0) -> Cache:
    policy = Policy(ttl=1.0, max_stale=1000.0, linger=linger, min_refetch=0.0)
    return Cache("test", vault, policy, clock=clock, chance=lambda: 0.5)


@pytest.fixture
async def cache(vault, clock):
    kept = caching(vault, clock)
    yield kept
    await kept.aclose()


def credential(cache: Cache) -> VaultCredential:
    return VaultCredential("app", CredentialSpec(vault="test"), cache)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_user_is_made_once_and_used_beyond_the_time_to_live(cache, vault, clock):
    one = credential(cache)
    first = await one.get()
    clock.now += 30.0
    assert await one.get() is first
    assert vault.made == ["lease-1"]


async def test_a_lease_is_renewed_after_two_thirds_and_the_user_stays(cache, vault, clock):
    one = credential(cache)
    first = await one.get()
    for _ in range(10):
        clock.now += 41.0
        await one.get()
        await settled()
    assert ((await one.get()).id, vault.made, len(vault.renewed)) == (first.id, ["lease-1"], 10)


async def test_near_the_longest_life_another_user_is_made_and_the_first_given_back(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.longest = 20.0
    clock.now += 41.0
    assert (await one.get()).id == "user-1"
    await settled()
    vault.longest = 1e9
    assert (await one.get()).id == "user-2"
    assert vault.given_back == ["lease-1"]


async def test_what_was_replaced_is_left_alone_while_requests_may_be_under_way(vault, clock):
    cache = caching(vault, clock, linger=3600.0)
    one = credential(cache)
    await one.get()
    await cache.rejected(one._slot, "1")
    assert ((await one.get()).id, vault.given_back) == ("user-2", [])
    await cache.aclose()
    assert sorted(vault.given_back) == ["lease-1", "lease-2"]


async def test_a_lease_that_is_no_more_is_replaced(cache, vault, clock):
    one = credential(cache)
    await one.get()
    clock.now += 41.0

    async def gone(record: SecretRecord) -> SecretRecord:
        raise NotFound("lease not found")

    vault.renew = gone
    await one.get()
    await settled()
    assert (await one.get()).id == "user-2"


async def test_a_renewal_that_fails_leaves_the_user_in_use_until_the_end_of_the_lease(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.error = Unavailable("sealed")
    clock.now += 59.0
    assert (await one.get()).id == "user-1"
    await settled()
    assert (await one.get()).id == "user-1"
    clock.now += 1.0
    with pytest.raises(CredentialUnavailable):
        await one.get()


async def test_a_vault_that_makes_no_more_users_takes_the_last_one_away(cache, vault, clock):
    one = credential(cache)
    await one.get()
    vault.error = AccessDenied("no more")
    clock.now += 41.0
    await one.get()
    await settled()
    with pytest.raises(CredentialUnavailable):
        await one.get()


async def test_at_the_end_everything_is_given_back(vault, clock):
    cache = caching(vault, clock)
    one = credential(cache)
    await one.get()
    await cache.aclose()
    assert vault.given_back == ["lease-1"]


async def test_giving_back_takes_no_longer_than_it_may(vault, clock, monkeypatch):
    monkeypatch.setattr("ostiary.vault.leases.PATIENCE", 0.01)
    cache = caching(vault, clock)
    await credential(cache).get()
    vault.slow = True
    with structlog.testing.capture_logs() as logs:
        await asyncio.wait_for(cache.aclose(), 1.0)
    assert "leases not given back in time: they end by themselves" in [entry["event"] for entry in logs]


async def test_a_vault_that_does_not_take_it_back_is_told_of_and_keeps_nobody(vault, clock):
    cache = caching(vault, clock)
    await credential(cache).get()
    vault.error = Unavailable("down")
    with structlog.testing.capture_logs() as logs:
        await cache.aclose()
    assert [entry["event"] for entry in logs] == ["lease not given back: it ends by itself"]


async def test_a_lease_is_renewed_though_nobody_asks(vault, clock, monkeypatch):
    monkeypatch.setattr(cache_module, "TICK", 0.0)
    cache = caching(vault, clock)
    await credential(cache).get()
    clock.now += 41.0
    for _ in range(100):
        if vault.renewed:
            break
        await asyncio.sleep(0.01)
    await cache.aclose()
    assert vault.renewed[0] == "lease-1"


async def test_the_last_generation_that_holds_a_lease_gives_it_back(vault, clock):
    before, now = caching(vault, clock), caching(vault, clock)
    await credential(before).get()
    one = credential(now)
    now.inherit(before)
    await before.aclose()
    assert vault.given_back == []
    assert (await one.get()).id == "user-1"
    await settled()
    await now.aclose()
    assert "lease-1" in vault.given_back


async def test_a_generation_that_never_served_gives_nothing_back_that_others_use(vault, clock):
    before, failed = caching(vault, clock), caching(vault, clock)
    one = credential(before)
    await one.get()
    credential(failed)
    failed.inherit(before)
    await failed.aclose()
    assert vault.given_back == []
    await before.aclose()
    assert vault.given_back == ["lease-1"]


async def test_no_lease_and_no_password_is_printed(cache, vault):
    one = credential(cache)
    with structlog.testing.capture_logs() as logs:
        await one.get()
    told = f"{one._slot.state!r} {logs!r} {cache._leases.__dict__!r}"
    assert CANARY not in told
    assert "lease-1" not in repr(one._slot.state)
