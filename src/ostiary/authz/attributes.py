"""Something that is said of the caller has one of some values: claims, the kind of subject, fields of a certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ostiary.errors import Forbidden
from ostiary.model import Certificate, Principal, Request
from ostiary.reasons import Reason

SUBJECT_TYPE: Final = "subjectType"

_FIELDS: Final[Mapping[str, Callable[[Certificate], tuple[str, ...]]]] = {
    "subject": lambda certificate: (certificate.subject,),
    "issuer": lambda certificate: (certificate.issuer,),
    "cn": lambda certificate: certificate.common_names,
    "o": lambda certificate: certificate.organizations,
    "ou": lambda certificate: certificate.units,
    "san.uri": lambda certificate: certificate.san_uris,
    "san.dns": lambda certificate: certificate.san_dns,
    "san.email": lambda certificate: certificate.san_emails,
    "thumbprint": lambda certificate: (certificate.thumbprint,),
}


class ClaimsRule:
    """Each of these claims is there, and has one of the accepted values; a list has one in it.

    Args:
        accepted: the values, by claim.
    """

    __slots__ = ("_accepted",)
    lasting = True

    def __init__(self, accepted: Mapping[str, frozenset[str]]) -> None:
        self._accepted = tuple(accepted.items())

    def check(self, principal: Principal, request: Request) -> None:  # noqa: ARG002 - the contract of a rule
        """Return when the condition holds, or raise Forbidden."""
        for name, accepted in self._accepted:
            if accepted.isdisjoint(_values(principal.claims.get(name))):
                raise Forbidden(f"claim {name}", reason=Reason.CLAIM_NOT_ALLOWED)


def _values(claim: Any) -> list[str]:
    """Return the texts of a claim. What is not all text counts for nothing."""
    if isinstance(claim, str):
        return [claim]
    good = isinstance(claim, list) and all(isinstance(one, str) for one in claim)
    return claim if good else []


class CertificateRule:
    """The client certificate has these fields, each with one of the accepted values.

    It is that of the principal, or of the connection where the principal is of a token.

    Args:
        accepted: the values, by field.
    """

    __slots__ = ("_accepted",)

    def __init__(self, accepted: Mapping[str, frozenset[str]]) -> None:
        self._accepted = tuple((name, _FIELDS[name], values) for name, values in accepted.items())

    def check(self, principal: Principal, request: Request) -> None:
        """Return when the condition holds, or raise Forbidden."""
        certificate = principal.certificate or request.peer.certificate
        if certificate is None:
            raise Forbidden("no certificate", reason=Reason.CERTIFICATE_MISSING)
        for name, field, accepted in self._accepted:
            if accepted.isdisjoint(field(certificate)):
                raise Forbidden(f"certificate {name}", reason=Reason.CERTIFICATE_NAME_NOT_ALLOWED)
