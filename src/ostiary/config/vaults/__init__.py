"""The specs of vaults: one module for each kind, and what all kinds share.

    base.py        the cache, and what every vault has
    local.py  hashicorp.py  ...   a class for each `type`
    credential.py  an alias for a record in a vault

A new kind is a module here, a name in `VaultSpec`, and a line in `ostiary.vault.COMPILERS`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ostiary.config.vaults.base import Cached, CacheSpec
from ostiary.config.vaults.credential import CredentialSpec
from ostiary.config.vaults.hashicorp import AppRoleSpec, HashicorpVaultSpec, VaultAuthSpec
from ostiary.config.vaults.local import LocalVaultSpec

__all__ = [
    "AppRoleSpec",
    "CacheSpec",
    "Cached",
    "CredentialSpec",
    "HashicorpVaultSpec",
    "LocalVaultSpec",
    "VaultAuthSpec",
    "VaultSpec",
]

VaultSpec = Annotated[LocalVaultSpec | HashicorpVaultSpec, Field(discriminator="type")]
