"""Which secret? Vaults, and how what comes out of them is kept fresh.

    Vault.source(alias).get()
      -> cache      fresh: from memory, without suspending
         -> provider  local: one encrypted SQLite file; hashicorp: HashiCorp Vault or OpenBao, KV version 2

`freshness` decides in pure functions; `cache` does what they say. A vault that cannot answer leaves
the last copy in use for a while; a vault that says no is obeyed at once.
"""

from __future__ import annotations

from pathlib import Path

from ostiary.config.schema import LocalVaultSpec, VaultSpec
from ostiary.vault.hashicorp import compile_hashicorp
from ostiary.vault.local import compile_local
from ostiary.vault.room import Vault

__all__ = ["Vault", "compile_vault"]


def compile_vault(name: str, spec: VaultSpec, folder: Path) -> Vault:
    """Make a vault from its spec; nothing is opened before `start`.

    Args:
        name: its name in the configuration.
        spec: what the file says.
        folder: the folder of the configuration file; relative paths count from there.

    Raises:
        ConfigError: a secret or a certificate that the spec refers to is not there or not usable.
    """
    provider = compile_local(spec, folder) if isinstance(spec, LocalVaultSpec) else compile_hashicorp(spec, folder)
    return Vault(name, provider, spec.cache)
