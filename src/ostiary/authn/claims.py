"""Judge the registered claims of a token whose signature is good (RFC 7519, section 4.1; RFC 8725).

Pure functions: the claims, what the issuer's tokens must say, and the time decide. A claim of the wrong
type is never converted, skipped or taken for absent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.config.schema import ClaimsSpec, IntrospectionSpec, IssuerSpec
from ostiary.errors import InvalidToken
from ostiary.reasons import Reason

_MAX_SUBJECT: Final = 1024
_LATEST: Final = float(1 << 53)  # the largest number that JSON peers agree on (RFC 8259, section 6)


@dataclass(frozen=True, slots=True)
class Pin:
    """A claim that must have one value.

    Attributes:
        claim, value: which, and what it must be.
        missing, mismatch: why a token is refused that lacks it, or has another.
    """

    claim: str
    value: str
    missing: Reason
    mismatch: Reason


@dataclass(frozen=True, slots=True)
class Terms:
    """What the tokens of one issuer must say.

    Attributes:
        identifiers: the spellings of `iss`.
        pins: claims that say which of several issuers with the same `iss` a token is of, with their values.
        audiences: one of these must be in `aud`; None when it is not looked at.
        required: claims that must have one of some values.
        types: accepted `typ`, normalised.
        leeway: seconds forgiven between our clock and the issuer's.
        max_token: octets.
        names: under which names the issuer writes what the policy reads.
    """

    identifiers: tuple[str, ...]
    pins: tuple[Pin, ...]
    audiences: frozenset[str] | None
    required: tuple[tuple[str, frozenset[str]], ...]
    types: frozenset[str]
    leeway: float
    max_token: int
    names: ClaimsSpec

    @classmethod
    def of(cls, spec: IssuerSpec) -> Terms:
        """Compile what the configuration says of an issuer."""
        return cls(
            identifiers=spec.identifiers,
            pins=_pins(spec),
            audiences=None if spec.audience_unchecked else _audiences(spec),
            required=tuple((name, _some(wanted)) for name, wanted in spec.require.items()),
            types=frozenset(map(normal_type, spec.types)),
            leeway=spec.leeway,
            max_token=spec.max_token,
            names=spec.claims,
        )

    @classmethod
    def of_answers(cls, spec: IntrospectionSpec) -> Terms:
        """Compile what the configuration says of the answers of an introspection endpoint."""
        audiences = None if spec.audiences is None else frozenset(spec.audiences)
        return cls((), (), audiences, (), frozenset(), 0.0, 0, spec.claims)


def _pins(spec: IssuerSpec) -> tuple[Pin, ...]:
    tenant = Pin(spec.claims.tenant, spec.tenant or "", Reason.TENANT_MISSING, Reason.TENANT_MISMATCH)
    environment = Pin(
        spec.claims.environment, spec.environment or "", Reason.ENVIRONMENT_MISSING, Reason.ENVIRONMENT_MISMATCH
    )
    return tuple(pin for pin in (tenant, environment) if pin.value)


def _audiences(spec: IssuerSpec) -> frozenset[str]:
    """`*` means everybody only where the configuration says so; elsewhere it is one more name that is not ours."""
    named = frozenset(spec.audiences) - {"*"}
    return named | {"*"} if spec.audience_wildcard else named


def _some(value: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True)
class Validity:
    """When a token counts: from `begins` (inclusive) to `ends` (exclusive), leeway included; in epoch seconds."""

    begins: float
    ends: float

    def check(self, now: float) -> None:
        """Return when the token counts now.

        Raises:
            InvalidToken: it has expired, or is not valid yet.
        """
        if now >= self.ends:
            raise InvalidToken("exp has passed", reason=Reason.TOKEN_EXPIRED)
        if now < self.begins:
            raise InvalidToken("nbf or iat lies in the future", reason=Reason.TOKEN_NOT_YET_VALID)


def normal_type(name: str) -> str:
    """Return a `typ` as it is compared: without case, without `application/` (RFC 7515, section 4.1.9)."""
    lowered = name.lower()
    short = lowered.removeprefix("application/")
    return lowered if "/" in short else short


def check_type(name: str | None, terms: Terms) -> None:
    """RFC 8725, section 3.11: a token of one kind must not pass for another. An absent `typ` counts as JWT.

    Raises:
        InvalidToken: the kind is not accepted.
    """
    if normal_type("jwt" if name is None else name) not in terms.types:
        raise InvalidToken(f"typ {str(name)[:64]!r}", reason=Reason.TOKEN_TYPE_NOT_ALLOWED)


def check_audience(claims: Mapping[str, Any], terms: Terms) -> None:
    """RFC 7519, section 4.1.3: a token is for those whom it names.

    Raises:
        InvalidToken: it names nobody, or not us.
    """
    if terms.audiences is None:
        return
    audience = _required(claims, "aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise InvalidToken("aud is neither a string nor a list of strings", reason=Reason.TOKEN_CLAIM_INVALID)
    if terms.audiences.isdisjoint(named):
        raise InvalidToken("aud names others", reason=Reason.TOKEN_AUDIENCE_MISMATCH)


def check_required(claims: Mapping[str, Any], terms: Terms) -> None:
    """What else the configuration wants a token of this issuer to say.

    Raises:
        InvalidToken: a claim is absent, or has none of the wanted values.
    """
    for name, wanted in terms.required:
        value = _required(claims, name)
        if not isinstance(value, str) or value not in wanted:
            raise InvalidToken(f"{name} is none of the wanted values", reason=Reason.TOKEN_CLAIM_INVALID)


def check_pins(claims: Mapping[str, Any], terms: Terms) -> None:
    """Return when a token is of the tenant and the environment that the issuer stands for.

    Raises:
        InvalidToken: it is of none, or of another.
    """
    for pin in terms.pins:
        value = claims.get(pin.claim)
        if value is None:
            raise InvalidToken(f"{pin.claim} is absent", reason=pin.missing)
        if value != pin.value:
            raise InvalidToken(f"{pin.claim} {str(value)[:64]!r}", reason=pin.mismatch)


def read_validity(claims: Mapping[str, Any], terms: Terms) -> Validity:
    """Return when a token counts (RFC 7519, sections 4.1.4 to 4.1.6). `exp` is required.

    Raises:
        InvalidToken: `exp` is absent, or one of the times is not a number.
    """
    ends = _time("exp", _required(claims, "exp"))
    begins = max((_time(name, claims[name]) for name in ("nbf", "iat") if name in claims), default=0.0)
    return Validity(begins - terms.leeway, ends + terms.leeway)


def read_issued(claims: Mapping[str, Any]) -> float | None:
    """Return when a token says that it was issued, if that can be read; it is not believed, only taken into account."""
    issued = claims.get("iat")
    return float(issued) if isinstance(issued, int | float) and abs(issued) < _LATEST else None


def read_lifetime(claims: Mapping[str, Any], terms: Terms) -> Validity:
    """Return when an answer counts: as a token, but `exp` may be absent (RFC 7662, section 2.2).

    Raises:
        InvalidToken: one of the times is not a number.
    """
    return read_validity({"exp": _LATEST, **claims}, terms)


def read_text(value: Any) -> str | None:
    """Return a tenant or an environment; what is not text is none: whoever asks for one refuses."""
    return value if isinstance(value, str) and value else None


def read_subject(claims: Mapping[str, Any], terms: Terms) -> str:
    """Return the subject: text that is safe to write into a log or a header's encoding.

    Raises:
        InvalidToken: it is absent, empty, too long, not a string, or has control characters.
    """
    name = terms.names.subject
    subject = _required(claims, name)
    if name == "email" and claims.get("email_verified", True) is not True:
        raise InvalidToken("the address has not been verified", reason=Reason.TOKEN_CLAIM_INVALID)
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise InvalidToken("the subject is not a short string", reason=Reason.TOKEN_CLAIM_INVALID)
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in subject):
        raise InvalidToken("the subject has control characters", reason=Reason.TOKEN_CLAIM_INVALID)
    return subject


def _required(claims: Mapping[str, Any], name: str) -> Any:
    if name not in claims:
        raise InvalidToken(f"{name} is absent", reason=Reason.TOKEN_CLAIM_MISSING)
    return claims[name]


def _time(name: str, value: Any) -> float:
    """A NumericDate: a number, which a bool is not, within what a number can say exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"{name} is not a number", reason=Reason.TOKEN_CLAIM_INVALID)
    if not -_LATEST <= value <= _LATEST:  # NaN is not either
        raise InvalidToken(f"{name} is out of range", reason=Reason.TOKEN_CLAIM_INVALID)
    return float(value)
