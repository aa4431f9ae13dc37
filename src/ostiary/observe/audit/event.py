"""What happened, in the words of the Elastic Common Schema; what it has no word for begins with `ostiary.`.

Nothing here is a secret: no query, no header, no claim but subject and tenant. JSON escapes every control
character, so that no caller can write a line.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ostiary.model import Principal
from ostiary.observe.access import decision
from ostiary.observe.claims import told
from ostiary.observe.ended import Ended

Event = dict[str, Any]

_LONGEST: Final = 2048
_ALLOWED: Final = ("request-allowed", "success")
_VERDICTS: Final = {"deny": ("request-denied", "failure"), "error": ("request-failed", "unknown")}

_TOLD: Final[dict[str, tuple[str, str, dict[str, str]]]] = {
    "ready": ("service-started", "success", {"routes": "ostiary.routes"}),
    "stopping": ("service-stopping", "success", {}),
    "configuration taken up": ("configuration-changed", "success", {"file": "file.path"}),
    "configuration refused, the one before serves on": (
        "configuration-refused",
        "failure",
        {"file": "file.path", "why": "event.reason"},
    ),
    "keys changed": ("keys-changed", "success", {"issuer": "ostiary.issuer", "kids": "ostiary.key_ids"}),
    "credential version in use": (
        "credential-changed",
        "success",
        {"vault": "ostiary.vault", "path": "ostiary.path", "version": "ostiary.credential_version"},
    ),
    "revocations taken up": (
        "revocations-changed",
        "success",
        {"added": "ostiary.revocations.added", "removed": "ostiary.revocations.removed"},
    ),
    "client certificate refused in the handshake": (
        "connection-refused",
        "failure",
        {"reason": "event.reason", "address": "source.ip", "listener": "ostiary.listener"},
    ),
}
"""Events of the log that are also audit events: action, outcome, and which facts under which names."""


def stamped(action: str, outcome: str, category: list[str], facts: Event) -> Event:
    """Return an event of this moment."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
    head = {"@timestamp": stamp, "event.kind": "event", "event.category": category}
    return {**head, "event.action": action, "event.outcome": outcome, **facts}


def of_log(said: Mapping[str, Any]) -> Event | None:
    """Return an event of the log as an audit event, or None when it is none."""
    known = _TOLD.get(str(said.get("event")))
    if known is None:
        return None
    action, outcome, names = known
    facts = {name: said[key] for key, name in names.items() if key in said}
    return stamped(action, outcome, ["configuration" if "certificate" not in action else "authentication"], facts)


def of_request(ended: Ended, claims: Sequence[str] = ()) -> Event:
    """Return what became of a request.

    Args:
        ended: the request.
        claims: names of the claims that are told of its principal.
    """
    record, status, listener = ended.record, ended.status, ended.listener
    answered = record.upstream_answered > 0.0 or (listener == "admin" and 0 < status < 400)  # noqa: PLR2004 - refusals
    action, outcome = _ALLOWED if answered else _VERDICTS[decision(status)]
    if listener == "admin":
        action = "admin-access"
    facts: Event = {
        "event.reason": str(record.reason),
        "http.request.id": ended.id,
        "http.request.method": ended.method[:_LONGEST],
        "http.response.status_code": status,
        "url.domain": ended.host,
        "url.path": ended.target.partition(b"?")[0][:_LONGEST].decode("latin-1"),
        "source.ip": ended.address,
        "ostiary.listener": listener,
        "ostiary.route": record.route,
        "ostiary.credential": record.credential,
        "ostiary.mode": "enforce",
    }
    if record.rewritten is not None:
        facts["ostiary.upstream_path"] = record.rewritten[:_LONGEST].decode("latin-1")
    if record.trace is not None:
        facts["trace.id"] = record.trace.id
    if record.principal is not None:
        facts.update(_who(record.principal))
        facts.update({f"ostiary.claims.{name}": value for name, value in told(record.principal, claims).items()})
    return stamped(action, outcome, ["authentication", "api"], facts)


def _who(principal: Principal) -> Event:
    facts: Event = {
        "user.id": principal.subject,
        "ostiary.issuer": principal.issuer,
        "ostiary.authenticated_by": principal.method,
    }
    if principal.tenant is not None:
        facts["organization.id"] = principal.tenant
    if principal.certificate is not None:
        facts["tls.client.x509.subject.common_name"] = list(principal.certificate.common_names)
        facts["tls.client.hash.sha256"] = base64.urlsafe_b64decode(principal.certificate.thumbprint + "=").hex().upper()
    return facts
