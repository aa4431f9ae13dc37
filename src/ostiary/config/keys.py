"""The specs of keys: what the gateway signs, decrypts and connects with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Duration, Name, Text

SigningAlgorithm = Literal["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]


class RingSpec(Spec):
    """What every ring has: versions of one key, of which the newest signs."""

    algorithm: SigningAlgorithm | None = Field(
        None, description="How it signs (RFC 7518, section 3.1); by default what fits the key, RS256 for RSA."
    )
    version: int | Text | None = Field(None, description="Pin one version; by default the newest that may sign.")
    publish_before: Duration = Field(
        600.0, description="How long a new version is published before it signs: longer than others remember our keys."
    )
    keep: Duration = Field(
        3600.0, description="How long a version stays published that signs no more: the longest life of what it signed."
    )


class LocalKeySpec(RingSpec):
    """A ring in the file of a local vault."""

    type: Literal["local"]
    vault: Name = Field(description="Which local vault.")
    path: Text | None = Field(None, description="Its record, below `keys/`; the name of the key by default.")


KeySpec = LocalKeySpec
"""One class for each `type`."""
