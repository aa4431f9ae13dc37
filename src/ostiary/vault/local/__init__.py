"""The embedded vault: credentials in the sealed file.

provider.py  the vault as the gateway sees it

How the file is sealed, and against whom, is said in `ostiary.sealed`.
"""

from __future__ import annotations

from pathlib import Path

from ostiary.config.vaults import LocalVaultSpec
from ostiary.sealed import LocalStore, Opened, Version, VersionState, local_store, new_key_text
from ostiary.vault.local.provider import LocalProvider

__all__ = ["LocalStore", "Opened", "Version", "VersionState", "compile_local", "local_store", "new_key_text"]


def compile_local(spec: LocalVaultSpec, folder: Path) -> LocalProvider:
    """Make the provider of a local vault.

    Raises:
        ConfigError: a master key is not there, or is not one.
    """
    return LocalProvider(local_store(spec, folder))
