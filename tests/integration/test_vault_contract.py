"""Does every kind of vault keep the same promises?

One case is one test, run over every kind. A case that a kind cannot have is told in its `lacks`, with the
reason; the page on vaults has the same table.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.support.vaults import front
from tests.support.vaults.backend import Backend
from tests.support.vaults.cloud import shared as emulated
from tests.support.vaults.kinds import KINDS
from tests.support.vaults.openbao import shared

from ostiary.config.vaults import CacheSpec, CredentialSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import Credential
from ostiary.reasons import Reason
from ostiary.vault import compile_vaults, freshness
from ostiary.vault.source import VaultCredential

pytestmark = pytest.mark.integration

CANARY = front.CANARY.decode()
CASES: dict[str, str] = {}


def case(name: str) -> Callable[[Any], Any]:
    """Run a test over every kind that can have it."""
    able = [kind for kind in KINDS if name not in kind.lacks]

    def mark(test: Any) -> Any:
        CASES[name] = test.__name__
        return pytest.mark.parametrize("backend", able, ids=lambda kind: kind.name, indirect=True)(test)

    return mark


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with shared(tmp_path_factory.mktemp("bao")), emulated(tmp_path_factory.mktemp("moto")):
        yield


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again after a moment, not after seconds."""
    monkeypatch.setattr(freshness, "SLOWEST", 0.05)


@pytest.fixture(autouse=True)
def silent(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever happens: no secret in any log, of ours or of a library, at any level, nor on the screen."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        yield
    out, err = capfd.readouterr()
    for text in (caplog.text, repr([record.__dict__ for record in caplog.records]), repr(events), out, err):
        assert CANARY not in text


@pytest.fixture
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    tmp_path.chmod(0o700)
    one: Backend = request.param(tmp_path)
    yield one
    one.close()


@asynccontextmanager
async def opened(
    backend: Backend, *specs: CredentialSpec, ttl: float = 0.1, max_stale: float = 60.0, negative: float = 0.1
) -> AsyncIterator[list[VaultCredential]]:
    cache = CacheSpec(ttl=ttl, max_stale=max_stale, negative_ttl=negative)
    others, shown = backend.others()
    credentials = {f"wanted-{number}": spec for number, spec in enumerate(specs)}
    vaults, sources = compile_vaults(
        {"tested": backend.spec(cache), **others}, {**credentials, **shown}, backend.folder
    )
    async with AsyncExitStack() as stack:
        for vault in vaults.values():
            stack.push_async_callback(vault.aclose)
            await vault.start()
        found = [source for alias in credentials if isinstance(source := sources[alias], VaultCredential)]
        yield found
        for source in found:
            if (failure := source._slot.state.failure) is not None:  # it is kept, with its traceback
                assert CANARY not in unrolled(failure)


def unrolled(error: BaseException) -> str:
    """Return everything that an error can show: texts, causes, and what was in every variable on its way."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def cache_of(source: VaultCredential) -> Any:
    """Return the cache behind a credential."""
    return source._cache


def pair(credential: Credential) -> tuple[str, str]:
    return credential.id, credential.secret.reveal().decode()


async def refused(source: VaultCredential) -> CredentialUnavailable:
    with pytest.raises(CredentialUnavailable) as caught:
        await source.get()
    assert CANARY not in unrolled(caught.value)
    return caught.value


async def until(source: VaultCredential, wanted: Callable[[Credential | None], bool], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                found: Credential | None = await source.get()
            except CredentialUnavailable:
                found = None
            if wanted(found):
                return
            await asyncio.sleep(0.02)


async def asked_again(source: VaultCredential) -> None:
    """Wait until the vault has been asked since now, whatever it said."""
    before = sum(cache_of(source).fetches.values())
    async with asyncio.timeout(15):
        while sum(cache_of(source).fetches.values()) == before:
            with suppress(CredentialUnavailable):
                await source.get()
            await asyncio.sleep(0.02)


# --- what is there -------------------------------------------------------------------------------


@case("found")
async def test_a_pair_is_found_under_the_names_that_the_configuration_gives(backend: Backend):
    backend.put("crm", "svc", f"{CANARY}-1")
    async with opened(backend, backend.credential("crm")) as (source,):
        found = await source.get()
    assert pair(found) == ("svc", f"{CANARY}-1")
    assert found.version


@case("same")
async def test_what_has_not_changed_is_the_same_version(backend: Backend):
    backend.put("crm", "svc", f"{CANARY}-1")
    async with opened(backend, backend.credential("crm")) as (source,):
        first = (await source.get()).version
        await asked_again(source)
        assert (await source.get()).version == first


@case("unicode")
async def test_a_secret_may_be_any_text(backend: Backend):
    text = f"{CANARY} pä$$wörd 🔑 \"quoted\" 'single' \\ {{brace}}"
    backend.put("crm", "jörg", text)
    async with opened(backend, backend.credential("crm")) as (source,):
        assert pair(await source.get()) == ("jörg", text)


@case("binary")
async def test_octets_that_are_no_text_are_refused_where_a_text_is_wanted(backend: Backend):
    backend.put("key", "svc", b"\xff\xfe" + CANARY.encode())
    async with opened(backend, backend.credential("key")) as (source,):
        assert (await refused(source)).reason is Reason.CREDENTIAL_UNUSABLE


@case("field")
async def test_a_field_that_is_not_there_is_named_and_its_neighbours_are_not_shown(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm", secret="absent-field")) as (source,):
        error = await refused(source)
    assert error.reason is Reason.CREDENTIAL_UNUSABLE
    assert "absent-field" in error.detail


@case("empty")
async def test_an_empty_secret_is_never_used(backend: Backend):
    backend.put("crm", "svc", "")
    async with opened(backend, backend.credential("crm")) as (source,):
        assert (await refused(source)).reason in (Reason.CREDENTIAL_UNUSABLE, Reason.CREDENTIAL_UNAVAILABLE)


@case("hidden")
async def test_nothing_that_holds_a_secret_shows_it(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        found = await source.get()
        slot = source._slot
        for one in (found, slot.state, source, slot, cache_of(source)._provider, vars(cache_of(source)), source.state):
            assert CANARY not in repr(one)
            assert CANARY not in f"{one}"


# --- what is not there ---------------------------------------------------------------------------


@case("missing")
async def test_what_is_not_there_is_missing_and_not_merely_unavailable(backend: Backend):
    async with opened(backend, backend.credential("absent")) as (source,):
        assert (await refused(source)).reason is Reason.CREDENTIAL_MISSING


@case("denied")
async def test_what_we_may_not_have_is_missing_too(backend: Backend):
    backend.put("crm", "svc", CANARY)
    backend.deny("crm")
    async with opened(backend, backend.credential("crm")) as (source,):
        assert (await refused(source)).reason is Reason.CREDENTIAL_MISSING


@case("segments")
async def test_a_path_that_could_be_read_in_two_ways_stops_the_start(backend: Backend):
    others, shown = backend.others()
    vaults, _ = compile_vaults({"tested": backend.spec(CacheSpec()), **others}, shown, backend.folder)
    for path in ("../crm", "a/../crm", "a//crm", "./crm", "crm\n", "a%2f..%2fcrm", "crm\x00"):
        with pytest.raises(ConfigError):
            vaults["tested"].source("crm", backend.credential("crm").model_copy(update={"path": path}))
    for vault in vaults.values():
        await vault.aclose()


@case("negative")
async def test_a_no_is_believed_for_a_while(backend: Backend):
    async with opened(backend, backend.credential("absent"), negative=60.0) as (source,):
        await refused(source)
        backend.put("absent", "svc", CANARY)
        before = cache_of(source).fetches[False]
        for _ in range(20):
            await refused(source)
        assert cache_of(source).fetches[False] == before == 1


# --- versions ------------------------------------------------------------------------------------


@case("rotate")
async def test_a_rotation_is_seen_in_time_and_whole(backend: Backend):
    backend.put("crm", "svc-1", f"{CANARY}-1")
    async with opened(backend, backend.credential("crm")) as (source,):
        first, seen = await source.get(), set()
        backend.put("crm", "svc-2", f"{CANARY}-2")
        await until(source, lambda one: one is not None and bool(seen.add(pair(one)) or one.id == "svc-2"))
        second = await source.get()
    assert second.version != first.version
    assert seen <= {("svc-1", f"{CANARY}-1"), ("svc-2", f"{CANARY}-2")}


@case("version")
async def test_a_pinned_version_stays(backend: Backend):
    backend.put("crm", "svc-1", f"{CANARY}-1")
    async with opened(backend, backend.credential("crm")) as (source,):
        first = (await source.get()).version
    backend.put("crm", "svc-2", f"{CANARY}-2")
    async with opened(backend, backend.pinned("crm", first), backend.credential("crm")) as (pinned, newest):
        assert pair(await pinned.get()) == ("svc-1", f"{CANARY}-1")
        assert pair(await newest.get()) == ("svc-2", f"{CANARY}-2")
        assert (await pinned.get()).version == first


@case("never")
async def test_a_version_that_never_was_is_missing(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.pinned("crm", "999")) as (source,):
        assert (await refused(source)).reason is Reason.CREDENTIAL_MISSING


# --- when it goes wrong --------------------------------------------------------------------------


@case("down")
async def test_the_last_copy_is_used_while_the_vault_is_gone(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        await source.get()
        backend.fail("down")
        await asked_again(source)
        await asked_again(source)
        assert pair(await source.get()) == ("svc", CANARY)
        assert source.state.reason is Reason.CREDENTIAL_UNAVAILABLE


@case("busy")
async def test_an_answer_of_something_in_between_says_nothing_of_a_record(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        await source.get()
        backend.fail("busy")
        await asked_again(source)
        assert pair(await source.get()) == ("svc", CANARY)


@case("stale")
async def test_the_last_copy_is_not_used_for_ever(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), max_stale=0.3) as (source,):
        await source.get()
        backend.fail(backend.outage)
        await until(source, lambda one: one is None)
        assert (await refused(source)).reason is Reason.CREDENTIAL_UNAVAILABLE


@case("nothing")
async def test_without_a_copy_the_caller_is_told_to_come_back(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("other")) as (source,):
        backend.put("other", "svc", CANARY)
        backend.fail(backend.outage)
        await asked_again(source)
        error = await refused(source)
        assert error.reason is Reason.CREDENTIAL_UNAVAILABLE
        assert error.retry_after is not None
        assert error.retry_after >= 1


@case("slow")
async def test_a_slow_vault_is_not_waited_for_longer_than_was_said(backend: Backend):
    backend.timeout = 0.7
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        await until(source, lambda one: one is not None)
        backend.fail("slow")
        async with asyncio.timeout(10):  # the server would take twenty seconds
            await asked_again(source)
        assert source.state.reason is Reason.CREDENTIAL_UNAVAILABLE
        assert pair(await source.get()) == ("svc", CANARY)
    assert backend.front is not None
    await backend.front.drained()  # or connections that were given up outlive the test


@case("garbage")
async def test_garbage_is_not_taken_for_a_credential(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        await source.get()
        backend.fail("garbage")
        await asked_again(source)
        assert source.state.reason is Reason.CREDENTIAL_UNAVAILABLE
        assert pair(await source.get()) == ("svc", CANARY)


@case("large")
async def test_too_much_is_not_read(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm")) as (source,):
        await source.get()
        backend.fail("large")
        await asked_again(source)
        assert source.state.reason is not None


@case("recovery")
async def test_a_vault_that_is_well_again_is_used_again(backend: Backend):
    backend.put("crm", "svc-1", f"{CANARY}-1")
    async with opened(backend, backend.credential("crm")) as (source,):
        await source.get()
        backend.fail(backend.outage)
        await asked_again(source)
        backend.fail(None)
        backend.put("crm", "svc-2", f"{CANARY}-2")
        await until(source, lambda one: one is not None and one.id == "svc-2")
        assert source.state.reason is None


@case("delete")
async def test_what_was_deleted_is_not_used_any_more(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), max_stale=3600.0) as (source,):
        await source.get()
        backend.delete("crm")
        await until(source, lambda one: one is None)
        assert (await refused(source)).reason is Reason.CREDENTIAL_MISSING


@case("deny")
async def test_what_is_denied_from_now_on_is_not_used_any_more(backend: Backend):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), max_stale=3600.0) as (source,):
        await source.get()
        backend.deny("crm")
        await until(source, lambda one: one is None)
        assert (await refused(source)).reason is Reason.CREDENTIAL_MISSING


# --- many at once --------------------------------------------------------------------------------


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate()


class Gate:
    """Holds fetches up, and counts them."""

    def __init__(self) -> None:
        self.open, self.wanted = asyncio.Event(), asyncio.Event()
        self.fetches = 0

    def before(self, source: VaultCredential) -> None:
        provider = cache_of(source)._provider
        fetch = provider.fetch

        async def held(path: str, version: Any) -> Any:
            self.fetches += 1
            self.wanted.set()
            await self.open.wait()
            return await fetch(path, version)

        provider.fetch = held


@case("flight")
async def test_many_that_want_one_record_fetch_it_once(backend: Backend, gate: Gate):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), backend.credential("crm"), ttl=0.05) as (one, other):
        await asyncio.sleep(0.1)
        gate.before(one)
        crowd = [asyncio.create_task(source.get()) for source in (one, other) for _ in range(50)]
        await asyncio.wait_for(gate.wanted.wait(), 10)
        gate.open.set()
        assert {pair(found) for found in await asyncio.gather(*crowd)} == {("svc", CANARY)}
        assert gate.fetches == 1


@case("cancelled")
async def test_a_caller_who_goes_away_does_not_take_the_fetch_along(backend: Backend, gate: Gate):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), ttl=0.05) as (source,):
        await asyncio.sleep(0.1)
        gate.before(source)
        first, second = asyncio.create_task(source.get()), asyncio.create_task(source.get())
        await asyncio.wait_for(gate.wanted.wait(), 10)
        first.cancel()
        gate.open.set()
        assert pair(await second) == ("svc", CANARY)
        assert first.cancelled()
        assert gate.fetches == 1


@case("closing")
async def test_a_vault_that_closes_waits_for_nobody(backend: Backend, gate: Gate):
    backend.put("crm", "svc", CANARY)
    async with opened(backend, backend.credential("crm"), ttl=0.05) as (source,):
        await asyncio.sleep(0.1)
        gate.before(source)
        waiting = asyncio.create_task(source.get())
        await asyncio.wait_for(gate.wanted.wait(), 10)
        async with asyncio.timeout(5):
            await cache_of(source).aclose()
            (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(outcome, CredentialUnavailable) or pair(outcome) == ("svc", CANARY)


@case("reopened")
async def test_a_vault_can_be_closed_twice_and_opened_anew(backend: Backend):
    backend.put("crm", "svc", CANARY)
    for _ in range(2):
        async with opened(backend, backend.credential("crm")) as (source,):
            assert pair(await source.get()) == ("svc", CANARY)
            await cache_of(source)._provider.aclose()


# --- the list ------------------------------------------------------------------------------------


def test_what_a_kind_lacks_is_a_case_and_has_a_reason():
    for kind in KINDS:
        assert set(kind.lacks) <= set(CASES), kind.name
        assert all(len(reason) > 10 for reason in kind.lacks.values())
        assert kind.against
    assert len(CASES) >= 25


def row(kind: type[Backend]) -> str:
    """Return what the page on kinds of vaults says of one."""
    reasons: dict[str, list[str]] = {}
    for name, reason in kind.lacks.items():
        reasons.setdefault(reason, []).append(name)
    lacks = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())
    return f"| `{kind.name}` | {kind.against} | {lacks or 'none'} |"


def test_the_page_on_kinds_of_vaults_says_the_same():
    page = (Path(__file__).parents[2] / "docs" / "vault-kinds.md").read_text()
    for kind in KINDS:
        assert row(kind) in page
