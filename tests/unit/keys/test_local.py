"""What does a ring in the sealed file keep, and what does a running gateway see of it?"""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.keys.conftest import NOW

from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.keys.algorithms import verifies
from ostiary.keys.errors import KeyRefused
from ostiary.keys.local import LocalKeeper, LocalRing
from ostiary.keys.material import make
from ostiary.keys.ring import Ring
from ostiary.sealed import LocalStore, VersionState
from ostiary.sealed.crypt import MasterKeys, new_key
from ostiary.sealed.errors import Destroyed, Misconfigured, NotFound


@pytest.fixture
def ring(local, clock):
    return Ring("identity", LocalKeeper(local), keep=3600.0, clock=clock)


async def settled(ring: Ring, number: str | None) -> None:
    """Wait until a version signs, or none does."""
    async with asyncio.timeout(10):
        while (key := ring.current()) is not None or number is not None:
            if key is not None and key.version.id == number:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["ec-p256", "ec-p384", "rsa-2048", "ed25519"])
def test_what_was_put_is_read(local, kind):
    material = make(kind)
    assert local.add(material, NOW, NOW + 10) == 1
    (found,), _ = local.read()
    assert found.version.public == material.public
    assert (found.version.begins, found.version.ends) == (NOW, NOW + 10)
    assert found.private.private_numbers if kind != "ed25519" else found.private


def test_versions_are_counted(local):
    assert [local.add(make("ec-p256"), NOW) for _ in range(3)] == [1, 2, 3]


def test_a_key_is_in_a_ring_once(local):
    material = make("ec-p256")
    local.add(material, NOW)
    with pytest.raises(KeyRefused, match="in the ring already"):
        local.add(material, NOW)


def test_a_ring_that_is_not_there_is_not_rotated(local, store):
    local.add(make("ec-p256"), NOW)
    with pytest.raises(NotFound):
        LocalRing(store, "keys/other").add(make("ec-p256"), NOW, existing=True)


def test_a_ring_whose_every_version_was_destroyed_is_gone(local):
    local.add(make("ec-p256"), NOW)
    local.change(VersionState.DESTROYED)
    with pytest.raises(Destroyed):
        local.read()


def test_an_algorithm_that_does_not_fit_is_refused(local, store):
    local.add(make("ec-p256"), NOW)
    with pytest.raises(Misconfigured, match="keys/identity version 1: this key cannot sign with RS256"):
        LocalRing(store, local.path, "RS256").read()


def test_nothing_private_is_readable_in_the_file(local, store):
    material = make("ed25519")
    local.add(material, NOW)
    octets = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert material.private.private_bytes_raw() not in octets
    assert b"PRIVATE KEY" not in octets


def test_nothing_that_is_read_prints_the_key(local):
    local.add(make("ec-p256"), NOW)
    assert "private" not in repr(local.read()[0])


async def test_a_running_gateway_takes_up_a_rotation(local, ring):
    local.add(make("ec-p256"), NOW - 10)
    await ring.start()
    try:
        assert ring.current().version.id == "1"
        await asyncio.to_thread(local.add, make("ec-p256"), NOW - 5)
        await settled(ring, "2")
    finally:
        await ring.aclose()


async def test_a_running_gateway_lets_go_of_a_version_that_was_disabled_and_of_one_that_was_destroyed(local, ring):
    local.add(make("rsa-2048"), NOW - 10)
    local.add(make("ec-p256"), NOW - 5)
    await ring.start()
    try:
        first = ring.current()
        await asyncio.to_thread(local.change, VersionState.DISABLED, 2)
        await settled(ring, "1")
        with pytest.raises(CredentialUnavailable, match="version 2 is not there any more"):
            await first.sign(b"data")
        rsa = ring.current()
        assert verifies(rsa.version.public, "RS256", b"data", await rsa.sign(b"data"))
        await asyncio.to_thread(local.change, VersionState.DESTROYED)
        await settled(ring, None)
    finally:
        await ring.aclose()


async def test_an_older_file_in_its_place_is_refused(local, ring, store):
    local.add(make("ec-p256"), NOW - 10)
    old = store.path.read_bytes()
    local.add(make("ec-p256"), NOW - 5)
    await ring.read()
    assert ring.current().version.id == "2"
    for beside in store.path.parent.glob("vault.db-*"):
        beside.unlink()
    store.path.write_bytes(old)
    await ring.read()
    assert ring.current() is None
    assert "older" in str(ring.failure)


async def test_another_master_key_stops_the_start(local, store, clock):
    local.add(make("ec-p256"), NOW)
    other = LocalRing(LocalStore(store.path, MasterKeys(new_key())), local.path)
    ring = Ring("identity", LocalKeeper(other), keep=1.0, clock=clock)
    with pytest.raises(ConfigError, match="master key"):
        await ring.start()
    await ring.aclose()


async def test_a_file_that_others_can_read_stops_the_start(local, store, ring):
    local.add(make("ec-p256"), NOW)
    store.path.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        await ring.start()
    await ring.aclose()
