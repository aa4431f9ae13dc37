"""Judge the registered claims of a token whose signature is good (RFC 7519, section 4.1; RFC 8725).

Pure functions: the claims, what the issuer's tokens must say, and the time decide. A claim of the wrong
type is never converted, skipped or taken for absent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary.config.schema import ClaimsSpec, IssuerSpec
from ostiary.errors import InvalidToken
from ostiary.reasons import Reason

_MAX_SUBJECT: Final = 1024
_LATEST: Final = float(1 << 53)  # the largest number that JSON peers agree on (RFC 8259, section 6)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the tokens of one issuer must say.

    Attributes:
        issuer: the exact `iss`.
        audiences: one of these must be in `aud`.
        types: accepted `typ`, normalised.
        leeway: seconds forgiven between our clock and the issuer's.
        max_token: octets.
        names: under which names the issuer writes what the policy reads.
    """

    issuer: str
    audiences: frozenset[str]
    types: frozenset[str]
    leeway: float
    max_token: int
    names: ClaimsSpec

    @classmethod
    def of(cls, spec: IssuerSpec) -> Terms:
        """Compile what the configuration says of an issuer."""
        return cls(
            issuer=spec.issuer,
            audiences=frozenset(spec.audiences),
            types=frozenset(map(normal_type, spec.types)),
            leeway=spec.leeway,
            max_token=spec.max_token,
            names=spec.claims,
        )


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
    audience = _required(claims, "aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise InvalidToken("aud is neither a string nor a list of strings", reason=Reason.TOKEN_CLAIM_INVALID)
    if terms.audiences.isdisjoint(named):
        raise InvalidToken("aud names others", reason=Reason.TOKEN_AUDIENCE_MISMATCH)


def read_validity(claims: Mapping[str, Any], terms: Terms) -> Validity:
    """Return when a token counts (RFC 7519, sections 4.1.4 to 4.1.6). `exp` is required.

    Raises:
        InvalidToken: `exp` is absent, or one of the times is not a number.
    """
    ends = _time("exp", _required(claims, "exp"))
    begins = max((_time(name, claims[name]) for name in ("nbf", "iat") if name in claims), default=0.0)
    return Validity(begins - terms.leeway, ends + terms.leeway)


def read_subject(claims: Mapping[str, Any], terms: Terms) -> str:
    """Return the subject: text that is safe to write into a log or a header's encoding.

    Raises:
        InvalidToken: it is absent, empty, too long, not a string, or has control characters.
    """
    subject = _required(claims, terms.names.subject)
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
