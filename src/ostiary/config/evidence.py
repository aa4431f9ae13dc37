"""The specs of evidence: what a caller may show, and how it is judged."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ostiary.config.certificates import MtlsSpec
from ostiary.config.oauth import ClientAuthSpec
from ostiary.config.spec import OneOf, Some, Spec
from ostiary.config.values import Duration, FileReference, HeaderName, Name, Refused, SecureUrl, Text

KeyForm = Literal["bearer", "basic", "bare"]
Bound = Literal["ignore", "when-present", "required"]
Names = Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]


class ClaimsSpec(Spec):
    """Under which names an issuer writes what the policy reads."""

    subject: Text = Field("sub", description="The subject.")
    tenant: Text = Field("tenantId", description="The tenant.")
    environment: Text = Field("environmentId", description="The environment.")
    permissions: Text = Field("permissions", description="The permissions: {service: [permission, ...]}.")
    scope: Text = Field("scope", description="The scopes: one string with spaces (RFC 8693), or a list.")


class JwtSpec(Spec):
    """Authenticate by a signed token in `Authorization: Bearer` (RFC 6750, RFC 7519)."""

    issuers: Names = Field(description="Whose tokens count.")
    bound: Bound = Field(
        "when-present",
        description="Binding to the client certificate (RFC 8705): checked when the token says so, or demanded.",
    )
    renewal: Duration | None = Field(
        None,
        description="How long a bound token counts with the certificate that replaced its own: same names, same CA.",
    )
    dpop: Literal["off", "when-present", "required"] = Field(
        "off", description="Proof of possession (RFC 9449): `Authorization: DPoP`, accepted or demanded."
    )
    dpop_nonce: bool = Field(False, description="Demand a nonce of ours in each proof, so that none can be made ahead.")
    once: bool = Field(
        False, description="A token counts for one request only, known by its `jti`; it needs `iat`, too."
    )


class IntrospectionSpec(Spec):
    """Authenticate by an opaque token that its issuer is asked about (RFC 7662)."""

    url: SecureUrl = Field(description="The introspection endpoint.")
    client: ClientAuthSpec = Field(description="How the gateway proves itself there.")
    name: Name = Field("introspection", description="What the principal's issuer is called in rules and logs.")
    issuer: Text | None = Field(None, description="The exact `iss` of its answers, where they have one.")
    audiences: Some | None = Field(None, description="Accepted `aud` values; without it `aud` is not looked at.")
    bound: Bound = Field("when-present", description="Binding to the client certificate (RFC 8705, section 3.2).")
    cache: Duration = Field(30.0, description="How long an answer is used: a revoked token counts for so long.")
    timeout: Duration = Field(5.0, description="Patience with one question.")
    claims: ClaimsSpec = Field(default_factory=lambda: ClaimsSpec(), description="Names of its claims.")
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that its server is verified with; by default the system's."
    )


class ApiKeySpec(Spec):
    """Authenticate by a key that was handed out: long, random, kept as a hash (`ostiary token key` makes one)."""

    keys: Names = Field(
        description="Aliases, one for each caller: the id is the principal, the secret one or more hashes of its keys."
    )
    header: HeaderName = Field("Authorization", description="Where it stands; in a header of its own alone.")
    forms: Annotated[tuple[KeyForm, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="How it is written in Authorization: `Bearer KEY` (by default), `Basic KEY`, or KEY alone."
    )
    subject: Text | None = Field(None, description="The principal of all of them, in place of the ids.")

    @model_validator(mode="after")
    def _forms_of_authorization(self) -> Self:
        if self.forms is not None and self.header.lower() != "authorization":
            raise Refused("C347", f"`forms` are those of Authorization, and in {self.header} a key stands alone")
        return self

    @property
    def written(self) -> tuple[KeyForm, ...]:
        """The forms that count; none of them in a header of its own."""
        return (self.forms or ("bearer",)) if self.header.lower() == "authorization" else ()


class PasswordSpec(Spec):
    """Authenticate by user name and password (RFC 7617), for callers that know nothing better."""

    users: Names = Field(
        description="Aliases, one for each user: the id is the name, the secret a hash (`ostiary token password`)."
    )
    realm: Text = Field("ostiary", description="The realm that a browser shows.")


class AnonymousSpec(Spec):
    """Authenticate nobody: every caller is this subject."""

    subject: Text = Field("anonymous", description="Name of the principal.")


class AuthenticatorSpec(OneOf):
    """One kind of evidence."""

    what: ClassVar[str] = "authenticator"
    mtls: MtlsSpec | None = Field(None, description="TLS client certificate.")
    jwt: JwtSpec | None = Field(None, description="Signed bearer token.")
    introspection: IntrospectionSpec | None = Field(None, description="Opaque bearer token.")
    api_key: ApiKeySpec | None = Field(None, description="API key.")
    basic: PasswordSpec | None = Field(None, description="User name and password.")
    anonymous: AnonymousSpec | None = Field(None, description="No evidence at all.")


class AuthenticateSpec(AuthenticatorSpec):
    """Who is calling: one authenticator, the first of several, or all of several."""

    what: ClassVar[str] = "authenticator (or any, or all)"
    any: Annotated[tuple[AuthenticatorSpec, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="The first whose evidence is there decides."
    )
    all: Annotated[tuple[AuthenticatorSpec, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="Every one must prove somebody; the last is the principal."
    )
