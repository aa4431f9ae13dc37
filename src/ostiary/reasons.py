"""Why: the closed vocabulary of reasons.

Every refusal, and every permission, has exactly one of these words. The log, the problem
documents, the metrics, `explain`, the tests and the documentation all use them, so that one can be
joined with the other. A word that has been released is never reused for something else.

Each word carries the sentence that the *caller* may read. It says what to do, never what the
gateway knows.
"""

from __future__ import annotations

from enum import Enum
from typing import Self


class Reason(Enum):
    """One word of the vocabulary: `value` is the word, `public` the sentence for the caller."""

    public: str

    def __new__(cls, value: str, public: str) -> Self:
        """Make the word the value, and keep the sentence beside it."""
        member = object.__new__(cls)
        member._value_ = value
        member.public = public
        return member

    def __str__(self) -> str:
        return str(self.value)

    # The request as it was written
    REQUEST_MALFORMED = "request.malformed", "The request is not valid HTTP."
    REQUEST_AMBIGUOUS = "request.ambiguous", "The request can be read in two ways."
    REQUEST_TARGET_TOO_LONG = "request.target-too-long", "The request's target is too long."
    REQUEST_HEADERS_TOO_LARGE = "request.headers-too-large", "The request's headers are too large."
    REQUEST_BODY_TOO_LARGE = "request.body-too-large", "The request's body is too large."
    REQUEST_TIMEOUT = "request.timeout", "The request took too long to arrive."
    REQUEST_ABANDONED = "request.abandoned", "The caller went away."
    CONNECTION_FLOOD = "connection.flood", "Too much was asked of this connection besides requests."
    REQUEST_MISDIRECTED = "request.misdirected", "This connection is for another host."
    HOST_INVALID = "host.invalid", "The request needs exactly one valid Host."
    PATH_AMBIGUOUS = "path.ambiguous", "The path can be read in two ways; send it in its plain form."
    PATH_INVALID = "path.invalid", "The path is not valid."
    UPGRADE_UNSUPPORTED = "upgrade.unsupported", "This protocol upgrade is not available."
    CALL_UNSUPPORTED = "call.unsupported", "Calls of gRPC are not carried here."
    ROUTE_NOT_FOUND = "route.not-found", "There is nothing here."
    METHOD_NOT_ALLOWED = "method.not-allowed", "This method is not available here."

    # The certificate
    CERTIFICATE_MISSING = "certificate.missing", "A client certificate is required."
    CERTIFICATE_NAME_MISSING = "certificate.name-missing", "The client certificate lacks the name asked for."
    CERTIFICATE_NAME_AMBIGUOUS = (
        "certificate.name-ambiguous",
        "The client certificate has more than one name of the kind asked for.",
    )
    CERTIFICATE_UNREADABLE = "certificate.unreadable", "The proxy in front has sent a certificate that cannot be read."
    CERTIFICATE_NAME_NOT_ALLOWED = "certificate.name-not-allowed", "This client certificate is not accepted here."
    CERTIFICATE_EXPIRED = "certificate.expired", "The client certificate has expired."
    CERTIFICATE_NOT_YET_VALID = "certificate.not-yet-valid", "The client certificate is not valid yet."
    CERTIFICATE_UNSUITABLE = "certificate.unsuitable", "The client certificate is not made for this use."
    CERTIFICATE_REVOKED = "certificate.revoked", "The client certificate has been revoked."
    CERTIFICATE_REVOCATION_UNKNOWN = (
        "certificate.revocation-unknown",
        "It is not known whether the client certificate has been revoked.",
    )
    CERTIFICATE_UNTRUSTED = "certificate.untrusted", "The client certificate was issued by nobody we know."

    # The token
    TOKEN_MISSING = "token.missing", "A bearer token is required."
    TOKEN_MALFORMED = "token.malformed", "The token is malformed."
    TOKEN_TOO_LARGE = "token.too-large", "The token is too large."
    TOKEN_AMBIGUOUS = "token.ambiguous", "Send exactly one token, in one place."
    TOKEN_ALGORITHM_NOT_ALLOWED = "token.algorithm-not-allowed", "The token's algorithm is not accepted."
    TOKEN_TYPE_NOT_ALLOWED = "token.type-not-allowed", "This kind of token is not accepted."
    TOKEN_CRITICAL_UNKNOWN = "token.critical-unknown", "The token demands an unknown extension."
    TOKEN_ISSUER_UNKNOWN = "token.issuer-unknown", "The token's issuer is not accepted."
    TOKEN_KEY_UNKNOWN = "token.key-unknown", "The token is signed with an unknown key."
    TOKEN_SIGNATURE_INVALID = "token.signature-invalid", "The token's signature is invalid."
    TOKEN_EXPIRED = "token.expired", "The token has expired."
    TOKEN_NOT_YET_VALID = "token.not-yet-valid", "The token is not valid yet."
    TOKEN_CLAIM_MISSING = "token.claim-missing", "The token lacks a required claim."
    TOKEN_CLAIM_INVALID = "token.claim-invalid", "A claim of the token has the wrong type."
    TOKEN_AUDIENCE_MISMATCH = "token.audience-mismatch", "The token is meant for another audience."
    TOKEN_NOT_BOUND = "token.not-bound-to-certificate", "Use the client certificate that the token was issued to."
    TOKEN_NOT_BOUND_TO_KEY = "token.not-bound-to-key", "Show the token with a proof made by the key it was issued to."
    TOKEN_INACTIVE = "token.inactive", "The token is not, or no longer, valid."
    TOKEN_REPLAYED = "token.replayed", "This token was used before; it counts for one request."
    TOKEN_REVOKED = "token.revoked", "The token has been revoked."
    SUBJECT_REVOKED = "subject.revoked", "What you were given until now has been revoked; sign in again."
    REVOCATION_UNKNOWN = "revocation.unknown", "The request cannot be judged right now; try again later."
    TOKEN_UNDECIPHERABLE = "token.undecipherable", "The token cannot be decrypted."
    PROOF_MISSING = "proof.missing", "A proof of possession is required."
    PROOF_INVALID = "proof.invalid", "The proof of possession is not valid for this request."
    PROOF_REPLAYED = "proof.replayed", "This proof of possession was used before."
    PROOF_NONCE = "proof.nonce", "Use the nonce given in this answer."
    API_KEY_MISSING = "api-key.missing", "An API key is required."
    API_KEY_INVALID = "api-key.invalid", "The API key is not valid."
    PASSWORD_MISSING = "password.missing", "A user name and a password are required."
    PASSWORD_INVALID = "password.invalid", "The user name or the password is not valid."
    INTROSPECTION_UNAVAILABLE = (
        "introspection.unavailable",
        "The token cannot be verified right now; try again later.",
    )
    KEYS_UNAVAILABLE = "keys.unavailable", "The token cannot be verified right now; try again later."

    # The rights
    AUDIENCE_NOT_ALLOWED = "audience.not-allowed", "The token is meant for another audience."
    TENANT_MISSING = "tenant.missing", "The caller has no tenant."
    TENANT_MISMATCH = "tenant.mismatch", "The caller belongs to another tenant."
    ENVIRONMENT_MISSING = "environment.missing", "The caller has no environment."
    ENVIRONMENT_MISMATCH = "environment.mismatch", "The caller belongs to another environment."
    PERMISSION_MISSING = "permission.missing", "Insufficient permissions."
    PERMISSION_INVALID = "permission.invalid", "The caller's permissions cannot be read."
    SCOPE_MISSING = "scope.missing", "Insufficient scope."
    METHOD_NOT_PERMITTED = "method.not-permitted", "The caller may not use this method here."
    CLAIM_NOT_ALLOWED = "claim.not-allowed", "A claim of the token is not accepted here."
    SOURCE_NOT_ALLOWED = "source.not-allowed", "Callers from this address are not accepted here."
    TIME_NOT_ALLOWED = "time.not-allowed", "This is not allowed at this time."
    EXPRESSION_FALSE = "expression.false", "This is not allowed."
    EXPRESSION_FAILED = "expression.failed", "This is not allowed."
    SUBJECT_NOT_ALLOWED = "subject.not-allowed", "This caller is not accepted here."

    # The credential that the upstream wants
    CREDENTIAL_MISSING = "credential.missing", "The service cannot be reached right now."
    CREDENTIAL_UNAVAILABLE = "credential.unavailable", "The service cannot be reached right now; try again later."
    CREDENTIAL_UNUSABLE = "credential.unusable", "The service cannot be reached right now."
    TOKEN_NOT_EXCHANGED = "token.not-exchanged", "This token cannot be used for the service."
    CREDENTIAL_NOT_FOR_CALLER = "credential.not-for-caller", "The service cannot be reached for this caller."
    CREDENTIAL_REJECTED = "credential.rejected", "The service cannot be reached right now."
    INJECTION_UNSAFE = "injection.unsafe", "The caller's identity cannot be passed on safely."

    # The upstream
    UPSTREAM_UNREACHABLE = "upstream.unreachable", "The service cannot be reached."
    UPSTREAM_TIMEOUT = "upstream.timeout", "The service did not answer in time."
    UPSTREAM_INVALID = "upstream.invalid", "The service answered with something that is not valid HTTP."
    UPSTREAM_CLOSED = "upstream.closed", "The service broke off its answer."

    # The gateway itself
    ALLOWED = "allowed", "Allowed."
    OVERLOADED = "gateway.overloaded", "The gateway is busy; try again later."
    DECISION_UNREADABLE = "decision.unreadable", "The proxy in front has asked in a way that cannot be read."
    DECISION_CHANGED = "decision.changed", "This is allowed by now; try again."
    STOPPING = "gateway.stopping", "The gateway is stopping; try again."
    AUDIT_UNAVAILABLE = "audit.unavailable", "The service cannot be reached right now; try again later."
    RATE_EXCEEDED = "rate.exceeded", "You ask too often; wait as long as Retry-After says."
    SHARED_UNAVAILABLE = "shared.unavailable", "The request cannot be judged right now; try again later."
    SHARED_FORGOTTEN = "shared.forgotten", "What was shown was made too long ago; show something new."
    WORKER_MISSING = "worker.missing", "One of several processes does not answer."
    WORKER_BEHIND = "worker.behind", "One of several processes serves another configuration."
    INTERNAL = "gateway.internal", "The gateway failed."
