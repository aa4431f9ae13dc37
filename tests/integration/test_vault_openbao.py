"""Does the hashicorp vault do the right thing against a real OpenBao server?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from tests.support.openbao import ROOT, Bao, bao  # noqa: F401 - a fixture

from ostiary.config.schema import AppRoleSpec, CacheSpec, CredentialSpec, HashicorpVaultSpec, VaultAuthSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import Credential
from ostiary.reasons import Reason
from ostiary.vault import Vault, compile_vault
from ostiary.vault.source import VaultCredential

pytestmark = pytest.mark.integration

READ = 'path "secret/data/*" { capabilities = ["read"] }'
CANARY = "canary-77c1d0"


@pytest.fixture
def login(bao: Bao, tmp_path: Path) -> Callable[..., VaultAuthSpec]:  # noqa: F811
    """Make a role, and a way to log in with it whose parts are files."""

    def make(name: str = "gateway", policy: str = READ, **options: object) -> VaultAuthSpec:
        role, secret = bao.approle(name, policy, **options)
        (tmp_path / "role").write_text(role + "\n")
        (tmp_path / "secret").write_text(secret + "\n")
        return VaultAuthSpec(approle=AppRoleSpec(role_id="file:role", secret_id="file:secret"))

    return make


@asynccontextmanager
async def opened(
    server: Bao, folder: Path, auth: VaultAuthSpec, *, ttl: float = 0.2, max_stale: float = 60.0
) -> AsyncIterator[Vault]:
    spec = HashicorpVaultSpec(
        type="hashicorp", address=server.address, auth=auth, cache=CacheSpec(ttl=ttl, max_stale=max_stale), timeout=2.0
    )
    vault = compile_vault("corporate", spec, folder)
    await vault.start()
    try:
        yield vault
    finally:
        await vault.aclose()


def source(vault: Vault, path: str, **options: object) -> VaultCredential:
    return vault.source(path.replace("/", "-"), CredentialSpec(vault="corporate", path=path, **options))


async def refused(credential: VaultCredential) -> CredentialUnavailable:
    with pytest.raises(CredentialUnavailable) as caught:
        await credential.get()
    return caught.value


async def until(credential: VaultCredential, wanted: Callable[[Credential], bool], seconds: float = 5.0) -> Credential:
    async with asyncio.timeout(seconds):
        while True:
            try:
                found = await credential.get()
            except CredentialUnavailable:
                pass
            else:
                if wanted(found):
                    return found
            await asyncio.sleep(0.05)


async def test_a_credential_is_read_under_the_names_that_the_configuration_gives(bao, login, tmp_path):  # noqa: F811
    bao.put("legacy/accounts", username="svc", password=CANARY)
    async with opened(bao, tmp_path, login()) as vault:
        found = await source(vault, "legacy/accounts", id="username", secret="password").get()
    assert (found.id, found.secret.reveal(), found.version) == ("svc", CANARY.encode(), "1")


async def test_a_token_serves_as_well_as_a_role(bao, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    bao.put("by-token", secret=CANARY)
    async with opened(bao, tmp_path, VaultAuthSpec(token="env:BAO_TOKEN")) as vault:
        found = await source(vault, "by-token").get()
    assert (found.id, found.secret.reveal()) == ("", CANARY.encode())


async def test_a_rotation_is_seen_within_the_time_to_live_and_a_pin_holds(bao, login, tmp_path):  # noqa: F811
    bao.put("rotating", id="svc", secret="old")
    async with opened(bao, tmp_path, login()) as vault:
        newest, pinned = source(vault, "rotating"), source(vault, "rotating", version=1)
        assert (await newest.get()).version == "1"
        bao.put("rotating", id="svc", secret="new")
        found = await until(newest, lambda one: one.version == "2", seconds=1.0)
        assert found.secret.reveal() == b"new"
        assert (await pinned.get()).secret.reveal() == b"old"


async def test_a_pair_never_tears_while_it_is_rotated(bao, login, tmp_path):  # noqa: F811
    bao.put("pair", id="user-1", secret="pass-1")
    async with opened(bao, tmp_path, login(), ttl=0.02) as vault:
        credential = source(vault, "pair")
        seen = set()

        async def reader() -> None:
            while len(seen) < 6:
                found = await credential.get()
                assert found.id.removeprefix("user-") == found.secret.reveal().decode().removeprefix("pass-")
                seen.add(found.version)
                await asyncio.sleep(0.002)

        async def writer() -> None:
            for number in range(2, 200):
                if len(seen) >= 6:
                    return
                await asyncio.to_thread(bao.put, "pair", id=f"user-{number}", secret=f"pass-{number}")

        async with asyncio.timeout(20):
            await asyncio.gather(writer(), *(reader() for _ in range(8)))


async def test_a_deleted_version_is_not_used_any_longer(bao, login, tmp_path):  # noqa: F811
    bao.put("deleted", id="svc", secret="s")
    async with opened(bao, tmp_path, login()) as vault:
        credential = source(vault, "deleted")
        await credential.get()
        bao.ask("DELETE", "secret/data/deleted")
        await asyncio.sleep(0.25)
        error = await refused(credential)
    assert (error.reason, "deleted" in error.detail) == (Reason.CREDENTIAL_MISSING, True)


async def test_a_destroyed_version_is_not_used_any_longer(bao, login, tmp_path):  # noqa: F811
    bao.put("destroyed", id="svc", secret="s")
    async with opened(bao, tmp_path, login()) as vault:
        credential = source(vault, "destroyed")
        await credential.get()
        bao.ask("POST", "secret/destroy/destroyed", {"versions": [1]})
        await asyncio.sleep(0.25)
        assert "destroyed" in (await refused(credential)).detail


async def test_a_version_that_deletes_itself_is_not_used_past_its_end(bao, login, tmp_path):  # noqa: F811
    bao.ask("POST", "secret/metadata/mortal", {"delete_version_after": "1500ms"})
    bao.put("mortal", id="svc", secret="s")
    async with opened(bao, tmp_path, login(), ttl=60.0) as vault:
        credential = source(vault, "mortal")
        await credential.get()
        await asyncio.sleep(1.6)
        assert (await refused(credential)).reason is Reason.CREDENTIAL_MISSING


async def test_what_was_never_written_is_missing_and_found_when_it_is_there(bao, login, tmp_path):  # noqa: F811
    async with opened(bao, tmp_path, login()) as vault:
        credential = source(vault, "later")
        error = await refused(credential)
        assert (error.status, error.reason, "NotFound" in error.detail) == (503, Reason.CREDENTIAL_MISSING, True)
        assert 1 <= error.retry_after <= 5
        bao.put("later", id="svc", secret="s")
        assert (await until(credential, bool, seconds=7.0)).version == "1"


async def test_a_policy_that_says_no_is_obeyed_at_once_and_costs_no_login(bao, login, tmp_path):  # noqa: F811
    bao.put("denied", id="svc", secret="s")
    auth = login("narrow")
    async with opened(bao, tmp_path, auth) as vault:
        credential = source(vault, "denied")
        await credential.get()
        bao.ask("PUT", "sys/policies/acl/narrow", {"policy": 'path "secret/data/else" { capabilities = ["read"] }'})
        await asyncio.sleep(0.25)
        with structlog.testing.capture_logs() as logs:
            error = await refused(credential)
    assert (error.reason, "AccessDenied" in error.detail) == (Reason.CREDENTIAL_MISSING, True)
    assert not [entry for entry in logs if entry["event"] == "logged in to the vault"]


async def test_a_revoked_token_is_replaced_by_one_login_for_all(bao, login, tmp_path):  # noqa: F811
    for number in range(6):
        bao.put(f"many-{number}", id="svc", secret="s")
    async with opened(bao, tmp_path, login()) as vault:
        credentials = [source(vault, f"many-{number}") for number in range(6)]
        await asyncio.gather(*(credential.get() for credential in credentials))
        bao.revoke_all()
        await asyncio.sleep(0.25)
        with structlog.testing.capture_logs() as logs:
            found = await asyncio.gather(*(credential.get() for credential in credentials))
    assert len(found) == 6
    assert [entry["event"] for entry in logs].count("logged in to the vault") == 1


async def test_a_token_is_renewed_in_quiet_times(bao, login, tmp_path):  # noqa: F811
    bao.put("quiet", id="svc", secret="s")
    async with opened(bao, tmp_path, login("short", token_ttl="3s", token_max_ttl="1h"), ttl=60.0) as vault:
        credential = source(vault, "quiet")
        await credential.get()
        first = vault._provider.client.session._token
        await asyncio.sleep(4.0)
        later = vault._provider.client.session._token
        assert later.value == first.value
        assert later.since > first.since
        assert not await vault._provider.client.session.is_dead(later)


async def test_a_token_near_its_longest_life_is_replaced(bao, login, tmp_path):  # noqa: F811
    bao.put("brief", id="svc", secret="s")
    async with opened(bao, tmp_path, login("brief", token_ttl="3s", token_max_ttl="4s"), ttl=60.0) as vault:
        await source(vault, "brief").get()
        first = vault._provider.client.session._token
        await asyncio.sleep(4.2)
        later = vault._provider.client.session._token
        assert later.value != first.value
        assert not await vault._provider.client.session.is_dead(later)


async def test_a_sealed_vault_leaves_the_last_copy_in_use_then_nothing_and_recovers(bao, login, tmp_path):  # noqa: F811
    bao.put("sealed", id="svc", secret="s")
    async with opened(bao, tmp_path, login(), max_stale=1.5) as vault:
        credential, unread = source(vault, "sealed"), source(vault, "unread")
        before = await credential.get()
        bao.seal()
        try:
            await asyncio.sleep(0.5)
            assert await credential.get() is before
            error = await refused(unread)
            assert (error.reason, "Sealed" in error.detail) == (Reason.CREDENTIAL_UNAVAILABLE, True)
            assert error.retry_after >= 1
            await asyncio.sleep(1.5)
            assert (await refused(credential)).reason is Reason.CREDENTIAL_UNAVAILABLE
        finally:
            bao.unseal()
        assert (await until(credential, bool)).version == before.version


async def test_names_with_odd_letters_reach_the_record_that_they_name(bao, login, tmp_path):  # noqa: F811
    path = "team a/ünï?#&+;,k"
    bao.put("team%20a/%C3%BCn%C3%AF%3F%23%26%2B%3B%2Ck", id="svc", secret="s")
    async with opened(bao, tmp_path, login()) as vault:
        assert (await source(vault, path).get()).version == "1"


@pytest.mark.parametrize("path", ["a//b", "/a", "a/", "a/../b", "a/./b", "..", "a/%2e%2e/b", "a\x00b", "a\nb"])
async def test_a_path_that_could_walk_elsewhere_stops_the_start(bao, login, tmp_path, path):  # noqa: F811
    async with opened(bao, tmp_path, login()) as vault:
        with pytest.raises(ConfigError):
            source(vault, path)


async def test_a_mount_that_is_not_there_is_named_as_the_mistake(bao, login, tmp_path):  # noqa: F811
    spec = HashicorpVaultSpec(
        type="hashicorp",
        address=bao.address,
        mount="nowhere",
        auth=login("any", 'path "*" { capabilities = ["read"] }'),
    )
    vault = compile_vault("corporate", spec, tmp_path)
    credential = source(vault, "x")
    await vault.start()
    error = await refused(credential)
    await vault.aclose()
    assert "Misconfigured" in error.detail


async def test_a_wrong_secret_id_is_a_denial_and_the_right_one_is_read_from_its_file_anew(bao, login, tmp_path):  # noqa: F811
    bao.put("relogin", id="svc", secret="s")
    auth = login("relogin")
    right = (tmp_path / "secret").read_text()
    (tmp_path / "secret").write_text("00000000-0000-0000-0000-000000000000\n")
    async with opened(bao, tmp_path, auth) as vault:
        credential = source(vault, "relogin")
        assert "refused the login" in (await refused(credential)).detail
        (tmp_path / "secret").write_text(right)
        await until(credential, bool, seconds=8.0)


async def test_no_secret_is_told_whatever_happens(bao, login, tmp_path, caplog, capsys):  # noqa: F811
    caplog.set_level(logging.DEBUG)
    bao.put("telling", id="svc", secret=CANARY)
    auth = login("telling")
    hidden = [CANARY, ROOT, (tmp_path / "role").read_text().strip(), (tmp_path / "secret").read_text().strip()]
    told = []
    async with opened(bao, tmp_path, auth, max_stale=0.1) as vault:
        credential = source(vault, "telling")
        found = await credential.get()
        token = vault._provider.client.session._token
        hidden.append(token.value.reveal().decode())
        told += [
            repr(found),
            repr(token),
            repr(vault.__dict__),
            repr(credential._cache.__dict__),
            repr(credential._slot.state),
        ]
        bao.revoke_all()
        await asyncio.sleep(0.25)
        await credential.get()
        bao.seal()
        try:
            await asyncio.sleep(0.4)
            told.append(repr(await refused(credential)))
        finally:
            bao.unseal()
    told += [caplog.text, *capsys.readouterr()]
    assert "the vault answered 503" in "".join(told)
    assert not [secret for secret in hidden if any(secret in text for text in told)]


async def test_a_vault_that_is_not_there_at_the_start_is_warned_of_and_found_later(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("late"))
    folder = tmp_path_factory.mktemp("conf")
    (folder / "token").write_text(ROOT)
    with structlog.testing.capture_logs() as logs:
        spec = HashicorpVaultSpec(type="hashicorp", address=server.address, auth=VaultAuthSpec(token="file:token"))
        vault = compile_vault("corporate", spec, folder)
        credential = source(vault, "late")
        await vault.start()
    try:
        assert "credential missing: its routes answer 503 until it is there" in [entry["event"] for entry in logs]
        server.start()
        server.put("late", id="svc", secret="s")
        assert (await until(credential, bool)).id == "svc"
    finally:
        await vault.aclose()
        server.stop()


async def test_a_restart_of_the_vault_is_not_noticed_by_requests(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("again"))
    folder = tmp_path_factory.mktemp("conf")
    (folder / "token").write_text(ROOT)
    server.start()
    try:
        server.put("again", id="svc", secret="s")
        async with opened(server, folder, VaultAuthSpec(token="file:token")) as vault:
            credential = source(vault, "again")
            before = await credential.get()
            server.stop()
            for _ in range(10):
                await asyncio.sleep(0.05)
                assert await credential.get() is before
            server.start()
            server.put("again", id="svc", secret="s")
            server.put("again", id="svc", secret="newer")
            assert (await until(credential, lambda one: one.version == "2")).secret.reveal() == b"newer"
    finally:
        server.stop()


async def test_only_the_authorities_of_the_configuration_vouch_for_the_server(tmp_path_factory):
    server = Bao(tmp_path_factory.mktemp("tls"), tls=True)
    server.start()
    folder = tmp_path_factory.mktemp("conf")
    (folder / "token").write_text(ROOT)
    (folder / "ca.pem").write_bytes(server.ca.read_bytes())
    authorities = {"ours": ("file:ca.pem",), "the system's": ()}
    found: dict[str, object] = {}
    try:
        server.put("tls", id="svc", secret="s")
        for name, files in authorities.items():
            spec = HashicorpVaultSpec(
                type="hashicorp", address=server.address, auth=VaultAuthSpec(token="file:token"), authorities=files
            )
            vault = compile_vault("corporate", spec, folder)
            credential = source(vault, "tls")
            await vault.start()
            try:
                found[name] = (await credential.get()).version
            except CredentialUnavailable as error:
                found[name] = error.reason
            await vault.aclose()
    finally:
        server.stop()
    assert found == {"ours": "1", "the system's": Reason.CREDENTIAL_UNAVAILABLE}


@pytest.mark.parametrize("content", ["", "not a certificate"])
def test_authorities_that_are_no_certificates_stop_the_start(tmp_path, content):
    (tmp_path / "token").write_text(ROOT)
    (tmp_path / "ca.pem").write_text(content)
    spec = HashicorpVaultSpec(
        type="hashicorp",
        address="https://127.0.0.1:1",
        auth=VaultAuthSpec(token="file:token"),
        authorities=("file:ca.pem",),
    )
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        compile_vault("corporate", spec, tmp_path)
