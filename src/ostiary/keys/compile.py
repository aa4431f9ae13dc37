"""From what the configuration says of keys to rings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, assert_never
from urllib.parse import quote

from ostiary.config.keys import AwsKeySpec, AzureKeySpec, KeySpec, LocalKeySpec, Pkcs11KeySpec, TransitKeySpec
from ostiary.config.vaults import AzureVaultSpec, LocalVaultSpec, VaultSpec
from ostiary.errors import ConfigError
from ostiary.keys.aws import compile_aws
from ostiary.keys.azure import AzureKeeper, AzureKey
from ostiary.keys.hsm import compile_hsm
from ostiary.keys.keeper import Keeper
from ostiary.keys.local import LocalKeeper, LocalRing, record_path
from ostiary.keys.ring import Ring
from ostiary.keys.tls import Shown
from ostiary.keys.transit import Server, TransitKeeper
from ostiary.sealed import local_store

Login: TypeAlias = tuple[Any, Mapping[str, Any]]
"""Microsoft's credential, and the options of its clients."""


@dataclass(frozen=True, slots=True)
class Around:
    """What keepers are compiled from, beside their own block."""

    vaults: Mapping[str, VaultSpec]
    folder: Path
    servers: Mapping[str, Server]
    clock: Callable[[], float]
    logins: Mapping[str, Login]


def compile_keys(
    specs: Mapping[str, KeySpec],
    vaults: Mapping[str, VaultSpec],
    folder: Path,
    *,
    servers: Mapping[str, Server] | None = None,
    logins: Mapping[str, Login] | None = None,
    clock: Callable[[], float] = time.time,
) -> dict[str, Ring]:
    """Return a ring for each key of the configuration; nothing is opened before `start`.

    Args:
        specs: what the file says of keys, by alias.
        vaults: what it says of vaults, by name.
        folder: the folder of the configuration file.
        servers: who is asked for keys of Transit, by the name of the vault.
        logins: how one is logged in to an Azure Key Vault, by the name of the vault.
        clock: epoch seconds, by which versions begin and end.

    Raises:
        ConfigError: a key can never work as configured.
    """
    around = Around(vaults, folder, servers or {}, clock, logins or {})
    return {
        alias: Ring(
            alias,
            _keeper(alias, spec, around),
            keep=spec.keep,
            pin=None if spec.version is None else str(spec.version),
            required=spec.start == "require",
            clock=clock,
        )
        for alias, spec in specs.items()
    }


def compile_shown(rings: Mapping[str, Ring], specs: Mapping[str, KeySpec]) -> dict[str, Shown]:
    """Return what may be shown in TLS handshakes: the keys that are in this process."""
    return {alias: Shown(ring) for alias, ring in rings.items() if isinstance(specs[alias], LocalKeySpec)}


def local_ring(alias: str, spec: LocalKeySpec, vaults: Mapping[str, VaultSpec], folder: Path) -> LocalRing:
    """Return a ring in the file of a local vault.

    Raises:
        ConfigError: there is no such vault, it is not a local one, or its master key is not there.
    """
    vault = vaults.get(spec.vault)
    if not isinstance(vault, LocalVaultSpec):
        raise ConfigError(f"keys > {alias} > vault: {spec.vault!r} is not a local vault")
    return LocalRing(local_store(vault, folder), record_path(spec.path or alias), spec.algorithm)


def _keeper(alias: str, spec: KeySpec, around: Around) -> Keeper:
    match spec:
        case LocalKeySpec():
            return LocalKeeper(local_ring(alias, spec, around.vaults, around.folder))
        case TransitKeySpec():
            return _transit(alias, spec, around)
        case Pkcs11KeySpec():
            return compile_hsm(spec, around.folder, around.clock)
        case AwsKeySpec():
            return compile_aws(spec, around.clock)
        case AzureKeySpec():
            return _azure(alias, spec, around)
    assert_never(spec)


def _transit(alias: str, spec: TransitKeySpec, around: Around) -> TransitKeeper:
    server = around.servers.get(spec.vault)
    if server is None:
        raise ConfigError(f"keys > {alias} > vault: {spec.vault!r} has no Transit engine")
    place = (_segments(alias, spec.mount), _segments(alias, spec.name or alias))
    return TransitKeeper(server, place, spec.algorithm, spec.publish_before)


def _azure(alias: str, spec: AzureKeySpec, around: Around) -> AzureKeeper:
    vault, login = around.vaults.get(spec.vault), around.logins.get(spec.vault)
    if not isinstance(vault, AzureVaultSpec) or login is None:
        raise ConfigError(f"keys > {alias} > vault: {spec.vault!r} is not an Azure Key Vault")
    key = AzureKey(vault.address, spec.name or alias, spec.algorithm, spec.publish_before, vault.timeout)
    return AzureKeeper(key, *login)


def _segments(alias: str, path: str) -> str:
    """Return a path of the server, encoded.

    Raises:
        ConfigError: it could be read in two ways.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or not part.isprintable() or "%" in part for part in parts):
        raise ConfigError(f"keys > {alias}: {path!r}: no empty, . or .. segments, no % and no control character")
    return "/".join(quote(part, safe="") for part in parts)
