"""What the upstream is shown: the blocks of `inject`."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from ostiary.config.certificates import CertificateHeaderSpec
from ostiary.config.identity import CustomSpec, IdentityTokenSpec
from ostiary.config.oauth import (
    ON_REJECT,
    REJECT_STATUS,
    ClientCredentialsSpec,
    OnReject,
    RejectStatus,
    TokenExchangeSpec,
)
from ostiary.config.sigv4 import SigV4Spec
from ostiary.config.spec import OneOf, Spec
from ostiary.config.values import CookieName, HeaderName, Name, Refused, Text


class BasicSpec(Spec):
    """`Authorization: Basic` with a credential (RFC 7617)."""

    credential: Name = Field(description="Alias of the credential.")
    on_reject: OnReject = Field("ignore", description=ON_REJECT)
    reject_status: RejectStatus = Field((401,), description=REJECT_STATUS)


class BearerSpec(Spec):
    """`Authorization: Bearer` with a credential's secret (RFC 6750)."""

    credential: Name = Field(description="Alias of the credential.")
    on_reject: OnReject = Field("ignore", description=ON_REJECT)
    reject_status: RejectStatus = Field((401,), description=REJECT_STATUS)


class ValueSpec(Spec):
    """What is written: a credential's secret, or text with {principal...} in it."""

    credential: Name | None = Field(None, description="Alias of the credential whose secret is written.")
    value: Text | None = Field(
        None, description="Text; {principal.subject}, {principal.tenant}, {principal.claims.NAME}, ... are filled in."
    )
    on_reject: OnReject = Field("ignore", description=ON_REJECT)
    reject_status: RejectStatus = Field((401,), description=REJECT_STATUS)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.credential is None) == (self.value is None):
            raise Refused("C305", "give either `value` or `credential`")
        if self.credential is None and self.on_reject != "ignore":
            raise Refused("C305", "a `value` is no credential, so there is no other one: `on_reject` means nothing")
        return self


class HeaderSpec(ValueSpec):
    """A header."""

    name: HeaderName = Field(description="Name of the header; every spelling of it is stripped beforehand.")


class QuerySpec(ValueSpec):
    """A parameter of the query."""

    name: Text = Field(description="Name of the parameter; the caller's own are removed beforehand.")


class CookieSpec(ValueSpec):
    """A cookie (RFC 6265)."""

    name: CookieName = Field(description="Name of the cookie; the caller's own of that name are removed beforehand.")


class InjectorSpec(OneOf):
    """One thing that the upstream is shown."""

    what: ClassVar[str] = "injector"
    basic: BasicSpec | None = Field(None, description="Basic authentication.")
    bearer: BearerSpec | None = Field(None, description="A bearer token.")
    header: HeaderSpec | None = Field(None, description="A header.")
    query: QuerySpec | None = Field(None, description="A query parameter.")
    cookie: CookieSpec | None = Field(None, description="A cookie.")
    oauth2: ClientCredentialsSpec | None = Field(None, description="A token of the gateway's own.")
    token_exchange: TokenExchangeSpec | None = Field(None, description="A token in exchange for the caller's.")
    identity: IdentityTokenSpec | None = Field(None, description="A token about the caller that the gateway signs.")
    custom: CustomSpec | None = Field(None, description="What a plug-in writes.")
    sigv4: SigV4Spec | None = Field(None, description="A signature as AWS wants it.")
    certificate: CertificateHeaderSpec | None = Field(None, description="The caller's certificate, as a header.")
