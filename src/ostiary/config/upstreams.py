"""The protected side: where it is, which HTTP is spoken there, and how long it may take."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from ostiary.config.listeners import ShownCertificateSpec
from ostiary.config.rewriting import SentHost
from ostiary.config.spec import Spec
from ostiary.config.values import Duration, EndpointUrl, FileReference, HostPattern, Name, Refused

_OF_HTTP2: Final = ("silence", "ping")


class UpstreamTlsSpec(Spec):
    """TLS to the upstream. The server is always verified."""

    trusted: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the server is verified with; by default the system's."
    )
    server_name: HostPattern | None = Field(None, description="Name to verify instead of the endpoint's host.")
    client: ShownCertificateSpec | None = Field(
        None, description="The certificate that the gateway shows, for upstreams that ask who is calling."
    )
    identity: Name | None = Field(
        None, description="In place of `client`: a key of type local, whose certificate is shown, version by version."
    )

    credential: Name | None = Field(
        None,
        description="Likewise: a credential of engine pki; a vault issues the certificate, and the next one in time.",
    )

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if sum(one is not None for one in (self.client, self.identity, self.credential)) > 1:
            raise Refused("C374", "the gateway shows one certificate: give `client`, or `identity`, or `credential`")
        return self


class UpstreamTimeouts(Spec):
    """How long the upstream may take."""

    connect: Duration = Field(2.0, description="To connect, TLS included.")
    response: Duration = Field(30.0, description="From the whole request to the head of the answer.")
    idle: Duration = Field(60.0, description="Longest pause within an answer.")
    keep_alive: Duration = Field(30.0, description="How long an unused connection is kept.")
    silence: Duration = Field(
        3600.0, description="protocol h2: longest silence of a gRPC call, both ways, in place of response and idle."
    )
    ping: Duration = Field(
        300.0, description="protocol h2: silence after which a connection in use is asked for a sign of life."
    )


class UpstreamSpec(Spec):
    """The protected side."""

    endpoints: Annotated[tuple[EndpointUrl, ...], Field(min_length=1, strict=False)] = Field(
        description="Addresses of equal servers, used in turn."
    )
    protocol: Literal["http/1.1", "h2"] = Field(
        "http/1.1",
        description="What is spoken there. h2 is HTTP/2, and carries gRPC; over http:// it is spoken without asking.",
    )
    host: SentHost = Field(
        "preserve", description="preserve: send the caller's Host. endpoint: send the endpoint's. Or the name to send."
    )
    plaintext: Literal["accepted"] | None = Field(
        None, description="`accepted` silences the warning that credentials travel over plain http."
    )
    connections: int = Field(256, ge=1, description="Most connections to each endpoint.")
    timeouts: UpstreamTimeouts = Field(default_factory=lambda: UpstreamTimeouts(), description="Patience.")
    tls: UpstreamTlsSpec = Field(default_factory=lambda: UpstreamTlsSpec(), description="TLS to the upstream.")

    @model_validator(mode="after")
    def _times_that_count(self) -> Self:
        for name in _OF_HTTP2:
            if self.protocol != "h2" and name in self.timeouts.model_fields_set:
                raise Refused("C379", f"`{name}` is about HTTP/2, and this upstream is spoken to in HTTP/1.1")
        return self
