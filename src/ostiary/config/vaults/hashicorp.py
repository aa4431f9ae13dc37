"""The spec of HashiCorp Vault and OpenBao."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ostiary.config.spec import OneOf, Spec
from ostiary.config.values import (
    Duration,
    FileReference,
    SecretRef,
    SecretReference,
    SecureUrl,
    Text,
)
from ostiary.config.vaults.base import Cached, Started

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class LoginSpec(Spec):
    """What the ways to log in have in common."""

    namespace: Text | None = Field(None, description="Namespace of the method, when it is not the vault's.")


class AppRoleSpec(LoginSpec):
    """HashiCorp's AppRole."""

    role_id: SecretReference = Field(description="The role.")
    secret_id: SecretReference = Field(description="Its secret; with `wrapped`, the token that it is wrapped in.")
    wrapped: bool = Field(False, description="The secret is wrapped: it is opened once, and kept in memory.")
    mount: Text = Field("approle", description="Where the method is mounted.")


class JwtLoginSpec(LoginSpec):
    """A token of another issuer, read anew for each login."""

    role: Text = Field(description="The role.")
    token: SecretReference = Field(description="The token, such as file:/run/secrets/token.")
    mount: Text = Field("jwt", description="Where the method is mounted.")


class KubernetesLoginSpec(LoginSpec):
    """The service account of the pod, whose token is read anew for each login."""

    role: Text = Field(description="The role.")
    token: SecretReference = Field(SecretRef("file", ACCOUNT), description="The token; by default the pod's.")
    mount: Text = Field("kubernetes", description="Where the method is mounted.")


class CertificateLoginSpec(LoginSpec):
    """A TLS client certificate, read when the gateway starts or reloads."""

    certificate: FileReference = Field(description="Certificate chain (PEM), leaf first.")
    private_key: FileReference = Field(description="Its private key (PEM).")
    role: Text | None = Field(None, description="Which of the server's roles; by default the first that fits.")
    mount: Text = Field("cert", description="Where the method is mounted.")


class VaultAuthSpec(OneOf):
    """How the gateway logs in to the vault."""

    what: ClassVar[str] = "way to log in"
    approle: AppRoleSpec | None = Field(None, description="AppRole.")
    token: SecretReference | None = Field(None, description="A token.")
    jwt: JwtLoginSpec | None = Field(None, description="A JWT.")
    kubernetes: KubernetesLoginSpec | None = Field(None, description="A Kubernetes service account.")
    certificate: CertificateLoginSpec | None = Field(None, description="A TLS client certificate.")


class HashicorpVaultSpec(Spec):
    """HashiCorp Vault or OpenBao: key-value stores, database credentials, certificates."""

    type: Literal["hashicorp"]
    address: SecureUrl = Field(description="https://host:port of the server.")
    also: Annotated[tuple[SecureUrl, ...], Field(strict=False)] = Field(
        (), description="More addresses of the same cluster, asked in turn when one does not answer."
    )
    mount: Text = Field("secret", description="Where the KV engine is mounted.")
    namespace: Text | None = Field(None, description="Namespace, if any.")
    auth: VaultAuthSpec = Field(description="How to log in.")
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    timeout: Duration = Field(5.0, description="Patience with one request.")
    start: Started = "lazy"
    cache: Cached
