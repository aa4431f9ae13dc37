"""Does the gateway see that a file has changed?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.vault.files.test_reader import publish

from ostiary.config.vaults import CredentialSpec, FilesVaultSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.vault import Vault, compile_vault
from ostiary.vault.errors import Misconfigured
from ostiary.vault.files import compile_files, provider
from ostiary.vault.files.inotify import Inotify


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Vault]:
    write(tmp_path / "secrets" / "token", "one\n")
    one = compile_vault("mounted", FilesVaultSpec(type="files", path="secrets"), tmp_path)
    yield one
    await one.aclose()


async def until(vault: Vault, wanted: str | None) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                found = (await vault.sources[0].get()).secret.reveal().decode()
            except CredentialUnavailable:
                found = None
            if found == wanted:
                return
            await asyncio.sleep(0.02)


async def rotate_and_delete(vault: Vault, tmp_path: Path) -> None:
    vault.source("token", CredentialSpec(vault="mounted"))
    await vault.start()
    await until(vault, "one")
    write(tmp_path / "secrets" / "next", "two")
    (tmp_path / "secrets" / "next").replace(tmp_path / "secrets" / "token")
    await until(vault, "two")
    (tmp_path / "secrets" / "token").unlink()
    await until(vault, None)


async def test_the_kernel_tells_long_before_the_time_to_live_ends(vault: Vault, tmp_path: Path):
    await rotate_and_delete(vault, tmp_path)


async def test_without_inotify_files_are_looked_at(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Inotify, "start", lambda _: None)
    monkeypatch.setattr(provider, "POLL", 0.05)
    await rotate_and_delete(vault, tmp_path)


async def test_the_folder_must_be_there_at_the_start(tmp_path: Path):
    vault = compile_vault("mounted", FilesVaultSpec(type="files", path="absent"), tmp_path)
    with pytest.raises(ConfigError, match="absent"):
        await vault.start()
    await vault.aclose()


async def test_systemd_says_where_its_credentials_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert compile_files(FilesVaultSpec(type="files"), Path("/elsewhere")).origin == str(tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY"):
        compile_files(FilesVaultSpec(type="files"), tmp_path)


async def test_a_version_cannot_be_pinned(tmp_path: Path):
    with pytest.raises(Misconfigured, match="one version"):
        await compile_files(FilesVaultSpec(type="files", path="."), tmp_path).fetch("token", 3)


async def test_a_switched_volume_of_kubernetes_is_seen_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(provider, "POLL", 3600.0)  # only the kernel tells
    publish(tmp_path / "crm", 1, id="one", secret="one")
    spec = FilesVaultSpec(type="files", path=".", readable_by_others="accepted")
    vault = compile_vault("volume", spec, tmp_path)
    source = vault.source("crm", CredentialSpec(vault="volume"))
    await vault.start()
    await until(vault, "one")
    publish(tmp_path / "crm", 2, id="two", secret="two")
    await until(vault, "two")
    found = await source.get()
    assert (found.id, found.secret.reveal()) == ("two", b"two")
    await vault.aclose()
