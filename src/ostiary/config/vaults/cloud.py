"""The specs of the clouds' vaults. Each needs an extra: `pip install "ostiary[aws]"`, and so on."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from ostiary.config.spec import OneOf, Spec
from ostiary.config.values import Duration, FileReference, Refused, SecretReference, SecureUrl, Text
from ostiary.config.vaults.base import Cached, Started
from ostiary.config.vaults.web import OverHttpSpec

Stored = Literal["value", "json", "yaml", "dotenv"]


def name_of_cloud(value: Any) -> str:
    """Return the name of a region or a project, which becomes part of an address."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9][a-z0-9.:-]{0,62}", value):
        raise Refused("C164", "a region or a project is small letters, digits and hyphens: eu-central-1")
    return value


CloudName = Annotated[
    str,
    BeforeValidator(name_of_cloud),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9.:-]{0,62}$", "examples": ["eu-central-1"]}),
]


class AwsVaultSpec(Spec):
    """AWS Secrets Manager. Who asks is found as by every AWS tool: environment, files, the role of pod or machine."""

    type: Literal["aws"]
    region: CloudName = Field(description="The region.")
    stage: Literal["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING"] = Field(
        "AWSCURRENT", description="Which version of a secret: the current one, the one before, or the one to come."
    )
    endpoint: SecureUrl | None = Field(None, description="Another address of the service, such as a VPC endpoint.")
    format: Stored = Field("json", description="What a secret holds: one value, or a record in one of these forms.")
    authorities: Annotated[tuple[FileReference, ...], Field(max_length=1, strict=False)] = Field(
        (), description="CA certificates, in one file, that the service is verified with; by default the library's."
    )
    timeout: Duration = Field(5.0, description="Patience with one request.")
    start: Started = "lazy"
    cache: Cached


class AzureSecretSpec(Spec):
    """An application that logs in with its secret."""

    tenant: Text = Field(description="The directory.")
    client_id: Text = Field(description="The application.")
    client_secret: SecretReference = Field(description="Its secret.")
    authority: SecureUrl | None = Field(None, description="Another cloud's login, such as a national one.")


class AzureManagedSpec(Spec):
    """The identity of the machine, or one of its identities."""

    client_id: Text | None = Field(None, description="Which, when there are several.")


class AzureAuthSpec(OneOf):
    """How the gateway logs in to Azure."""

    what: ClassVar[str] = "way to log in"
    environment: Literal["default"] | None = Field(
        None, description="`default`: as every Azure tool does: environment, workload identity, managed identity."
    )
    managed: AzureManagedSpec | None = Field(None, description="The identity of the machine.")
    client_secret: AzureSecretSpec | None = Field(None, description="An application and its secret.")


class AzureVaultSpec(Spec):
    """Azure Key Vault. A path is NAME or NAME/VERSION; a secret is one text, and its tags are fields beside it."""

    type: Literal["azure"]
    address: SecureUrl = Field(description="https://NAME.vault.azure.net")
    auth: AzureAuthSpec = Field(description="How to log in.")
    format: Stored = Field("value", description="What a secret holds: one value, or a record in one of these forms.")
    authorities: Annotated[tuple[FileReference, ...], Field(max_length=1, strict=False)] = Field(
        (), description="CA certificates, in one file, that the servers are verified with; by default the library's."
    )
    timeout: Duration = Field(5.0, description="Patience with one request.")
    start: Started = "lazy"
    cache: Cached


class GcpVaultSpec(OverHttpSpec):
    """Google Cloud Secret Manager. Who asks is found as by every Google tool, or said by `credentials`."""

    type: Literal["gcp"]
    project: CloudName = Field(description="The project, by id or number.")
    credentials: SecretReference | None = Field(
        None, description="Key of a service account (JSON); by default the application default credentials."
    )
    address: SecureUrl = Field(
        "https://secretmanager.googleapis.com", description="Another address of the service, such as a regional one."
    )
    format: Stored = Field("value", description="What a secret holds: one value, or a record in one of these forms.")


class AgeVaultSpec(Spec):
    """One file, encrypted with age: a YAML block of records. Only read; `age` writes it."""

    type: Literal["age"]
    path: Text = Field(description="The file; seen from the configuration file.")
    identity: SecretReference = Field(description="The identity (AGE-SECRET-KEY-1...) that it is encrypted to.")
    start: Started = "lazy"
    cache: Cached


EXTRAS = {
    AwsVaultSpec: ("aws", "botocore"),
    AzureVaultSpec: ("azure", "azure.keyvault.secrets"),
    GcpVaultSpec: ("gcp", "google.auth"),
    AgeVaultSpec: ("age", "pyrage"),
}
"""The extra that each needs, and a module of it."""
