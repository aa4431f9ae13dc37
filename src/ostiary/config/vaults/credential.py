"""The spec of a credential."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Name, Text
from ostiary.config.vaults.base import Start


class CredentialSpec(Spec):
    """An alias for a record in a vault."""

    vault: Name = Field(description="Which vault.")
    path: Text | None = Field(
        None,
        description="Which record; the alias by default. With {principal.tenant}, {principal.claims.NAME}, ... in it "
        "each caller has another one.",
    )
    id: Text = Field("id", description="Field that holds the public half, such as a user name.")
    secret: Text = Field("secret", description="Field that holds the secret half.")
    version: int | None = Field(None, ge=1, description="Pin one version; the newest by default.")
    engine: Literal["kv", "kv-v1", "database", "pki"] | None = Field(
        None, description="Type hashicorp: what makes the record; a key-value store of version 2 by default."
    )
    mount: Text | None = Field(None, description="Type hashicorp: where that engine is mounted.")
    parameters: dict[Text, Text] | None = Field(
        None, min_length=1, description="Engine pki: what the certificate is to say, such as common_name."
    )
    start: Start | None = Field(
        None,
        description="When it cannot be had at the start, by default as its vault says. lazy: its routes answer 503. "
        "require: no start, and no reload.",
    )

    @property
    def for_each(self) -> bool:
        """Whether each caller has another one."""
        return self.path is not None and "{" in self.path
