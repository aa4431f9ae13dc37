"""What is said of a request: what each step said, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from ostiary.model import Principal
from ostiary.reasons import Reason

Verdict: TypeAlias = Literal["yes", "no", "pass", "unknown"]
"""`pass`: it says nothing of this request: no evidence of its kind, a condition in the shadow."""


@dataclass(frozen=True, slots=True)
class Note:
    """What one step said.

    Attributes:
        step: route, authenticate, authorize, inject, forward; or answer, where the gateway does that itself.
        what: which of them.
        verdict: what it said.
        text: why, in words; never a secret.
        where: file:line, or "".
    """

    step: str
    what: str
    verdict: Verdict
    text: str
    where: str = ""


@dataclass(slots=True)
class Explanation:
    """What would become of a request.

    Attributes:
        notes: step by step.
        status: what the caller would get; 0 when it would be forwarded or answered, None when it cannot be known.
        reason: why.
        route: its route, if it has one.
        principal: who was proven, if anybody was.
    """

    notes: list[Note] = field(default_factory=list)
    status: int | None = 0
    reason: Reason = Reason.ALLOWED
    route: str | None = None
    principal: Principal | None = None


def facts(told: Explanation, moment: float, *, claims: bool = False) -> dict[str, Any]:
    """Return an explanation as one document.

    Args:
        told: what was said.
        moment: as of when it was judged, epoch seconds.
        claims: with every claim of the token, and not only who it is of.
    """
    return {
        "verdict": "unknown" if told.status is None else "allow" if told.status == 0 else "deny",
        "status": told.status or None,
        "reason": str(told.reason),
        "route": told.route,
        "at": datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z"),
        "principal": None if told.principal is None else _principal(told.principal, claims=claims),
        "steps": [
            {"step": one.step, "what": one.what, "verdict": one.verdict, "text": one.text, "where": one.where}
            for one in told.notes
        ],
    }


def _principal(principal: Principal, *, claims: bool) -> dict[str, Any]:
    known = {
        "subject": principal.subject,
        "issuer": principal.issuer,
        "method": principal.method,
        "tenant": principal.tenant,
        "environment": principal.environment,
    }
    return {**known, "claims": _plain(principal.claims)} if claims else known


def _plain(claims: Any) -> Any:
    """Return claims as JSON has them."""
    if isinstance(claims, Mapping):
        return {str(name): _plain(value) for name, value in claims.items()}
    return [_plain(one) for one in claims] if isinstance(claims, list | tuple) else claims
