"""The specs of what the gateway itself says of callers: a signed token, or what a plug-in writes."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from ostiary.config.spec import Some, Spec
from ostiary.config.values import Duration, HeaderName, Name, Refused, Text

_OURS: Final = frozenset(("iss", "aud", "iat", "nbf", "exp", "jti"))
_LONGEST: Final = 3600.0


class IdentityTokenSpec(Spec):
    """A short-lived token about the caller, signed with a key of the gateway's (RFC 7519)."""

    key: Name = Field(description="The key that signs.")
    issuer: Text = Field(description="`iss`: who the gateway is.")
    audience: Some = Field(description="`aud`: for whom the token is.")
    claims: dict[Text, Text] = Field(
        default_factory=lambda: {"sub": "{principal.subject}"},
        min_length=1,
        description="What is said of the caller: texts with {principal.subject}, {principal.claims.NAME}, ...; a text "
        "that is one place has its value as it is, lists and objects included.",
    )
    lifetime: Duration = Field(300.0, description="How long it counts; never longer than the caller's evidence.")
    header: HeaderName = Field("Authorization", description="Where it is written; in another header alone.")
    type: Text = Field("JWT", description="Its `typ` (RFC 8725, section 3.11).")

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if ours := sorted(_OURS & set(self.claims)):
            raise Refused("C357", f"`claims` has {ours[0]}, which the gateway writes itself")
        if not 1 <= self.lifetime <= _LONGEST:
            raise Refused("C357", "a token about a caller lives from 1s to 1h: it cannot be taken back")
        return self


class CustomSpec(Spec):
    """What a plug-in writes: an entry point of the group `ostiary.injectors`."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        description="Name of the entry point."
    )
    credential: Name | None = Field(None, description="Alias of a credential that it is given.")
    options: dict[Text, Text] = Field(default_factory=dict, description="What it is told; nothing secret.")
