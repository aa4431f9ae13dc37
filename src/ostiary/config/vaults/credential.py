"""The spec of a credential."""

from __future__ import annotations

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Name, Text


class CredentialSpec(Spec):
    """An alias for a record in a vault."""

    vault: Name = Field(description="Which vault.")
    path: Text | None = Field(None, description="Which record; the alias by default.")
    id: Text = Field("id", description="Field that holds the public half, such as a user name.")
    secret: Text = Field("secret", description="Field that holds the secret half.")
    version: int | None = Field(None, ge=1, description="Pin one version; the newest by default.")
