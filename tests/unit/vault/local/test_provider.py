"""What does a running gateway see of a local vault?"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from tests.unit.sealed.conftest import CANARY, pair

from ostiary.config.schema import CacheSpec, CredentialSpec, LocalVaultSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.reasons import Reason
from ostiary.sealed.crypt import MasterKeys, new_key
from ostiary.vault import Vault, compile_vault
from ostiary.vault.cache import LOOK
from ostiary.vault.local import LocalStore, VersionState, local_store, new_key_text


@pytest.fixture
def spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LocalVaultSpec:
    monkeypatch.setenv("MASTER", new_key_text())
    return LocalVaultSpec(
        type="local", path="vault.db", master_key="env:MASTER", cache=CacheSpec(ttl=60.0, max_stale=600.0)
    )


@pytest.fixture
def other(spec: LocalVaultSpec, folder: Path) -> LocalStore:
    """The same file, as the command line opens it."""
    store = local_store(spec, folder)
    store.put("legacy", pair())
    return store


@pytest.fixture
async def vault(spec: LocalVaultSpec, folder: Path, other: LocalStore):
    running = compile_vault("local", spec, folder)
    await running.start()
    yield running
    await running.aclose()


def source(vault: Vault, alias: str = "legacy", **options: object):
    return vault.source(alias, CredentialSpec(vault="local", **options))


async def looked() -> None:
    await asyncio.sleep(LOOK * 1.5)


async def test_a_credential_is_read(vault):
    found = await source(vault).get()
    assert (found.alias, found.id, found.secret.reveal(), found.version) == ("legacy", "svc", CANARY.encode(), "1")


async def test_a_rotation_by_another_process_is_seen_at_once(vault, other):
    credential = source(vault)
    await credential.get()
    other.put("legacy", pair(secret="new"))
    await looked()
    assert (await credential.get()).secret.reveal() == b"new"


async def test_a_destruction_by_another_process_is_obeyed_at_once(vault, other):
    credential = source(vault)
    await credential.get()
    other.change("legacy", VersionState.DESTROYED)
    await looked()
    with pytest.raises(CredentialUnavailable) as caught:
        await credential.get()
    assert caught.value.reason is Reason.CREDENTIAL_MISSING


async def test_a_credential_put_later_is_found_at_once(vault, other):
    credential = source(vault, "later")
    with pytest.raises(CredentialUnavailable):
        await credential.get()
    other.put("later", pair())
    await looked()
    assert (await credential.get()).version == "1"


async def test_a_vault_locked_with_another_key_leaves_the_last_copy_in_use(vault, other):
    credential = source(vault)
    before = await credential.get()
    replace(other, masters=MasterKeys(new_key(), (other.masters.current,))).rekey()
    await looked()
    assert await credential.get() is before


async def test_an_older_file_in_the_vaults_place_is_refused(vault, other, folder):
    credential = source(vault)
    shutil.copy(other.path, folder / "older.db")
    other.put("legacy", pair(secret="new"))
    await credential.get()
    for log in ("vault.db-wal", "vault.db-shm"):
        (folder / log).unlink(missing_ok=True)
    (folder / "older.db").replace(other.path)
    await looked()
    with pytest.raises(CredentialUnavailable, match="Tampered"):
        await credential.get()


async def test_a_vault_that_disappears_leaves_the_last_copy_in_use_and_is_not_asked_all_the_time(vault, other, folder):
    credential = source(vault)
    before = await credential.get()
    other.path.rename(folder / "elsewhere.db")
    with structlog.testing.capture_logs() as logs:
        for _ in range(5):
            await looked()
            assert await credential.get() is before
    assert len(logs) <= 2
    (folder / "elsewhere.db").rename(other.path)
    other.put("legacy", pair(secret="new"))
    await looked()
    assert (await credential.get()).version == "2"


async def test_a_tampered_vault_is_not_used_any_longer(vault, other):
    credential = source(vault)
    await credential.get()
    with sqlite3.connect(other.path) as db:
        db.execute("UPDATE head SET latest = 7")
    db.close()
    await looked()
    with pytest.raises(CredentialUnavailable, match="Tampered"):
        await credential.get()


async def test_a_wrong_master_key_stops_the_start(other, spec, folder, monkeypatch):
    monkeypatch.setenv("MASTER", new_key_text())
    with pytest.raises(ConfigError, match="locked with master key"):
        await compile_vault("local", spec, folder).start()


async def test_a_vault_that_is_not_there_stops_the_start(spec, folder):
    with pytest.raises(ConfigError, match="ostiary vault put"):
        await compile_vault("local", spec, folder).start()


async def test_a_vault_that_others_can_read_stops_the_start(spec, folder, other):
    other.path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        await compile_vault("local", spec, folder).start()


async def test_a_master_key_that_is_not_there_stops_the_start(spec, folder, monkeypatch):
    monkeypatch.delenv("MASTER")
    with pytest.raises(ConfigError, match="MASTER is not set"):
        compile_vault("local", spec, folder)


async def test_a_credential_missing_at_the_start_is_warned_of(spec, folder, other):
    running = compile_vault("local", spec, folder)
    source(running, "nowhere")
    with structlog.testing.capture_logs() as logs:
        await running.start()
    await running.aclose()
    assert [entry["credential"] for entry in logs if entry["log_level"] == "warning" and "credential" in entry] == [
        "nowhere"
    ]


async def test_a_rotation_under_load_fails_no_request_and_tears_no_pair(vault, other):
    credential = source(vault)
    seen: set[str] = set()
    count, end = 0, time.monotonic() + 3.0

    async def reader() -> None:
        nonlocal count
        while time.monotonic() < end:
            found = await credential.get()
            assert found.secret.reveal().decode() in (CANARY, f"pass-of-{found.id}")
            seen.add(found.version)
            count += 1
            await asyncio.sleep(0)

    async def writer() -> None:
        for number in range(10):
            name = f"user-{number}"
            await asyncio.to_thread(other.put, "legacy", pair(name, f"pass-of-{name}"))
            await asyncio.sleep(0.25)

    await asyncio.gather(writer(), *(reader() for _ in range(8)))
    assert len(seen) >= 8
    assert count > 5000


async def test_no_secret_is_told_whatever_happens(spec, folder, other, caplog, capsys):
    caplog.set_level("DEBUG")
    running = compile_vault("local", spec, folder)
    credential = source(running)
    await running.start()
    found = await credential.get()
    told = [repr(found), repr(credential._slot.state), repr(running.__dict__), repr(running._provider.__dict__)]
    other.change("legacy", VersionState.DISABLED, 1)
    await looked()
    with pytest.raises(CredentialUnavailable) as caught:
        await credential.get()
    await running.aclose()
    told += [repr(caught.value), str(caught.getrepr(showlocals=True)), caplog.text, *capsys.readouterr()]
    assert "is disabled" in "".join(told)
    assert CANARY not in "".join(told)
