"""The specs of how often callers may ask."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from ostiary.config.spec import Spec
from ostiary.config.values import Duration

RateKey = Literal["subject", "tenant", "certificate", "address", "route"]


class RateSpec(Spec):
    """How often each caller of a route may ask. Whoever is proven is counted, whoever is not is refused anyway."""

    per: RateKey = Field(
        "subject",
        description="Who has a count of their own: each subject, tenant, certificate, address; route: all together.",
    )
    limit: int = Field(ge=1, le=10_000_000, description="Requests in each period.")
    period: Duration = Field(60.0, description="The period.")
    burst: int | None = Field(None, ge=1, description="How many of them may come at once; by default all.")


class SharedRatesSpec(Spec):
    """Count requests for all gateways together."""

    gateways: int = Field(
        ge=1, description="How many processes share the counts: while Redis is away each lets its share through."
    )


RATE_NOUNS: Final[dict[type, str]] = {RateSpec: "a rate", SharedRatesSpec: "shared rates"}
