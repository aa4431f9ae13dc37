"""The spec of what is told an identity service."""

from __future__ import annotations

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Duration, Name, Text


class SyncSpec(Spec):
    """Permissions that an identity service is told of when the gateway starts (preset axinom)."""

    service: Text = Field(description="The service's id there, under which its permissions stand in tokens.")
    credential: Name = Field(
        description="Alias of the service account: the id is its client id, the secret its secret."
    )
    permissions: dict[Text, Text] = Field(min_length=1, description="Every permission, with its title.")
    required: bool = Field(False, description="Do not serve before it is told, and fail when it cannot be.")
    timeout: Duration = Field(10.0, description="Patience with one question.")
