"""The specs of what is seen from outside: the admin listener, the logs, traces."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ostiary.config.listeners import ListenerTlsSpec
from ostiary.config.spec import Spec
from ostiary.config.values import Address, HostPattern, Refused, SecretReference, SecureUrl, Text


class AdminSpec(Spec):
    """Where operators look: health, metrics, the configuration in use. Nothing can be changed there."""

    bind: Address = Field(description="IP:PORT to listen on. Beyond loopback, it has to be said who may read.")
    tls: ListenerTlsSpec | None = Field(None, description="TLS; with `client: {mode: required}` it says who may read.")
    token: SecretReference | None = Field(
        None, description="Bearer token that readers show (RFC 6750); /livez, /healthz and /readyz answer without it."
    )
    hosts: Annotated[tuple[HostPattern, ...], Field(strict=False)] = Field(
        (), description="Host names under which it is asked, besides localhost and IP addresses."
    )
    plaintext: Literal["accepted"] | None = Field(
        None, description="`accepted` allows an address that other machines can reach without TLS."
    )
    anonymous: Literal["accepted"] | None = Field(
        None, description="`accepted` allows whoever reaches such an address to read, without token or certificate."
    )

    @model_validator(mode="after")
    def _not_for_everybody(self) -> Self:
        if self.bind.loopback:
            return self
        if self.tls is None and self.plaintext is None:
            raise Refused(
                "C304",
                "an admin listener that other machines can reach needs `tls` (or, in so many words, "
                "`plaintext: accepted`)",
            )
        certificate = self.tls is not None and self.tls.client.mode == "required"
        if not certificate and self.token is None and self.anonymous is None:
            raise Refused(
                "C341",
                "an admin listener that other machines can reach needs `token`, or `tls` with `client: {mode: "
                "required}` (or, in so many words, `anonymous: accepted`)",
            )
        return self


class TracingSpec(Spec):
    """Traces (W3C Trace Context): one id for a request on its way through many services, in the log as well."""

    sample: int = Field(
        100, ge=0, le=100, description="Percent of the traces begun here that are marked to be recorded."
    )
    otlp: SecureUrl | None = Field(
        None,
        description="Where spans are sent: OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces. An extra: otel.",
    )


class AuditSpec(Spec):
    """Who did what: a stream of its own beside the access log, in which a change shows (`ostiary audit verify`)."""

    path: Text = Field(description="The file; seen from the configuration file. Several workers add their number.")
    on_failure: Literal["deny", "continue"] = Field(
        "deny", description="While it cannot be written. deny: requests end with 503. continue: they go on, unseen."
    )


class LogSpec(Spec):
    """What is said of each request, in the access log and in the audit log, besides what always is."""

    claims: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        (), description="Claims of the caller's token that are told; by default none but subject and tenant."
    )
