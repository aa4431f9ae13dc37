"""The specs of vaults: one module for each kind, and what all kinds share.

    base.py        the cache, and what every vault has
    local.py  hashicorp.py  files.py  ...   a class for each `type`
    credential.py  an alias for a record in a vault

    installed.py   kinds that other distributions bring

A new kind is a module here, a name in `VaultSpec`, and a line in `ostiary.vault.compile`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, Union, get_args

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.vaults.base import Cached, CacheSpec
from ostiary.config.vaults.cloud import (
    AgeVaultSpec,
    AwsVaultSpec,
    AzureAuthSpec,
    AzureManagedSpec,
    AzureSecretSpec,
    AzureVaultSpec,
    GcpVaultSpec,
)
from ostiary.config.vaults.credential import CredentialSpec
from ostiary.config.vaults.cyberark import (
    ConjurAuthSpec,
    ConjurJwtSpec,
    ConjurKeySpec,
    ConjurVaultSpec,
    CyberarkVaultSpec,
)
from ostiary.config.vaults.files import EnvVaultSpec, FilesVaultSpec
from ostiary.config.vaults.hashicorp import (
    AppRoleSpec,
    CertificateLoginSpec,
    HashicorpVaultSpec,
    JwtLoginSpec,
    KubernetesLoginSpec,
    VaultAuthSpec,
)
from ostiary.config.vaults.http import HttpVaultSpec, ResultSpec
from ostiary.config.vaults.installed import installed
from ostiary.config.vaults.local import LocalVaultSpec

__all__ = [
    "AgeVaultSpec",
    "AppRoleSpec",
    "AwsVaultSpec",
    "AzureAuthSpec",
    "AzureManagedSpec",
    "AzureSecretSpec",
    "AzureVaultSpec",
    "CacheSpec",
    "Cached",
    "CertificateLoginSpec",
    "ConjurAuthSpec",
    "ConjurJwtSpec",
    "ConjurKeySpec",
    "ConjurVaultSpec",
    "CredentialSpec",
    "CyberarkVaultSpec",
    "EnvVaultSpec",
    "FilesVaultSpec",
    "GcpVaultSpec",
    "HashicorpVaultSpec",
    "HttpVaultSpec",
    "JwtLoginSpec",
    "KubernetesLoginSpec",
    "LocalVaultSpec",
    "ResultSpec",
    "VaultAuthSpec",
    "VaultSpec",
]


def _type_of(spec: type[Spec]) -> str:
    return str(get_args(spec.model_fields["type"].annotation)[0])


_OURS: Final[tuple[type[Spec], ...]] = (
    LocalVaultSpec,
    HashicorpVaultSpec,
    FilesVaultSpec,
    EnvVaultSpec,
    HttpVaultSpec,
    CyberarkVaultSpec,
    ConjurVaultSpec,
    AwsVaultSpec,
    AzureVaultSpec,
    GcpVaultSpec,
    AgeVaultSpec,
)
INSTALLED: Final = installed(map(_type_of, _OURS))
"""What other distributions bring."""

if TYPE_CHECKING:
    VaultSpec: TypeAlias = (
        LocalVaultSpec
        | HashicorpVaultSpec
        | FilesVaultSpec
        | EnvVaultSpec
        | HttpVaultSpec
        | CyberarkVaultSpec
        | ConjurVaultSpec
        | AwsVaultSpec
        | AzureVaultSpec
        | GcpVaultSpec
        | AgeVaultSpec
    )
else:  # the language is what is installed
    _ALL = (*_OURS, *(backend.spec for backend in INSTALLED.backends.values()))
    VaultSpec = Annotated[Union[_ALL], Field(discriminator="type")]  # noqa: UP007 - of as many as there are

TYPES: Final = (*map(_type_of, _OURS), *INSTALLED.backends)
LATER: Final = frozenset(("kubernetes", "pkcs11", "onepassword", "bitwarden", "doppler", "infisical", "akeyless"))
"""Types that were thought of, and are not there: refused by name."""

NOUNS: Final[dict[type, str]] = {
    CacheSpec: "a vault's cache",
    CredentialSpec: "a credential",
    LocalVaultSpec: "a local vault",
    HashicorpVaultSpec: "a hashicorp vault",
    FilesVaultSpec: "a files vault",
    EnvVaultSpec: "an env vault",
    HttpVaultSpec: "an http vault",
    ResultSpec: "the result of an http vault",
    CyberarkVaultSpec: "a cyberark vault",
    ConjurVaultSpec: "a conjur vault",
    ConjurAuthSpec: "the auth of a conjur vault",
    ConjurKeySpec: "a login with an API key",
    ConjurJwtSpec: "a login with a token",
    AwsVaultSpec: "an aws vault",
    AzureVaultSpec: "an azure vault",
    AzureAuthSpec: "the auth of an azure vault",
    AzureSecretSpec: "an application with a secret",
    AzureManagedSpec: "the identity of a machine",
    GcpVaultSpec: "a gcp vault",
    AgeVaultSpec: "an age vault",
    **{backend.spec: f"a vault of type {name}" for name, backend in INSTALLED.backends.items()},
}
"""What messages call these blocks."""
