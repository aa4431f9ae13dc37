"""Which secret? Vaults, and how what comes out of them is kept fresh.

    Vault.source(alias).get()
      -> cache      fresh: from memory, without suspending
         -> provider  local: one encrypted SQLite file; hashicorp: HashiCorp Vault or OpenBao, KV version 2

`freshness` decides in pure functions; `cache` does what they say. A vault that cannot answer leaves
the last copy in use for a while; a vault that says no is obeyed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ostiary.config.spec import Spec
from ostiary.config.vaults import EnvVaultSpec, FilesVaultSpec, HashicorpVaultSpec, LocalVaultSpec, VaultSpec
from ostiary.vault.env import compile_env
from ostiary.vault.files import compile_files
from ostiary.vault.hashicorp import compile_hashicorp
from ostiary.vault.local import compile_local
from ostiary.vault.record import Provider
from ostiary.vault.room import Vault

__all__ = ["Vault", "compile_vault"]

COMPILERS: Final[Mapping[type[Spec], Callable[[Any, Path], Provider]]] = {
    LocalVaultSpec: compile_local,
    HashicorpVaultSpec: compile_hashicorp,
    FilesVaultSpec: compile_files,
    EnvVaultSpec: compile_env,
}
"""How the provider of each kind of vault is made: from its spec and the folder of the configuration file."""


def compile_vault(name: str, spec: VaultSpec, folder: Path) -> Vault:
    """Make a vault from its spec; nothing is opened before `start`.

    Args:
        name: its name in the configuration.
        spec: what the file says.
        folder: the folder of the configuration file; relative paths count from there.

    Raises:
        ConfigError: a secret or a certificate that the spec refers to is not there or not usable.
    """
    return Vault(name, COMPILERS[type(spec)](spec, folder), spec.cache)
