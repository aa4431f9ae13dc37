"""The specs of callers' certificates: what is asked of them, and how revoked ones are found."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from ostiary.config.certificates import PublishedUrl
from ostiary.config.publishers import PublisherName
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, FileReference, Refused


class OcspSpec(Spec):
    """The Online Certificate Status Protocol (RFC 6960)."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["url"]}, {"required": ["hosts"]}]})
    url: PublishedUrl | None = Field(None, description="The responder; in place of those that certificates name.")
    hosts: Annotated[tuple[PublisherName, ...], Field(min_length=1, strict=False)] = Field(
        (), description="Hosts of the responders that certificates name; what they name elsewhere is not asked."
    )
    about: Literal["chain", "leaf"] = Field(
        "chain", description="chain: the client's certificate and the authorities between. leaf: its own only."
    )

    @model_validator(mode="after")
    def _from_whom(self) -> Self:
        if self.url is None and not self.hosts:
            raise Refused("C395", "say who is asked: `url`, or `hosts` of the responders that certificates name")
        return self


class DistributionPointsSpec(Spec):
    """The lists that certificates name themselves (RFC 5280, section 4.2.1.13)."""

    hosts: Annotated[tuple[PublisherName, ...], Field(min_length=1, strict=False)] = Field(
        description="Hosts that lists may be fetched from; what a certificate names elsewhere is left alone."
    )
    wait: Duration = Field(2.0, description="How long a caller waits for the first look at a list.")
    most: int = Field(64, ge=1, le=1024, description="Most lists that are kept up to date.")


class RevocationSpec(Spec):
    """How revoked certificates are found: by lists (RFC 5280, section 5), by asking (RFC 6960), or both."""

    crls: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (),
        description="CRL files (PEM or DER), one for each authority that issues client certificates; "
        "deltas beside them.",
    )
    urls: Annotated[tuple[PublishedUrl, ...], Field(strict=False)] = Field(
        (), description="Distribution points: lists that are fetched while the gateway runs."
    )
    distribution_points: DistributionPointsSpec | None = Field(
        None, description="Lists that the certificates themselves name, from hosts that are allowed."
    )
    refresh: Duration = Field(3600.0, description="How old a fetched list may become before it is fetched again.")
    timeout: Duration = Field(5.0, description="Patience with one fetch, or one question.")
    ocsp: OcspSpec | None = Field(None, description="Ask the authority's responder about each client certificate.")
    mode: Literal["hard", "soft"] = Field(
        "hard", description="hard: without a current list or answer a certificate is refused. soft: it is accepted."
    )

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        if not self.listed and not self.live:
            raise Refused(
                "C310", "say how revoked certificates are found: `crls`, `urls`, `distribution_points` or `ocsp`"
            )
        return self

    @property
    def listed(self) -> bool:
        """Whether there are lists that the configuration names."""
        return bool(self.crls or self.urls)

    @property
    def live(self) -> bool:
        """Whether somebody is asked while the gateway runs."""
        return bool(self.urls or self.distribution_points or self.ocsp)


class ClientSpec(Spec):
    """What is asked of the client's certificate. One policy for the whole listener."""

    mode: Literal["off", "optional", "required"] = Field(
        "off", description="off: not asked. optional: asked, enforced per route. required: no connection without."
    )
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates (PEM) that may issue client certificates. Only these, never the system's."
    )
    profile: Literal["strict", "compat"] = Field(
        "strict",
        description="strict: RFC 5280 to the letter. compat: also X.509 v1 leaves and CAs without keyUsage.",
    )
    depth: int = Field(4, ge=1, le=10, description="How many authorities a chain may have above the leaf.")
    revocation: RevocationSpec | None = Field(None, description="How revoked certificates are found.")
    warn_before: Duration | None = Field(
        None, description="How long before the end of its certificate a caller is told of it, in each answer."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mode != "off" and not self.authorities:
            raise Refused("C301", "client certificates are asked for, so `authorities` must name who issues them")
        if self.mode == "off" and (self.authorities or self.revocation):
            raise Refused("C302", "`mode` is off, so `authorities` and `revocation` would never be used; set mode")
        return self
