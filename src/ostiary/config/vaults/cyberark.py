"""The specs of CyberArk's vaults: the Central Credential Provider, and Conjur."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.spec import OneOf, Spec
from ostiary.config.values import Duration, Refused, SecretReference, SecureUrl, Text
from ostiary.config.vaults.web import OverHttpSpec

CCP_REFUSED: Final = re.compile(r"[+&%;\s\x00-\x1f\x7f]")
"""What the Central Credential Provider accepts in no value of a query."""


def ccp_value(value: Any) -> str:
    """Return a value of a query to the Central Credential Provider."""
    if not isinstance(value, str) or not value or CCP_REFUSED.search(value):
        raise Refused("C163", "the provider accepts no + & % ; and no white space in a value")
    return value


def ccp_query(value: Any) -> str:
    """Return a query with the path of a record in it: `UserName={path};Address=legacy.example`."""
    parts = value.split(";") if isinstance(value, str) else []
    if not parts or value.count("{path}") != 1 or not all("=" in part for part in parts):
        raise Refused("C163", "a query is NAME=value pairs with ; between them, and {path} in one: UserName={path}")
    for part in parts:
        ccp_value(part)
    return str(value)


CcpValue = Annotated[
    str,
    BeforeValidator(ccp_value),
    WithJsonSchema({"type": "string", "pattern": "^[^+&%;\\s]+$", "examples": ["gateway"]}),
]
CcpQuery = Annotated[
    str,
    BeforeValidator(ccp_query),
    WithJsonSchema({"type": "string", "pattern": "^[^+&%]+$", "examples": ["Safe=LEGACY;UserName={path}"]}),
]


class CyberarkVaultSpec(OverHttpSpec):
    """CyberArk's Central Credential Provider. A path is SAFE/OBJECT or SAFE/FOLDER/OBJECT, unless `query` says else."""

    type: Literal["cyberark"]
    address: SecureUrl = Field(description="https://host of the provider.")
    service: CcpValue = Field("AIMWebService", description="Name of its web service.")
    app_id: CcpValue = Field(description="The application as which the gateway asks; mostly bound to `client`.")
    query: CcpQuery | None = Field(None, description="How an account is found instead of by safe and object.")
    query_format: Literal["Exact", "Regexp"] = Field("Exact", description="How values of `query` are compared.")
    reason: CcpValue | None = Field(None, description="What the vault's own audit is told.")


class ConjurKeySpec(Spec):
    """A login with an API key."""

    login: Text = Field(description="Who: host/gateway, or the name of a user.")
    api_key: SecretReference = Field(description="Its API key.")


class ConjurJwtSpec(Spec):
    """A login with a token of somebody else's, such as a Kubernetes service account."""

    service: Text = Field(description="Id of the authenticator: what follows authn-jwt/.")
    token: SecretReference = Field(description="The token; read anew for each login.")
    host: Text | None = Field(None, description="Who, where the token does not say it.")


class ConjurAuthSpec(OneOf):
    """How the gateway logs in to Conjur."""

    what: ClassVar[str] = "way to log in"
    api_key: ConjurKeySpec | None = Field(None, description="An API key.")
    jwt: ConjurJwtSpec | None = Field(None, description="A token of somebody else's.")


class ConjurVaultSpec(OverHttpSpec):
    """CyberArk Conjur. A path is one variable, or with `variables` the policy that they are in."""

    type: Literal["conjur"]
    address: SecureUrl = Field(description="https://host of the server.")
    account: Text = Field(description="The organization account.")
    auth: ConjurAuthSpec = Field(description="How to log in.")
    variables: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        (), description="Variables of a record, below its path; fetched together, so that a pair is of one moment."
    )
    token_lasts: Duration = Field(300.0, description="When to log in anew; the server's tokens live about 8 minutes.")

    @model_validator(mode="after")
    def _names(self) -> Self:
        if any("," in name for name in self.variables):
            raise Refused("C162", "a name in `variables` has no comma in it: the server would read two")
        return self
