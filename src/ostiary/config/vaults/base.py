"""What every kind of vault has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Duration


class CacheSpec(Spec):
    """How long what came from a vault is used."""

    ttl: Duration = Field(60.0, description="How old a credential may become; it is fetched anew before that.")
    max_stale: Duration = Field(600.0, description="How much longer it is used while the vault is down.")
    refresh_at: int = Field(70, ge=10, le=95, description="Percent of `ttl` after which it is fetched anew.")
    renew_at: int = Field(
        67, ge=10, le=95, description="Percent of its life after which a lease or a certificate is renewed."
    )
    negative_ttl: Duration = Field(5.0, description="How long the vault's no is believed before it is asked again.")
    min_refetch: Duration = Field(1.0, description="Least time between two fetches because an upstream said no.")
    linger: Duration = Field(
        30.0, description="How long a lease that was replaced is kept: requests may be under way with it."
    )


Start = Literal["lazy", "require"]
Started = Annotated[
    Start,
    Field(
        description="When credentials cannot be had at the start, unless they say else themselves. lazy: routes that "
        "need them answer 503. require: no start, and no reload."
    ),
]
Cached = Annotated[CacheSpec, Field(default_factory=lambda: CacheSpec(), description="How long records are used.")]
