"""The specs of the gateway as a client of OAuth: how it proves itself, and what tokens it asks for."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from ostiary.config.spec import OneOf, Some, Spec
from ostiary.config.values import Duration, FileReference, HeaderName, Name, Refused, SecureUrl, Text


class CertificateClientSpec(Spec):
    """The gateway proves itself by its own TLS certificate (RFC 8705, section 2): of an authority, or self-signed."""

    client_id: Text = Field(description="Its name at the issuer.")
    certificate: FileReference | None = Field(None, description="Certificate chain (PEM), leaf first.")
    private_key: FileReference | None = Field(None, description="Its private key (PEM).")
    identity: Name | None = Field(
        None, description="In their place: a key of ours, of type local, with a certificate; the newest is shown."
    )
    credential: Name | None = Field(
        None, description="Or a certificate that a vault issues: a credential of engine pki."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        files = self.certificate is not None or self.private_key is not None
        if sum((files, self.identity is not None, self.credential is not None)) != 1:
            raise Refused("C374", "give one: `certificate` and `private_key`, `identity`, or `credential`")
        if (self.certificate is None) != (self.private_key is None):
            raise Refused("C374", "`certificate` and `private_key` stand together")
        return self


class SignedClientSpec(Spec):
    """The gateway proves itself by a signed assertion (RFC 7523)."""

    credential: Name | None = Field(
        None, description="Alias: the id is its name at the issuer, the secret a private key (PEM)."
    )
    key: Name | None = Field(None, description="In place of `credential`: a key of ours. It brings its own id.")
    client_id: Text | None = Field(None, description="With `key`: the gateway's name at the issuer.")
    audience: Text | None = Field(None, description="The assertion's `aud`; the URL, or the `issuer`, by default.")
    kid: Text | None = Field(None, description="The key's id, where the issuer wants one.")

    @model_validator(mode="after")
    def _signed_once(self) -> Self:
        if (self.credential is None) == (self.key is None):
            raise Refused("C377", "give either `credential`, a private key, or `key`, one of ours")
        if (self.key is None) != (self.client_id is None):
            raise Refused("C377", "`client_id` stands beside `key`: a credential has its own id")
        if self.key is not None and self.kid is not None:
            raise Refused("C377", "`kid` stands beside `credential`: a key of ours brings its own id")
        return self


class SecretClientSpec(Spec):
    """The gateway proves itself by a secret (RFC 6749, section 2.3.1)."""

    credential: Name = Field(description="Alias: the id is its name at the issuer, the secret its secret there.")


class ClientAuthSpec(OneOf):
    """How the gateway proves itself to an issuer."""

    what: ClassVar[str] = "way to prove the gateway"
    basic: SecretClientSpec | None = Field(None, description="client_secret_basic: in `Authorization: Basic`.")
    post: SecretClientSpec | None = Field(None, description="client_secret_post: its secret, in the form.")
    private_key_jwt: SignedClientSpec | None = Field(None, description="A signed assertion.")
    certificate: CertificateClientSpec | None = Field(
        None, description="tls_client_auth, self_signed_tls_client_auth: its TLS certificate."
    )


OnReject = Literal["replay", "renew", "ignore"]
ON_REJECT: Final = (
    "When the upstream says 401. ignore: the caller sees it. renew: something newer is fetched for the next one, and "
    "the caller gets 502. replay: this request is sent again with it, once, if its body is short."
)
RejectStatus = Annotated[tuple[Annotated[int, Field(ge=400, le=499)], ...], Field(min_length=1, strict=False)]
REJECT_STATUS: Final = "Statuses by which this upstream says that the credential is not accepted."
TokenType = Literal["access_token", "jwt", "id_token"]
_OURS: Final = frozenset(
    (
        *("grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type"),
        *("scope", "audience", "resource", "subject_token", "subject_token_type", "requested_token_type"),
        *("actor_token", "actor_token_type"),
    )
)
"""What a token request has a word of its own for."""


class TokenSpec(Spec):
    """A token that the gateway asks for, and shows the upstream: `Authorization: Bearer` (RFC 6750)."""

    token_url: SecureUrl | None = Field(None, description="The token endpoint (RFC 6749, section 3.2).")
    issuer: SecureUrl | None = Field(None, description="In place of it: whose metadata says where the endpoint is.")
    discovery: Literal["openid", "oauth"] = Field(
        "openid", description="Where the metadata is: OpenID Connect Discovery 1.0, or RFC 8414."
    )
    client: ClientAuthSpec = Field(description="How the gateway proves itself there.")
    scopes: Some | None = Field(None, description="The scopes asked for; by default what the issuer gives.")
    audience: Some | None = Field(None, description="For whom the token is to be, in the issuer's words.")
    resource: Some | None = Field(None, description="For which addresses the token is to be (RFC 8707).")
    parameters: dict[Text, Text] = Field(
        default_factory=dict, description="Whatever else this issuer wants in the request; nothing secret."
    )
    bound: bool = Field(
        False,
        description="The token is bound to the certificate of `client` (RFC 8705, section 3), which the upstream "
        "must be shown as well.",
    )
    header: HeaderName = Field("Authorization", description="Where it is written; in another header alone.")
    on_reject: OnReject = Field("replay", description=ON_REJECT)
    lifetime: Duration = Field(300.0, description="How long a token is used that does not say how long it lasts.")
    timeout: Duration = Field(5.0, description="Patience with one request for a token.")
    authorities: Annotated[tuple[FileReference, ...], Field(strict=False)] = Field(
        (), description="CA certificates that the issuer's server is verified with; by default the system's."
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.token_url is None) == (self.issuer is None):
            raise Refused("C350", "say where the token comes from: `token_url`, or `issuer`")
        if ours := sorted(_OURS & set(self.parameters)):
            raise Refused("C351", f"`parameters` has {ours[0]}, which is written by a key of its own")
        if self.bound and self.client.certificate is None:
            raise Refused("C352", "a token is bound to the certificate of `client: {certificate: ...}`; there is none")
        if self.bound and self.client.certificate is not None and self.client.certificate.certificate is None:
            raise Refused("C352", "a token is bound to a certificate in files: others change under open connections")
        return self


class ClientCredentialsSpec(TokenSpec):
    """The gateway's own token (client credentials; RFC 6749, section 4.4)."""


class TokenExchangeSpec(TokenSpec):
    """A token in exchange for the caller's verified one (RFC 8693)."""

    subject_token_type: TokenType = Field("access_token", description="What the caller's token is called.")
    requested_token_type: TokenType | None = Field(
        None, description="What is asked for; by default the issuer's choice."
    )
    most: int = Field(
        10_000, ge=1, le=1_000_000, description="Most tokens that are kept, one for each of the callers'."
    )
