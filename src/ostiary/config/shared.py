"""The specs of what several gateways know together."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ostiary.config.rates import SharedRatesSpec
from ostiary.config.redis import RedisSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, Name, Refused, SecretReference


class SharedRevocationSpec(Spec):
    """What is revoked for all gateways at once (`ostiary revoke`)."""

    max_stale: Duration = Field(600.0, description="How long the last copy answers while Redis is away; then 503.")
    poll: Duration = Field(
        1.0, description="How often the list is looked at, should it not be heard of that it has changed."
    )
    keep: bool = Field(
        False,
        description="Keep the last copy in `state`: a gateway that starts while Redis is away goes by it, up to "
        "`max_stale` after it was compared. Otherwise it refuses every request until Redis is there.",
    )


class SharedSpec(Spec):
    """What several gateways know together, so that what counts once counts once for all of them."""

    redis: RedisSpec = Field(description="Who keeps it.")
    key: SecretReference | None = Field(
        None, description="A secret that all of them have: Redis sees digests made with it, never what they are of."
    )
    key_credential: Name | None = Field(None, description="In place of `key`: an alias, whose secret it is.")
    forgotten: Literal["refuse", "accept"] = Field(
        "refuse",
        description="Of what was made before Redis was started, nobody knows whether it was used already. "
        "refuse: 503. accept: it counts.",
    )

    revocation: SharedRevocationSpec | None = Field(
        None,
        description="Ask of every caller whether its token, subject or certificate is revoked; {} for the defaults.",
    )

    rates: SharedRatesSpec | None = Field(
        None, description="Count what `rate` of routes limits for all gateways together."
    )

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.key is None) == (self.key_credential is None):
            raise Refused("C335", "the gateways need one secret that all of them have: `key` or `key_credential`")
        return self
