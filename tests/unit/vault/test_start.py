"""What does a credential that cannot be had mean for the start: what its vault says, unless it says so itself?"""

from __future__ import annotations

from pathlib import Path

import pytest

from ostiary.config.vaults import CredentialSpec, LocalVaultSpec
from ostiary.errors import ConfigError
from ostiary.vault import Vault, compile_vault
from ostiary.vault.local import local_store, new_key_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "master.key").write_text(new_key_text())
    (tmp_path / "master.key").chmod(0o600)
    local_store(spec(), tmp_path).put("there", {})
    return tmp_path


def spec(**more: str) -> LocalVaultSpec:
    return LocalVaultSpec.model_validate({"type": "local", "path": "vault.db", "master_key": "file:master.key", **more})


def vault(folder: Path, said: str | None, own: str | None) -> Vault:
    found = compile_vault("local", spec() if said is None else spec(start=said), folder)
    found.source("missing", CredentialSpec.model_validate({"vault": "local"} | ({} if own is None else {"start": own})))
    return found


@pytest.mark.parametrize(
    ("said", "own"), [("require", None), ("require", "require"), ("lazy", "require"), (None, "require")]
)
async def test_a_start_that_requires_it_is_stopped(folder: Path, said: str | None, own: str | None) -> None:
    found = vault(folder, said, own)
    with pytest.raises(ConfigError, match="credential 'missing' is required at the start"):
        await found.start()
    await found.aclose()


@pytest.mark.parametrize(("said", "own"), [(None, None), ("lazy", None), ("require", "lazy"), (None, "lazy")])
async def test_otherwise_only_its_routes_are(folder: Path, said: str | None, own: str | None) -> None:
    found = vault(folder, said, own)
    await found.start()
    (source,) = found.sources
    assert not source.state.usable
    await found.aclose()
