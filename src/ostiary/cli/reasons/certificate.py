"""The caller's certificate."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

CERTIFICATE: Final[dict[Reason, tuple[str, str]]] = {
    Reason.CERTIFICATE_MISSING: (
        "The route needs a client certificate and the connection has none.",
        "Give the client its certificate (`curl --cert --key`); browsers keep a choice made once until restarted.",
    ),
    Reason.CERTIFICATE_NAME_MISSING: (
        "The certificate has no name of the kind in `mtls.subject`.",
        "Issue one with that name (`san.uri` by default), or change `subject`.",
    ),
    Reason.CERTIFICATE_NAME_AMBIGUOUS: (
        "The certificate has several names of that kind, and none says which is meant.",
        "Issue one with a single such name.",
    ),
    Reason.CERTIFICATE_NAME_NOT_ALLOWED: (
        "The name in the certificate matches nothing in `mtls.allow`.",
        "Add a pattern to `allow`; the name is in the log.",
    ),
    Reason.CERTIFICATE_EXPIRED: ("The certificate has expired.", "Renew it; and check the clock of this machine."),
    Reason.CERTIFICATE_NOT_YET_VALID: (
        "The certificate is not valid yet.",
        "Wait, or check the clocks of both machines.",
    ),
    Reason.CERTIFICATE_UNSUITABLE: (
        "The certificate may not be used by a client: its version, key usage or extended key usage say so.",
        "Issue one with clientAuth; `profile: compat` accepts X.509 v1.",
    ),
    Reason.CERTIFICATE_REVOKED: ("The authority has revoked the certificate.", "Issue a new one, if it was a mistake."),
    Reason.CERTIFICATE_REVOCATION_UNKNOWN: (
        "No current revocation list says whether the certificate still holds, and `mode` is hard.",
        "Renew the revocation list of the authority.",
    ),
    Reason.CERTIFICATE_UNREADABLE: (
        "The header in which the proxy tells the caller's certificate is not what its dialect writes.",
        "Compare `forwarded.dialect` with the proxy's configuration; the log names the trouble.",
    ),
    Reason.CERTIFICATE_UNTRUSTED: (
        "No authority of the listener has issued the certificate.",
        "Add its authority to `tls.client.authorities`, or issue the certificate by one of them.",
    ),
}
