"""Tokens, proofs, keys and passwords."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

TOKEN: Final[dict[Reason, tuple[str, str]]] = {
    Reason.TOKEN_MISSING: ("There is no bearer token.", "Send `Authorization: Bearer ...` (RFC 6750)."),
    Reason.TOKEN_MALFORMED: (
        "The token is not a signed JWT in compact form (RFC 7515, section 7.1).",
        "Look whether the client sends an opaque or an encrypted token, or a quoted one.",
    ),
    Reason.TOKEN_TOO_LARGE: (
        "The token is larger than the issuer's `max_token`.",
        "Raise it, if the issuer is right.",
    ),
    Reason.TOKEN_AMBIGUOUS: (
        "There is more than one token, or it stands in more than one place.",
        "Send one `Authorization` field.",
    ),
    Reason.TOKEN_ALGORITHM_NOT_ALLOWED: (
        "The token is signed with an algorithm that is not in the issuer's `algorithms`, or not the key's.",
        "Add it to the issuer's `algorithms`, if it is an asymmetric one; `none` and HS* are never accepted.",
    ),
    Reason.TOKEN_TYPE_NOT_ALLOWED: (
        "The `typ` of the token is not in the issuer's `types`.",
        "Send an access token, not an ID token; or add the type.",
    ),
    Reason.TOKEN_CRITICAL_UNKNOWN: (
        "The token's `crit` names an extension that is not understood (RFC 7515, section 4.1.11).",
        "The issuer must leave it out.",
    ),
    Reason.TOKEN_ISSUER_UNKNOWN: (
        "The `iss` is none of the route's issuers, to the letter.",
        "Compare it with `issuers.*.issuer`: a slash at the end makes a difference.",
    ),
    Reason.TOKEN_KEY_UNKNOWN: (
        "The key id is not in the issuer's key set, also after it was fetched anew.",
        "Look whether the key set is the right one; a new key may take the time of `keys.cooldown`.",
    ),
    Reason.TOKEN_SIGNATURE_INVALID: (
        "The signature does not fit: the token was changed, or another key has made it.",
        "Compare the issuer's key set with the one that signs.",
    ),
    Reason.TOKEN_EXPIRED: (
        "`exp` has passed, `leeway` included.",
        "The client should fetch a new token in time; and check the clock of this machine.",
    ),
    Reason.TOKEN_NOT_YET_VALID: ("`nbf` or `iat` lies ahead, `leeway` included.", "Check the clocks of both machines."),
    Reason.TOKEN_CLAIM_MISSING: (
        "A claim that is needed is not in the token.",
        "Look at `issuers.*.claims`: the issuer may call it otherwise.",
    ),
    Reason.TOKEN_CLAIM_INVALID: ("A claim has another type than it should.", "The issuer must mend it."),
    Reason.TOKEN_AUDIENCE_MISMATCH: (
        "No `aud` of the token is in the issuer's `audiences`.",
        "The client should ask for a token for this service; or add the audience.",
    ),
    Reason.TOKEN_NOT_BOUND: (
        "The token is bound to another client certificate (RFC 8705), or to none where one is demanded.",
        "Use the certificate that the token was asked for with. It may also be stolen.",
    ),
    Reason.TOKEN_NOT_BOUND_TO_KEY: (
        "The token is of a key (`cnf.jkt`, RFC 9449) and came without proof, or is of none and the route demands one.",
        "Send `Authorization: DPoP` with a `DPoP` proof; `dpop: when-present` accepts plain tokens, too.",
    ),
    Reason.TOKEN_INACTIVE: (
        "Its issuer, asked about it (RFC 7662), said that it does not count: it ended, was revoked, or is no token.",
        "Get a new one. A revoked token counts until `introspection.cache` has passed.",
    ),
    Reason.TOKEN_REPLAYED: (
        "`once` is set, and a token with this `jti` was used already, here or at another gateway.",
        "Get a token for each request; if the caller does, somebody repeats its requests.",
    ),
    Reason.TOKEN_REVOKED: (
        "`ostiary revoke token` has revoked it; the log has the entry's id.",
        "Get a new one. `ostiary revoke list` says what is revoked, `ostiary revoke undo ID` takes it back.",
    ),
    Reason.SUBJECT_REVOKED: (
        "`ostiary revoke subject` has revoked everything that this caller was given before a moment.",
        "Get a new token; evidence that does not say when it was issued stays revoked until `ostiary revoke undo`.",
    ),
    Reason.REVOCATION_UNKNOWN: (
        "The list of revocations in Redis could not be looked at for `shared.revocation.max_stale`, or never yet.",
        "Look at Redis (`shared.redis`); the log says what it said.",
    ),
    Reason.TOKEN_UNDECIPHERABLE: (
        "The token is encrypted (RFC 7516), and no key of `decryption_keys` opens it, or its algorithms are not ours.",
        "Publish the public half of `decryption_keys` to the issuer; RSA-OAEP-256 or ECDH-ES, with A256GCM.",
    ),
    Reason.PROOF_MISSING: (
        "The route demands proof of possession (RFC 9449) and the request has no single `DPoP` field.",
        "Send one `DPoP` proof beside `Authorization: DPoP`.",
    ),
    Reason.PROOF_INVALID: (
        "The proof is malformed, out of date, of another key, method, URL or token, or its algorithm is not accepted.",
        "Compare `htm`, `htu`, `iat`, `ath` of the proof with the request, and the caller's clock with ours.",
    ),
    Reason.PROOF_REPLAYED: (
        "A proof with this `jti` was seen a moment ago.",
        "Make a new proof for each request; if the caller does, somebody repeats its requests.",
    ),
    Reason.PROOF_NONCE: (
        "The proof has no nonce of ours, or an old one (RFC 9449, section 9).",
        "Nothing: clients take the nonce from `DPoP-Nonce` of this answer, and repeat the request.",
    ),
    Reason.API_KEY_MISSING: (
        "The route takes an API key, and the request has none where it is looked for.",
        "Send it in the header that `api_key.header` names.",
    ),
    Reason.API_KEY_INVALID: (
        "There is a key, and it is none of those whose hashes are kept.",
        "`ostiary token key` makes one with its hash; two hashes in one record are both valid, for a rotation.",
    ),
    Reason.PASSWORD_MISSING: (
        "The route takes user name and password, and the request has none.",
        "Send `Authorization: Basic` (RFC 7617).",
    ),
    Reason.PASSWORD_INVALID: (
        "The user is unknown, or the password another one; which of the two is not told, in time either.",
        "`ostiary token password` makes the hash that the user's record needs.",
    ),
    Reason.INTROSPECTION_UNAVAILABLE: (
        "The introspection endpoint did not answer as RFC 7662 says, so nobody knows whether the token counts.",
        "Look at the endpoint and at the gateway's own credentials there; the log has what it said.",
    ),
    Reason.KEYS_UNAVAILABLE: (
        "The issuer's key set cannot be fetched, and there is none, or only one older than `keys.max_stale`.",
        "Look whether this machine reaches the issuer; the log names the last error.",
    ),
}
