"""The spec of HashiCorp Vault and OpenBao."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ostiary.config.spec import OneOf, Spec
from ostiary.config.values import Duration, FileReference, SecretReference, SecureUrl, Text
from ostiary.config.vaults.base import Cached


class AppRoleSpec(Spec):
    """HashiCorp's AppRole."""

    role_id: SecretReference = Field(description="The role.")
    secret_id: SecretReference = Field(description="Its secret.")
    mount: Text = Field("approle", description="Where the method is mounted.")


class VaultAuthSpec(OneOf):
    """How the gateway logs in to the vault."""

    what: ClassVar[str] = "way to log in"
    approle: AppRoleSpec | None = Field(None, description="AppRole.")
    token: SecretReference | None = Field(None, description="A token.")


class HashicorpVaultSpec(Spec):
    """HashiCorp Vault or OpenBao, KV version 2."""

    type: Literal["hashicorp"]
    address: SecureUrl = Field(description="https://host:port of the server.")
    mount: Text = Field("secret", description="Where the KV engine is mounted.")
    namespace: Text | None = Field(None, description="Namespace, if any.")
    auth: VaultAuthSpec = Field(description="How to log in.")
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    timeout: Duration = Field(5.0, description="Patience with one request.")
    cache: Cached
