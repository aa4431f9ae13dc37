"""Are users of a real database made, renewed, replaced and given back by way of a real OpenBao?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from tests.support.openbao import ROOT, Bao, bao  # noqa: F401 - a fixture
from tests.support.postgres import Postgres, postgres  # noqa: F401 - a fixture

from ostiary.config.vaults import CacheSpec, CredentialSpec, HashicorpVaultSpec, VaultAuthSpec
from ostiary.model import Credential
from ostiary.vault import Vault, compile_vault
from ostiary.vault.source import VaultCredential

pytestmark = pytest.mark.integration

MAKE = "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'"


@pytest.fixture(scope="module")
def database(bao: Bao, postgres: Postgres) -> Postgres:  # noqa: F811
    """A database that OpenBao makes users of."""
    postgres.known_to(bao)
    return postgres


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAO_TOKEN", ROOT)


def dynamic(server: Bao, name: str, ttl: str, longest: str) -> CredentialSpec:
    server.ask(
        "POST",
        f"database/roles/{name}",
        {"db_name": "main", "creation_statements": [MAKE], "default_ttl": ttl, "max_ttl": longest},
    )
    return CredentialSpec(vault="v", engine="database", path=f"creds/{name}")


@asynccontextmanager
async def opened(server: Bao, *, auth: VaultAuthSpec | None = None, **cache: float) -> AsyncIterator[Vault]:
    spec = HashicorpVaultSpec(
        type="hashicorp",
        address=server.address,
        auth=auth or VaultAuthSpec(token="env:BAO_TOKEN"),
        cache=CacheSpec(**{"linger": 0.5, **cache}),
        timeout=5.0,
    )
    vault = compile_vault("v", spec, Path("/nowhere"))
    try:
        yield vault
    finally:
        await vault.aclose()


async def gone(database: Postgres, user: str) -> None:
    """Wait until a user is no more."""
    for _ in range(100):
        if user not in await database.users():
            return
        await asyncio.sleep(0.1)
    pytest.fail("the user is still there")


async def another(credential: VaultCredential, first: Credential) -> Credential:
    """Wait until another user is in use."""
    for _ in range(100):
        if (found := await credential.get()).id != first.id:
            return found
        await asyncio.sleep(0.05)
    return pytest.fail("the same user is in use")


async def test_a_user_is_made_and_removed_when_the_gateway_ends(bao, database):  # noqa: F811
    async with opened(bao) as vault:
        credential = vault.source("app", dynamic(bao, "brief", "1m", "1h"))
        await vault.start()
        found = await credential.get()
        assert await database.lets_in(found.id, found.secret.reveal().decode())
        assert (await credential.get()) is found
    assert found.id not in await database.users()


async def test_a_lease_is_renewed_in_quiet_times_and_the_user_stays_the_same(bao, database):  # noqa: F811
    async with opened(bao) as vault:
        credential = vault.source("app", dynamic(bao, "quiet", "3s", "1h"))
        await vault.start()
        first = await credential.get()
        await asyncio.sleep(5.0)
        later = await credential.get()
        assert (later.id, later.version) == (first.id, first.version)
        assert await database.lets_in(later.id, later.secret.reveal().decode())


async def test_before_its_longest_life_a_second_user_is_made_and_the_first_is_removed_afterwards(bao, database):  # noqa: F811
    async with opened(bao) as vault:
        credential = vault.source("app", dynamic(bao, "mortal", "4s", "7s"))
        await vault.start()
        first = await credential.get()
        async with asyncio.timeout(20):
            while (found := await credential.get()).id == first.id:
                assert await database.lets_in(found.id, found.secret.reveal().decode()), "used beyond its life"
                await asyncio.sleep(0.1)
        assert await database.lets_in(found.id, found.secret.reveal().decode())
        assert first.id in await database.users(), "requests on it may be under way"
        await gone(database, first.id)


async def test_a_rejected_user_is_replaced_once_however_many_ask(bao, database):  # noqa: F811
    async with opened(bao) as vault:
        credential = vault.source("app", dynamic(bao, "rejected", "1m", "1h"))
        await vault.start()
        first = await credential.get()
        before = await database.users()
        await database.run(f'DROP ROLE "{first.id}"')
        answers = await asyncio.gather(*(credential.rejected(first.version) for _ in range(20)))
        second = await credential.get()
        assert (set(answers), second.id != first.id) == ({True}, True)
        assert len(await database.users() - before) == 1
        assert not await credential.rejected(second.version), "an upstream that says no to everything gets no more"
        assert len(await database.users() - before) == 1


async def test_a_static_password_is_known_to_change_and_is_asked_for_when_it_does(bao, database):  # noqa: F811
    await database.run("CREATE ROLE legacy LOGIN PASSWORD 'first'")
    bao.ask("POST", "database/static-roles/legacy", {"db_name": "main", "username": "legacy", "rotation_period": "60s"})
    async with opened(bao, min_refetch=0.2, ttl=3600.0) as vault:
        credential = vault.source("l", CredentialSpec(vault="v", engine="database", path="static-creds/legacy"))
        await vault.start()
        first = await credential.get()
        assert first.id == "legacy"
        assert await database.lets_in("legacy", first.secret.reveal().decode())
        assert 50 < credential._slot.state.life.due - credential._cache.clock() <= 60
        bao.ask("POST", "database/rotate-role/legacy")
        assert not await database.lets_in("legacy", first.secret.reveal().decode())
        assert await credential.rejected(first.version)
        second = await credential.get()
        assert await database.lets_in("legacy", second.secret.reveal().decode())


async def test_a_login_that_ends_takes_its_users_with_it_and_another_one_is_made_in_time(bao, database, tmp_path):  # noqa: F811
    wanted = dynamic(bao, "bylogin", "1m", "1h")
    policy = 'path "database/creds/*" { capabilities = ["read"] } path "sys/leases/*" { capabilities = ["update"] }'
    role, secret = bao.approle("brief-login", policy, token_ttl="4s", token_max_ttl="5s")
    (tmp_path / "role").write_text(role)
    (tmp_path / "secret").write_text(secret)
    auth = VaultAuthSpec.model_validate(
        {"approle": {"role_id": f"file:{tmp_path}/role", "secret_id": f"file:{tmp_path}/secret"}}
    )
    async with opened(bao, auth=auth) as vault:
        credential = vault.source("app", wanted)
        await vault.start()
        end = asyncio.get_running_loop().time() + 7.0
        seen = set()
        while asyncio.get_running_loop().time() < end:
            found = await credential.get()
            seen.add(found.id)
            assert await database.lets_in(found.id, found.secret.reveal().decode())
            await asyncio.sleep(0.1)
        assert len(seen) > 1


async def test_a_reload_hands_a_lease_on_and_only_the_last_gives_it_back(bao, database):  # noqa: F811
    wanted = dynamic(bao, "reloaded", "1m", "1h")
    async with opened(bao, linger=60.0) as now:
        async with opened(bao, linger=60.0) as before:
            first = await before.source("app", wanted).get()
            credential = now.source("app", wanted)
            now.inherit(before)
            assert (await credential.get()).id == first.id, "nobody waits for another one"
        assert first.id in await database.users()
        await now.start()
        found = await another(credential, first)
        assert first.id in await database.users()
    assert not {first.id, found.id} & await database.users()


async def test_nothing_of_a_user_is_logged(bao, database, capsys):  # noqa: F811
    with structlog.testing.capture_logs() as logs:
        async with opened(bao) as vault:
            credential = vault.source("app", dynamic(bao, "logged", "1m", "1h"))
            await vault.start()
            found = await credential.get()
    told = f"{logs}{capsys.readouterr()}"
    assert found.secret.reveal().decode() not in told
    assert [one["event"] for one in logs][-1] == "lease given back"
