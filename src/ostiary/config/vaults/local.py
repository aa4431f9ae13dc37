"""The spec of the embedded vault."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import SecretReference, Text
from ostiary.config.vaults.base import Cached, Started


class LocalVaultSpec(Spec):
    """The embedded vault: one SQLite file, encrypted with AES-256-GCM."""

    type: Literal["local"]
    path: Text = Field(description="The file; seen from the configuration file.")
    master_key: SecretReference = Field(description="32 octets, base64. `ostiary vault key` makes one.")
    previous_master_keys: Annotated[tuple[SecretReference, ...], Field(strict=False)] = Field(
        (), description="Older master keys, while `ostiary vault rekey` has not been run yet."
    )
    start: Started = "lazy"
    cache: Cached
