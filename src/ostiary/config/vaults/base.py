"""What every kind of vault has."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Duration


class CacheSpec(Spec):
    """How long what came from a vault is used."""

    ttl: Duration = Field(60.0, description="How old a credential may become; it is fetched anew at 70 % of that.")
    max_stale: Duration = Field(600.0, description="How much longer it is used while the vault is down.")


Cached = Annotated[CacheSpec, Field(default_factory=lambda: CacheSpec(), description="How long records are used.")]
