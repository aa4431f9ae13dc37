"""The tour, as data: what is asked, and how it has to come out."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from ostiary.demo.issuer import Issuer
from ostiary.pki.development import DevelopmentPki
from ostiary.reasons import Reason

HOURS: Final = 3600.0
ALICE: Final = {
    "sub": "alice",
    "aud": "legacy-accounts",
    "tenantId": "bank-north",
    "permissions": {"accounts": ["read"]},
}


def tokens(issuer: Issuer, pki: DevelopmentPki) -> Mapping[str, str]:
    """Return the tokens of the tour, by name. Two are bound to a certificate (RFC 8705, section 3.1)."""
    own, other = _bound_to(pki.client), _bound_to(pki.mallory)
    return {
        "alice": issuer.sign({**ALICE, **own}, life=12 * HOURS),
        "expired": issuer.sign(ALICE, life=-HOURS),
        "forged": issuer.forger().sign(ALICE, life=HOURS),
        "stolen": issuer.sign({**ALICE, **other}, life=HOURS),
        "other-audience": issuer.sign({**ALICE, "aud": "payments"}, life=HOURS),
        "other-tenant": issuer.sign({**ALICE, "tenantId": "bank-south"}, life=HOURS),
        "no-rights": issuer.sign({**ALICE, "permissions": {"accounts": ["list"]}}, life=HOURS),
    }


def _bound_to(certificate: Path) -> dict[str, dict[str, str]]:
    octets = load_pem_x509_certificate(certificate.read_bytes()).fingerprint(SHA256())
    return {"cnf": {"x5t#S256": urlsafe_b64encode(octets).rstrip(b"=").decode()}}


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the tour.

    Attributes:
        title: what is tried.
        status: the status that has to come back.
        reason: the reason that the access log has to give.
        jwt: which token is sent, or None.
        certificate: whose certificate is shown, or None.
        path: where to; sent as it is written.
        headers: further headers.
        arrives: headers that the legacy service must have received, by lower-case name, each with this value only.
    """

    title: str
    status: int
    reason: Reason
    jwt: str | None = "alice"
    certificate: str | None = "client"
    path: str = "/accounts/7"
    headers: tuple[str, ...] = ()
    arrives: Mapping[str, str] | None = None


_INJECTED: Final[Mapping[str, Any]] = {"authorization": "Basic ******", "x-subject": "alice"}
_SPOOFED: Final = ("X-Subject: admin", "x_subject: admin", "X.Subject: admin")

TOUR: Final = (
    Step("No client certificate", 401, Reason.CERTIFICATE_MISSING, certificate=None),
    Step("Somebody else's certificate", 401, Reason.CERTIFICATE_NAME_NOT_ALLOWED, certificate="mallory"),
    Step("No token", 401, Reason.TOKEN_MISSING, jwt=None),
    Step("A token that has expired", 401, Reason.TOKEN_EXPIRED, jwt="expired"),
    Step("A token that somebody else signed", 401, Reason.TOKEN_SIGNATURE_INVALID, jwt="forged"),
    Step("A token stolen from another client", 401, Reason.TOKEN_NOT_BOUND, jwt="stolen"),
    Step("A token for another audience", 401, Reason.TOKEN_AUDIENCE_MISMATCH, jwt="other-audience"),
    Step("A caller from another tenant", 403, Reason.TENANT_MISMATCH, jwt="other-tenant"),
    Step("A caller without the permission", 403, Reason.PERMISSION_MISSING, jwt="no-rights"),
    Step("A way around: dot segments", 400, Reason.PATH_AMBIGUOUS, path="/accounts/../admin"),
    Step("A way around: encoded dot segments", 400, Reason.PATH_AMBIGUOUS, path="/accounts/%2e%2e/admin"),
    Step("A way around: an empty segment", 400, Reason.PATH_AMBIGUOUS, path="/accounts//7"),
    Step("A path that no route is for", 404, Reason.ROUTE_NOT_FOUND, path="/admin"),
    Step("A caller who pretends to be admin", 200, Reason.ALLOWED, headers=_SPOOFED, arrives=_INJECTED),
    Step("A caller who may", 200, Reason.ALLOWED, arrives=_INJECTED),
)
