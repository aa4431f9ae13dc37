"""From what the configuration says of keys to rings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ostiary.config.keys import KeySpec, LocalKeySpec
from ostiary.config.vaults import LocalVaultSpec, VaultSpec
from ostiary.errors import ConfigError
from ostiary.keys.keeper import Keeper
from ostiary.keys.local import LocalKeeper, LocalRing, record_path
from ostiary.keys.ring import Ring
from ostiary.sealed import local_store


def compile_keys(
    specs: Mapping[str, KeySpec],
    vaults: Mapping[str, VaultSpec],
    folder: Path,
    *,
    clock: Callable[[], float] = time.time,
) -> dict[str, Ring]:
    """Return a ring for each key of the configuration; nothing is opened before `start`.

    Args:
        specs: what the file says of keys, by alias.
        vaults: what it says of vaults, by name.
        folder: the folder of the configuration file.
        clock: epoch seconds, by which versions begin and end.

    Raises:
        ConfigError: a key can never work as configured.
    """
    return {
        alias: Ring(
            alias,
            _keeper(alias, spec, vaults, folder),
            keep=spec.keep,
            pin=None if spec.version is None else str(spec.version),
            clock=clock,
        )
        for alias, spec in specs.items()
    }


def local_ring(alias: str, spec: LocalKeySpec, vaults: Mapping[str, VaultSpec], folder: Path) -> LocalRing:
    """Return a ring in the file of a local vault.

    Raises:
        ConfigError: there is no such vault, it is not a local one, or its master key is not there.
    """
    vault = vaults.get(spec.vault)
    if not isinstance(vault, LocalVaultSpec):
        raise ConfigError(f"keys > {alias} > vault: {spec.vault!r} is not a local vault")
    return LocalRing(local_store(vault, folder), record_path(spec.path or alias), spec.algorithm)


def _keeper(alias: str, spec: KeySpec, vaults: Mapping[str, VaultSpec], folder: Path) -> Keeper:
    return LocalKeeper(local_ring(alias, spec, vaults, folder))
