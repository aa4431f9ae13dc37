"""From what a file says of vaults to vaults: one compiler for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

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
from ostiary.vault.needs import in_order
from ostiary.vault.record import Provider
from ostiary.vault.room import Vault

Compile: TypeAlias = Callable[[Any, Path], Provider]


def _when_wanted(kind: str) -> Compile:
    """Return the compiler of a kind of vault, which is imported with the first such vault: most files have one kind."""

    def compile_wanted(spec: Any, folder: Path) -> Provider:
        compiler: Compile = getattr(import_module(f"ostiary.vault.{kind}"), f"compile_{kind}")
        return compiler(spec, folder)

    return compile_wanted


COMPILERS: Final[Mapping[type[Spec], Compile]] = {
    LocalVaultSpec: _when_wanted("local"),
    HashicorpVaultSpec: _when_wanted("hashicorp"),
    FilesVaultSpec: _when_wanted("files"),
    EnvVaultSpec: _when_wanted("env"),
    HttpVaultSpec: _when_wanted("http"),
    CyberarkVaultSpec: _when_wanted("cyberark"),
    ConjurVaultSpec: _when_wanted("conjur"),
    AwsVaultSpec: _when_wanted("aws"),
    AzureVaultSpec: _when_wanted("azure"),
    GcpVaultSpec: _when_wanted("gcp"),
    AgeVaultSpec: _when_wanted("age"),
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
