"""What is shown in handshakes when a key is disabled, destroyed, or cannot be read?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
from tests.support.handshake import shake
from tests.unit.keys.conftest import NOW

from ostiary.keys.local import LocalKeeper, LocalRing
from ostiary.keys.material import Material, make
from ostiary.keys.ring import Ring
from ostiary.keys.tls import Shown
from ostiary.pki.authority import Authority
from ostiary.pki.files import pem
from ostiary.pki.identity import use
from ostiary.sealed import VersionState
from ostiary.sealed.errors import NotFound, Tampered, Unavailable

CA = Authority.create("CA")


def caller() -> ssl.SSLContext:
    """Somebody who trusts one authority, and has no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem([CA.certificate]).decode())
    return context


def add(local: LocalRing, name: str, begins: float = NOW - 10) -> None:
    identity = CA.issue_server("localhost", name)
    local.add(Material(identity.key, (identity.certificate,)), begins)


@pytest.fixture
async def ring(local: LocalRing, clock: object) -> AsyncIterator[Ring]:
    found = Ring("front", LocalKeeper(local), keep=3600.0, clock=clock)
    yield found
    await found.aclose()


@pytest.fixture
def listener(ring: Ring, local: LocalRing) -> ssl.SSLContext:
    """A context that shows a ring of two versions, the second one now."""
    add(local, "first.example")
    add(local, "second.example", NOW - 5)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown = Shown(ring)
    use(shown.first(), context)
    shown.into(context)
    return context


def seen(listener: ssl.SSLContext) -> str | None:
    """Which certificate a caller is shown who trusts the authority; None: the handshake fails."""
    try:
        _, client = shake(listener, caller(), name="localhost")
    except ssl.SSLError:
        return None
    return dict(client.getpeercert()["subjectAltName"][-1:])["DNS"]


async def becomes(listener: ssl.SSLContext, wanted: str | None) -> None:
    async with asyncio.timeout(15):
        while seen(listener) != wanted:  # noqa: ASYNC110 - the ring looks by itself
            await asyncio.sleep(0.05)


async def test_a_version_that_is_disabled_gives_way_to_the_one_before(ring, local, listener):
    await ring.start()
    assert seen(listener) == "second.example"
    local.change(VersionState.DISABLED, 2)
    await becomes(listener, "first.example")


@pytest.mark.parametrize("state", [VersionState.DISABLED, VersionState.DESTROYED])
async def test_where_none_may_be_used_handshakes_fail_without_a_restart(ring, local, listener, state):
    await ring.start()
    local.change(state)
    await becomes(listener, None)


async def test_after_that_a_new_version_is_shown_at_once(ring, local, listener):
    await ring.start()
    versions = listener.minimum_version, listener.maximum_version
    local.change(VersionState.DISABLED)
    await becomes(listener, None)
    add(local, "third.example")
    await becomes(listener, "third.example")
    assert (listener.minimum_version, listener.maximum_version) == versions


async def test_the_key_of_a_certificate_chosen_by_name_is_forgotten_too(ring, local, listener):
    front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    use(CA.issue_server("other.example"), front)

    def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if name == "localhost":
            connection.context = listener

    front.sni_callback = choose
    await ring.start()
    assert seen(front) == "second.example"
    local.change(VersionState.DISABLED)
    await becomes(front, None)


@pytest.mark.parametrize("problem", [Unavailable("away"), Tampered("an older file"), NotFound("no record")])
async def test_a_file_that_cannot_be_read_withdraws_nothing(ring, listener, monkeypatch, problem):
    async def versions(_: LocalKeeper) -> None:
        raise problem

    await ring.start()
    monkeypatch.setattr(LocalKeeper, "versions", versions)
    await ring.read()
    assert ring.failure is problem
    assert (ring.current() is None) is not problem.transient
    assert seen(listener) == "second.example"


async def test_a_version_without_a_certificate_leaves_the_one_before_in_its_place(ring, local, listener):
    await ring.start()
    local.add(make("ec-p256"), NOW - 1)
    async with asyncio.timeout(15):
        while ring.current().version.id != "3":  # noqa: ASYNC110 - the ring looks by itself
            await asyncio.sleep(0.05)
    assert seen(listener) == "second.example"
