"""What the upstream is shown, and what it does."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

UPSTREAM: Final[dict[Reason, tuple[str, str]]] = {
    Reason.CREDENTIAL_MISSING: (
        "The vault has no such record, version or field.",
        "`ostiary vault list` names the records of a local vault; compare `path`, `id`, `secret` and `version`.",
    ),
    Reason.CREDENTIAL_UNAVAILABLE: (
        "The vault cannot be reached or lets nobody in, and no copy may be used any more.",
        "Look at the vault: is it sealed, has the login expired? The log names the last error.",
    ),
    Reason.CREDENTIAL_UNUSABLE: (
        "The credential cannot be written where it belongs: a colon in a user name, a line break in a header.",
        "Store a usable one.",
    ),
    Reason.TOKEN_NOT_EXCHANGED: (
        "The caller was proven without a token, or the issuer does not exchange this one.",
        "Let the route authenticate by a token. At the issuer, see whether the client may exchange such tokens.",
    ),
    Reason.CREDENTIAL_NOT_FOR_CALLER: (
        "The credential is another one for each caller, and what tells them apart is missing or is no name.",
        "The log names the place in its path; look at that claim in the token: letters, digits, `.`, `_` and `-`.",
    ),
    Reason.CREDENTIAL_REJECTED: (
        "The upstream answered 401 to the gateway's credential, and the vault has no other one.",
        "Compare what the upstream expects with the newest version in the vault, which the log names.",
    ),
    Reason.INJECTION_UNSAFE: (
        "What is to be written about the caller is missing, is not a single value, or has a control character.",
        "Look at the claim in the token; `value` of the injector says which.",
    ),
    Reason.UPSTREAM_UNREACHABLE: (
        "No connection to any endpoint, or it broke before the answer.",
        "Look whether this machine reaches the endpoint, and whether its certificate is one of `tls.trusted`.",
    ),
    Reason.UPSTREAM_TIMEOUT: (
        "The upstream was slower than its `timeouts`.",
        "Raise `timeouts.response`, if it may be.",
    ),
    Reason.UPSTREAM_INVALID: (
        "The upstream's answer is not valid, unambiguous HTTP.",
        "Ask the endpoint directly with `curl -v`; such answers are how responses are smuggled.",
    ),
    Reason.UPSTREAM_CLOSED: ("The upstream broke off in the middle of its answer.", "Look at the upstream's log."),
}
