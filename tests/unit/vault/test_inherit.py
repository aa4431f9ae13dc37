"""What does a vault of a new configuration know of what the one before knew?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ostiary.config.schema import CacheSpec, CredentialSpec, LocalVaultSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.model import Secret
from ostiary.vault import Vault, compile_vault
from ostiary.vault.errors import NotFound, Unavailable
from ostiary.vault.local import local_store, new_key_text
from ostiary.vault.record import SecretRecord


class Scripted:
    """A provider that answers what the test says."""

    def __init__(self, answer: Exception | str, origin: str = "here") -> None:
        self.answer = answer
        self.origin = origin
        self.asked = 0

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    def inherit(self, previous: Scripted) -> None: ...

    def check(self, path: str) -> None: ...

    async def fetch(self, path: str, version: int | None) -> SecretRecord:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return SecretRecord({"id": Secret("svc"), "secret": Secret(self.answer)}, "1", 0.0)

    def changed(self) -> bool:
        return False


def vault(provider: Scripted) -> tuple[Vault, object]:
    made = Vault("corporate", provider, CacheSpec(ttl=1e9, max_stale=1e9))
    return made, made.source("legacy", CredentialSpec(vault="corporate"))


async def after(first: Scripted, second: Scripted) -> bytes:
    """Use one vault, then another that inherits from it; return the secret that the second one gives."""
    before, source = vault(first)
    await before.start()
    assert (await source.get()).secret.reveal() == b"old"
    now, source = vault(second)
    now.inherit(before)
    try:
        await now.start()
        return (await source.get()).secret.reveal()
    finally:
        await now.aclose()
        await before.aclose()


async def test_it_is_asked_before_anything_is_used() -> None:
    second = Scripted("new")
    assert await after(Scripted("old"), second) == b"new"
    assert second.asked == 1


async def test_while_it_cannot_answer_the_last_copy_is_used() -> None:
    assert await after(Scripted("old"), Scripted(Unavailable("down"))) == b"old"


async def test_a_no_is_obeyed() -> None:
    with pytest.raises(CredentialUnavailable):
        await after(Scripted("old"), Scripted(NotFound("gone")))


async def test_another_vault_knows_nothing_of_it() -> None:
    with pytest.raises(CredentialUnavailable):
        await after(Scripted("old"), Scripted(Unavailable("down"), origin="elsewhere"))


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalVaultSpec:
    monkeypatch.setenv("MASTER", new_key_text())
    return LocalVaultSpec(type="local", path="vault.db", master_key="env:MASTER")


async def test_an_older_file_is_not_accepted_by_a_reload_either(local: LocalVaultSpec, tmp_path: Path) -> None:
    store = local_store(local, tmp_path)
    store.put("legacy", {"id": Secret("svc"), "secret": Secret("one")})
    shutil.copy(tmp_path / "vault.db", tmp_path / "older.db")
    store.put("legacy", {"id": Secret("svc"), "secret": Secret("two")})
    before = compile_vault("local", local, tmp_path)
    await before.start()

    shutil.copy(tmp_path / "older.db", tmp_path / "new.db")
    (tmp_path / "new.db").chmod(0o600)
    for leftover in tuple(tmp_path.glob("vault.db-*")):  # noqa: ASYNC240 - a test
        leftover.unlink()
    (tmp_path / "new.db").replace(tmp_path / "vault.db")
    now = compile_vault("local", local, tmp_path)
    now.inherit(before)
    with pytest.raises(ConfigError, match="older than what was read from it before"):
        await now.start()
    await now.aclose()
    await before.aclose()
