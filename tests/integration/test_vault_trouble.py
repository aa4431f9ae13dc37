"""What happens to credentials while the vault, or the way to it, is in trouble?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.between import between
from tests.support.openbao import GENERATE, ROOT, Bao, LastingBao, bao, free_port  # noqa: F401 - a fixture

from ostiary.config.vaults import CacheSpec, CredentialSpec, HashicorpVaultSpec, VaultAuthSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.pki.references import as_path
from ostiary.reasons import Reason
from ostiary.vault import Vault, compile_vault
from ostiary.vault.source import VaultCredential

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAO_TOKEN", ROOT)


@asynccontextmanager
async def opened(address: str, *more: str, timeout: float = 1.0, **cache: float) -> AsyncIterator[Vault]:  # noqa: ASYNC109 - of the vault
    spec = HashicorpVaultSpec(
        type="hashicorp",
        address=address,
        also=more,
        auth=VaultAuthSpec(token="env:BAO_TOKEN"),
        cache=CacheSpec(**{"ttl": 0.2, "negative_ttl": 0.2, **cache}),
        timeout=timeout,
    )
    vault = compile_vault("v", spec, Path("/nowhere"))
    try:
        yield vault
    finally:
        await vault.aclose()


def at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def kept(vault: Vault, path: str = "a", **options: Any) -> VaultCredential:
    return vault.source(path, CredentialSpec(vault="v", path=path, **options))


async def until(done: Callable[[], bool]) -> None:
    for _ in range(200):
        if done():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it did not happen")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """Another server of the same token."""
    server = Bao(tmp_path_factory.mktemp("twin"))
    server.start()
    yield server
    server.stop()


# --- several addresses ------------------------------------------------------------------------


async def test_an_address_where_nobody_is_costs_one_try(bao):  # noqa: F811
    bao.put("a", id="svc", secret="s")
    async with opened(at(free_port()), bao.address) as vault:
        assert (await kept(vault).get()).id == "svc"


async def test_a_server_that_is_sealed_is_passed_over_and_the_other_stays_the_first(bao, twin):  # noqa: F811
    bao.put("a", id="first", secret="s")
    twin.put("a", id="second", secret="s")
    async with between(bao.port) as first, opened(at(first.port), twin.address) as vault:
        credential = kept(vault)
        assert (await credential.get()).id == "first"
        bao.seal()
        try:
            await asyncio.sleep(0.25)
            assert (await credential.get()).id == "second"
            before = first.taken
            await asyncio.sleep(0.25)
            assert (await credential.get()).id == "second"
            assert first.taken == before
        finally:
            bao.unseal()


@pytest.mark.attack(65)
async def test_with_every_server_sealed_the_last_copy_serves_and_the_rest_is_told_to_wait(bao, twin):  # noqa: F811
    bao.put("a", id="svc", secret="s")
    twin.put("a", id="svc", secret="s")
    async with opened(bao.address, twin.address) as vault:
        known, unknown = kept(vault), kept(vault, "b")
        await known.get()
        bao.seal()
        twin.seal()
        try:
            await asyncio.sleep(0.25)
            assert (await known.get()).id == "svc"
            with pytest.raises(CredentialUnavailable) as caught:
                await unknown.get()
        finally:
            bao.unseal()
            twin.unseal()
    assert (caught.value.reason, caught.value.retry_after) == (Reason.CREDENTIAL_UNAVAILABLE, 1)


# --- the way there ----------------------------------------------------------------------------


@pytest.mark.attack(65)
@pytest.mark.parametrize("trouble", [{"deaf": True}, {"most": 0}, {"most": 40}, {"delay": 1.5}])
async def test_a_way_that_fails_is_an_outage_and_the_last_copy_serves(bao, trouble):  # noqa: F811
    bao.put("a", id="svc", secret="s")
    async with between(bao.port) as way, opened(at(way.port), timeout=0.5) as vault:
        credential = kept(vault)
        first = await credential.get()
        for name, value in trouble.items():
            setattr(way, name, value)
        await asyncio.sleep(0.25)
        assert await credential.get() is first
        assert credential.state.reason is Reason.CREDENTIAL_UNAVAILABLE
        way.deaf, way.most, way.delay = False, None, 0.0
        bao.put("a", id="svc", secret="new")
        async with asyncio.timeout(15):
            while (await credential.get()).secret.reveal() != b"new":  # noqa: ASYNC110 - as requests would
                await asyncio.sleep(0.05)


async def test_a_server_that_asks_for_fewer_questions_is_left_alone_for_a_while(bao):  # noqa: F811
    bao.put("a", id="svc", secret="s")
    async with between(bao.port) as way, opened(at(way.port)) as vault:
        credential = kept(vault)
        first = await credential.get()
        bao.ask("POST", "sys/quotas/rate-limit/few", {"rate": 0.01, "path": "secret/"})
        try:
            await asyncio.sleep(0.25)
            for _ in range(50):
                assert (await credential.get()).version == first.version
                await asyncio.sleep(0.02)
        finally:
            bao.ask("DELETE", "sys/quotas/rate-limit/few")
        good, bad, _ = vault.fetches
        assert good <= 3
        assert 1 <= bad <= 2


async def test_a_standby_answers_while_the_one_that_led_is_sealed(tmp_path_factory):
    leader = LastingBao(tmp_path_factory.mktemp("leader"))
    standby = LastingBao(tmp_path_factory.mktemp("standby"))
    try:
        leader.start()
        standby.join(leader)
        leader.put("a", id="svc", secret="one")
        async with opened(leader.address, standby.address) as vault:
            credential = kept(vault)
            assert (await credential.get()).secret.reveal() == b"one"
            leader.put("a", id="svc", secret="two")
            await asyncio.to_thread(leader.seal)
            async with asyncio.timeout(20):
                while (await credential.get()).secret.reveal() != b"two":  # noqa: ASYNC110 - as requests would
                    await asyncio.sleep(0.05)
    finally:
        standby.stop()
        leader.stop()


async def test_a_server_that_was_killed_and_comes_back_is_asked_again(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("mortal"))
    server.start()
    try:
        server.put("a", id="svc", secret="one")
        async with opened(server.address) as vault:
            credential = kept(vault)
            first = await credential.get()
            assert server.process is not None
            server.process.kill()
            server.process.wait(10)
            for _ in range(20):
                assert await credential.get() is first
                await asyncio.sleep(0.05)
            server.start()  # it has forgotten everything, our token as well; but that is the root token
            server.put("a", id="svc", secret="two")
            server.put("a", id="svc", secret="three")
            async with asyncio.timeout(20):
                while (await credential.get()).secret.reveal() != b"three":  # noqa: ASYNC110 - as requests would
                    await asyncio.sleep(0.05)
    finally:
        server.stop()


@pytest.mark.attack(57)
@pytest.mark.parametrize(("start", "stops"), [("require", True), ("lazy", False)])
async def test_a_credential_that_is_required_stops_the_start(bao, start, stops):  # noqa: F811
    async with opened(bao.address) as vault:
        kept(vault, "never-written", start=start)
        if stops:
            with pytest.raises(ConfigError, match="required at the start"):
                await vault.start()
        else:
            await vault.start()


# --- certificates -----------------------------------------------------------------------------


async def test_a_certificate_is_replaced_before_its_end_and_whoever_uses_it_is_told(bao):  # noqa: F811
    bao.ask("POST", "sys/mounts/pki", {"type": "pki"})
    bao.ask("POST", f"pki/{GENERATE}", {"common_name": "Test root", "ttl": "1h"})
    bao.ask("POST", "pki/roles/gateway", {"allow_any_name": True, "max_ttl": "8s", "key_type": "ec", "key_bits": 256})
    spec = CredentialSpec(
        vault="v", engine="pki", path="issue/gateway", parameters={"common_name": "gateway.example.com"}
    )
    heard = []
    async with opened(bao.address) as vault:
        identity = vault.identity("gateway", spec)
        identity.subscribe(heard.append)
        await vault.start()
        first = await identity.get()
        await until(lambda: len(heard) == 2)
        second = await identity.get()
    assert heard == [first, second]
    assert first.version != second.version
    assert first.not_after is not None
    assert second.not_after is not None
    assert first.not_after < second.not_after
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with as_path(second.certificate + b"\n" + second.key.reveal()) as path:
        context.load_cert_chain(path)


async def test_a_role_that_the_server_does_not_have_is_named_as_the_mistake(bao):  # noqa: F811
    async with opened(bao.address) as vault:
        credential = kept(vault, "issue/nobody", engine="pki", mount="other-pki")
        with pytest.raises(CredentialUnavailable, match="Misconfigured"):
            await credential.get()
