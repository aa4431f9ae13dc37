"""From what a file says of vaults to vaults: one compiler for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ostiary.config.spec import Spec
from ostiary.config.vaults import (
    INSTALLED,
    AgeVaultSpec,
    AwsVaultSpec,
    AzureVaultSpec,
    ConjurVaultSpec,
    CredentialSpec,
    CyberarkVaultSpec,
    EnvVaultSpec,
    FilesVaultSpec,
    GcpVaultSpec,
    HashicorpVaultSpec,
    HttpVaultSpec,
    LocalVaultSpec,
    VaultSpec,
)
from ostiary.errors import ConfigError
from ostiary.model import CredentialSource
from ostiary.vault.age import compile_age
from ostiary.vault.aws import compile_aws
from ostiary.vault.azure import compile_azure
from ostiary.vault.conjur import compile_conjur
from ostiary.vault.cyberark import compile_cyberark
from ostiary.vault.env import compile_env
from ostiary.vault.files import compile_files
from ostiary.vault.gcp import compile_gcp
from ostiary.vault.hashicorp import compile_hashicorp
from ostiary.vault.http import compile_http
from ostiary.vault.local import compile_local
from ostiary.vault.needs import in_order
from ostiary.vault.record import Provider
from ostiary.vault.room import Vault

COMPILERS: Final[Mapping[type[Spec], Callable[[Any, Path], Provider]]] = {
    LocalVaultSpec: compile_local,
    HashicorpVaultSpec: compile_hashicorp,
    FilesVaultSpec: compile_files,
    EnvVaultSpec: compile_env,
    HttpVaultSpec: compile_http,
    CyberarkVaultSpec: compile_cyberark,
    ConjurVaultSpec: compile_conjur,
    AwsVaultSpec: compile_aws,
    AzureVaultSpec: compile_azure,
    GcpVaultSpec: compile_gcp,
    AgeVaultSpec: compile_age,
    **{backend.spec: backend.compile for backend in INSTALLED.backends.values()},
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
    return Vault(name, COMPILERS[type(spec)](spec, folder), spec.cache, getattr(spec, "start", "lazy"))


def compile_vaults(
    vaults: Mapping[str, VaultSpec], credentials: Mapping[str, CredentialSpec], folder: Path
) -> tuple[dict[str, Vault], dict[str, CredentialSource]]:
    """Make all vaults of a file, and the credentials that are kept in them.

    Args:
        vaults: their specs, by name.
        credentials: the specs of the credentials, by alias.
        folder: the folder of the configuration file.

    Returns:
        The vaults, each after those whose credentials it is shown, and the credentials by alias.

    Raises:
        ConfigError: something cannot work as configured, or a vault needs itself.
    """
    made = {name: compile_vault(name, spec, folder) for name, spec in vaults.items()}
    sources: dict[str, CredentialSource] = {
        alias: made[spec.vault].source(alias, spec) for alias, spec in credentials.items()
    }
    needs = {name: frozenset(_kept(alias, credentials) for alias in vault.needs) for name, vault in made.items()}
    order = in_order(needs)
    for vault in made.values():
        vault.connect(sources)
    return {name: made[name] for name in order}, sources


def _kept(alias: str, credentials: Mapping[str, CredentialSpec]) -> str:
    if alias not in credentials:
        raise ConfigError(f"a vault is to be shown the credential {alias!r}, and there is none")
    return credentials[alias].vault
