"""The specs of keys: what the gateway signs, decrypts and connects with."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ostiary.config.spec import Some, Spec
from ostiary.config.values import Duration, FileReference, Name, Refused, SecretReference, SecureUrl, Text

SigningAlgorithm = Literal["ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]

OpeningAlgorithm = Literal["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES"]
OPENING: Final = frozenset(get_args(OpeningAlgorithm))


class RingSpec(Spec):
    """What every ring has: versions of one key, of which the newest signs."""

    who: ClassVar[str] = ""
    unable: ClassVar[tuple[str, ...]] = ()

    algorithm: SigningAlgorithm | OpeningAlgorithm | None = Field(
        None,
        description="How it signs (RFC 7518, section 3.1); by default what fits the key, RS256 for RSA. Or, for a ring "
        "that opens encrypted tokens and does not sign, how they are encrypted to it (section 4.1).",
    )
    version: int | Text | None = Field(None, description="Pin one version; by default the newest that may sign.")
    publish_before: Duration = Field(
        600.0, description="How long a new version is published before it signs: longer than others remember our keys."
    )
    keep: Duration = Field(
        3600.0, description="How long a version stays published that signs no more: the longest life of what it signed."
    )

    start: Literal["lazy", "require"] = Field(
        "lazy",
        description="When no version signs at the start. lazy: routes that need it answer 503. "
        "require: no start, and no reload.",
    )

    @model_validator(mode="after")
    def _able(self) -> Self:
        if self.algorithm in self.unable:
            can = "opens no tokens with" if self.opens else "does not sign with"
            raise Refused("C376", f"{self.who} {can} {self.algorithm}")
        return self

    @property
    def opens(self) -> bool:
        """Whether it opens encrypted tokens, and does not sign."""
        return self.algorithm in OPENING


class LocalKeySpec(RingSpec):
    """A ring in the file of a local vault."""

    type: Literal["local"]
    vault: Name = Field(description="Which local vault.")
    path: Text | None = Field(None, description="Its record, below `keys/`; the name of the key by default.")


class TransitKeySpec(RingSpec):
    """A key of the Transit engine of a HashiCorp vault or OpenBao. It signs there."""

    who = "the Transit engine"
    unable = ("RSA-OAEP", "ECDH-ES")
    type: Literal["transit"]
    vault: Name = Field(description="Which vault, of type hashicorp.")
    name: Text | None = Field(None, description="The key's name in the engine; the name of the key by default.")
    mount: Text = Field("transit", description="Where the engine is mounted.")


class Pkcs11KeySpec(RingSpec):
    """Keys of an HSM, by way of PKCS#11. They sign there. An extra: hsm."""

    who = "PKCS#11, as it is spoken here,"
    unable = ("ECDH-ES",)
    type: Literal["pkcs11"]
    module: FileReference = Field(description="The vendor's library, a shared object.")
    token: Text = Field(description="Label of the token (the partition).")
    label: Text = Field(description="Label of the keys; of several the one with the greatest CKA_ID is the newest.")
    pin: SecretReference = Field(description="PIN of the token's user. A wrong one is tried once.")
    timeout: Duration = Field(10.0, description="Patience with one call.")


class AzureKeySpec(RingSpec):
    """A key of an Azure Key Vault. It signs there; elliptic curve keys do nothing else. An extra: azure."""

    who = "a key vault"
    unable = ("EdDSA", "ECDH-ES")
    type: Literal["azure"]
    vault: Name = Field(description="Which vault, of type azure: its address and its login are used.")
    name: Text | None = Field(None, description="The key's name there; the name of the key by default.")


class AwsKeySpec(RingSpec):
    """Keys of AWS KMS. They sign there. An extra: aws."""

    who = "KMS"
    unable = ("EdDSA", "ECDH-ES")
    type: Literal["aws"]
    region: Text = Field(description="The region.")
    ids: Some = Field(description="Ids, ARNs or aliases of keys that sign; the newest last. `version` pins one.")
    endpoint: SecureUrl | None = Field(None, description="Another address of the service, such as a VPC endpoint.")
    timeout: Duration = Field(5.0, description="Patience with one request.")


KeySpec = Annotated[
    LocalKeySpec | TransitKeySpec | Pkcs11KeySpec | AzureKeySpec | AwsKeySpec, Field(discriminator="type")
]


class PublicationSpec(Spec):
    """Our public keys, for those who verify what we sign: a key set (RFC 7517) and where it is to be found.

    `/.well-known/jwks.json` and `/.well-known/openid-configuration`, below the path of the issuer.
    """

    issuer: SecureUrl = Field(description="The `iss` of our tokens; where others begin to look for our keys.")
    keys: Annotated[tuple[Name, ...], Field(min_length=1, strict=False)] = Field(description="Which keys, by name.")
    max_age: Duration = Field(300.0, description="How long others may remember the key set (RFC 9111).")
    listeners: Literal["admin", "all"] = Field(
        "admin",
        description="admin: on the admin listener. all: on every listener, under the host of `issuer`, as well.",
    )

    @model_validator(mode="after")
    def _plain(self) -> Self:
        if "?" in self.issuer:
            raise Refused("C372", "an issuer has no query: https://gateway.example.com")
        return self

    @property
    def host(self) -> str:
        """The host under which it is asked."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def prefix(self) -> str:
        """The path of the issuer, without a slash at its end."""
        return urlsplit(self.issuer).path.rstrip("/")


KEY_NOUNS: Final[dict[type, str]] = {
    LocalKeySpec: "a key in a local vault",
    TransitKeySpec: "a key of Transit",
    Pkcs11KeySpec: "a key in an HSM",
    AzureKeySpec: "a key in an Azure Key Vault",
    AwsKeySpec: "a key of AWS KMS",
    PublicationSpec: "publication",
}
