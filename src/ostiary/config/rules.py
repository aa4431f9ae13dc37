"""The specs of conditions: what must hold of a caller and a request."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any, ClassVar, Final, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ostiary.config.spec import OneOf, Some, Spec
from ostiary.config.values import Method, Refused, Text

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
CertificateField = Literal["subject", "issuer", "cn", "o", "ou", "san.uri", "san.dns", "san.email", "thumbprint"]


def network(value: Any) -> str:
    """Return a range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address."""
    try:
        return str(ip_network(value))
    except (ValueError, TypeError):
        raise Refused("C345", "addresses are a network without host bits: 10.0.0.0/8, or one address") from None


def clock_time(value: Any) -> int:
    """Return minutes since midnight for `HH:MM`, in quotes."""
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    good = colon and len(value) == 5 and (hours + minutes).isdecimal() and value.isascii()  # noqa: PLR2004 - HH:MM
    if not good or int(hours) > 24 or int(minutes) > 59 or int(hours) * 60 + int(minutes) > 24 * 60:  # noqa: PLR2004 - a day
        raise Refused("C345", 'a time of day is "HH:MM", in quotes, up to "24:00"')
    return int(hours) * 60 + int(minutes)


def zone(value: Any) -> str:
    """Return the name of a time zone that this machine knows."""
    try:
        return str(ZoneInfo(value))
    except (KeyError, ValueError, TypeError, OSError):
        raise Refused("C345", "a time zone is a name such as Europe/Berlin or UTC, known on this machine") from None


def _word(pattern: str, example: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example], "description": description})


Network = Annotated[
    str, BeforeValidator(network), _word(r"^[0-9a-fA-F.:]+(/[0-9]+)?$", "10.0.0.0/8", "A range of addresses.")
]
TimeOfDay = Annotated[int, BeforeValidator(clock_time), _word(r"^[0-9]{2}:[0-9]{2}$", "08:00", "A time of day.")]
Zone = Annotated[str, BeforeValidator(zone), _word(r"^[A-Za-z0-9_+/-]+$", "Europe/Berlin", "A time zone.")]


class SomeOf(OneOf):
    """At least one of these, or every one of these."""

    what: ClassVar[str] = "of any and all"
    any: Some | None = Field(None, description="One of these is enough.")
    all: Some | None = Field(None, description="Every one of these is needed.")


class ScopesSpec(SomeOf):
    """The token's scopes."""

    beside: ClassVar[frozenset[str]] = frozenset(("match",))
    match: Literal["exact", "hierarchic", "wildcard"] = Field(
        "exact",
        description="hierarchic: `accounts` grants `accounts.read` and `accounts:read`. wildcard: `accounts.*` does.",
    )


class TimeSpec(Spec):
    """When callers may."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)] = Field(DAYS, description="Days of the week.")
    begin: TimeOfDay = Field(0, description="From this time of day.")
    end: TimeOfDay = Field(24 * 60, description="Up to this time, exclusive; before `begin` it is of the next day.")
    zone: Zone = Field("UTC", description="Whose clock.")

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.begin == self.end:
            raise Refused("C346", "`begin` and `end` are the same, so nobody ever may")
        return self


class RuleSpec(OneOf):
    """One condition."""

    what: ClassVar[str] = "rule"
    beside: ClassVar[frozenset[str]] = frozenset(("mode",))
    audience: Text | Some | None = Field(None, description="The token's `aud` holds one of these.")
    tenant: Text | Some | None = Field(None, description="The caller's tenant is one of these.")
    environment: Text | Some | None = Field(None, description="The caller's environment is one of these.")
    permissions: dict[Text, SomeOf] | None = Field(
        None, min_length=1, description="The caller's permissions, by service: {accounts: {any: [read, manage]}}."
    )
    methods: dict[Method, dict[Text, SomeOf] | Literal["anyone"]] | None = Field(
        None,
        min_length=1,
        description="Permissions by method; other methods are refused. {GET: {accounts: {any: [read]}}}",
    )
    scopes: ScopesSpec | None = Field(None, description="The token's scopes.")
    subject: Text | Some | None = Field(None, description="The caller is one of these.")
    subject_type: Text | Some | None = Field(None, description="The token's `subjectType` is one of these.")
    claims: dict[Text, Text | Some] | None = Field(
        None, min_length=1, description="Claims of the token, each with one of these values."
    )
    certificate: dict[CertificateField, Text | Some] | None = Field(
        None, min_length=1, description="Fields of the client certificate, each with one of these values."
    )
    source: Annotated[tuple[Network, ...], Field(min_length=1, strict=False)] | None = Field(
        None, description="Addresses that callers connect from."
    )
    time: TimeSpec | None = Field(None, description="When callers may.")
    expression: Text | None = Field(
        None, description="CEL, for what words cannot say: true is yes, all else is no. Needs `ostiary[cel]`."
    )
    mode: Literal["enforce", "shadow"] = Field(
        "enforce", description="shadow: the condition is judged, logged and counted, and refuses nobody."
    )
