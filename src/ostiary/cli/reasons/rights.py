"""What the caller may."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

RIGHTS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.AUDIENCE_NOT_ALLOWED: (
        "The condition `audience` of the route does not hold.",
        "Ask for a token with that audience, or change the condition.",
    ),
    Reason.TENANT_MISSING: ("The token names no tenant.", "Look at `claims.tenant` of the issuer."),
    Reason.TENANT_MISMATCH: (
        "The caller is of another tenant.",
        "Add the tenant to the condition, or show a token of the right one; nothing, if it should stay out.",
    ),
    Reason.ENVIRONMENT_MISSING: ("The token names no environment.", "Look at `claims.environment` of the issuer."),
    Reason.ENVIRONMENT_MISMATCH: (
        "The caller is of another environment.",
        "Add the environment to the condition, or show a token of the right one; nothing, if it should stay out.",
    ),
    Reason.PERMISSION_MISSING: (
        "The caller lacks a permission that the route asks for.",
        "Give it at the issuer; the log has what was asked for.",
    ),
    Reason.PERMISSION_INVALID: (
        "The token's permissions are not {service: [permission, ...]}.",
        "Look at `claims.permissions` of the issuer.",
    ),
    Reason.SCOPE_MISSING: ("The token lacks a scope that the route asks for.", "The client should ask for the scope."),
    Reason.METHOD_NOT_PERMITTED: (
        "The condition `methods` names permissions by method, and not this one.",
        "Add the method to the condition, or take it out of `match.methods`.",
    ),
    Reason.CLAIM_NOT_ALLOWED: (
        "A claim is absent, is not text or a list of texts, or has none of the values that the condition names.",
        "Compare the condition with the token: `ostiary token show`.",
    ),
    Reason.SOURCE_NOT_ALLOWED: (
        "The connection comes from an address outside of `source`.",
        "Compare with the address in the log; behind a proxy it is the proxy's, unless `forwarded` says otherwise.",
    ),
    Reason.TIME_NOT_ALLOWED: (
        "The condition `time` does not hold now.",
        "Compare `days`, `begin`, `end` and `zone` with the time in the log, which is UTC.",
    ),
    Reason.EXPRESSION_FALSE: (
        "The expression of the route is false for this request.",
        "Look at the expression; `has(...)` asks whether something is there before it is used.",
    ),
    Reason.EXPRESSION_FAILED: (
        "The expression could not be computed: something it names is not there or of another type; or it is no truth.",
        "Ask with `has(...)` first, and compare like with like; the log has what was wrong.",
    ),
    Reason.SUBJECT_NOT_ALLOWED: ("The condition `subject` of the route does not hold.", "Add the subject, or do not."),
}
