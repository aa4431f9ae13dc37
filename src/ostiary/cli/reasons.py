"""What lies behind a reason, for the operator: the cause, and what to do. The caller never sees these."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

CAUSES: Final[dict[Reason, tuple[str, str]]] = {
    Reason.REQUEST_MALFORMED: (
        "The octets are not HTTP (RFC 9112).",
        "Look at what the client sends: `curl -v`; often it is plain http on the TLS port, or the reverse.",
    ),
    Reason.REQUEST_AMBIGUOUS: (
        "A field that stands once stands twice, or the framing can be read in two ways.",
        "Send each of Authorization, Host and Content-Length once; this is how requests are smuggled.",
    ),
    Reason.REQUEST_TARGET_TOO_LONG: (
        "Path and query together are longer than the listener's limit.",
        "Raise `limits.target` of the listener, if the client is right; what is long belongs into a body.",
    ),
    Reason.REQUEST_HEADERS_TOO_LARGE: (
        "The head is larger, or has more fields, than the listener's limits.",
        "Raise `limits.headers` or `limits.header_count` of the listener, if the client is right.",
    ),
    Reason.REQUEST_BODY_TOO_LARGE: (
        "The body is larger than the listener's limit.",
        "Raise `limits.body` of the listener, if the client is right.",
    ),
    Reason.REQUEST_TIMEOUT: (
        "The client was slower than the listener's `timeouts`.",
        "Raise `timeouts.headers` or `timeouts.body` of the listener, if the client is right.",
    ),
    Reason.REQUEST_ABANDONED: (
        "The client closed the connection before its answer.",
        "Nothing; if it happens often, compare the client's timeout with the upstream's.",
    ),
    Reason.CONNECTION_FLOOD: (
        "An HTTP/2 connection sent more control frames, or gave up more of its streams, than honest callers do.",
        "Nothing, if it is an attack: the connection has ended. A client that cancels very many requests should wait.",
    ),
    Reason.REQUEST_MISDIRECTED: (
        "The Host of the request is not the name that TLS was made for (RFC 9110, section 15.5.20).",
        "The client should open a connection for each host; some reuse them across names of one certificate.",
    ),
    Reason.HOST_INVALID: (
        "There is no Host, more than one, or it is no name.",
        "Send one Host (RFC 9112, section 3.2).",
    ),
    Reason.PATH_AMBIGUOUS: (
        "The path has dot segments, encoded slashes or backslashes, or empty segments, which servers read differently.",
        "Send the path in its plain form; if a client cannot, it must not be let through by guessing.",
    ),
    Reason.PATH_INVALID: (
        "The path is not a valid one: control characters, broken percent-encoding, or not UTF-8.",
        "Correct the client.",
    ),
    Reason.UPGRADE_UNSUPPORTED: (
        "The client asked for another protocol.",
        "Name the protocol under `upgrades` of the route; HTTP/2 is chosen in the TLS handshake.",
    ),
    Reason.ROUTE_NOT_FOUND: (
        "No route has this host and path.",
        "Compare `match` of the routes with host and path in the log; a host without `*.` matches only itself.",
    ),
    Reason.METHOD_NOT_ALLOWED: (
        "A route has this host and path, and none this method.",
        "Add the method to `match.methods`, or take the list out.",
    ),
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
    Reason.ALLOWED: ("The request was forwarded.", "Nothing."),
    Reason.OVERLOADED: (
        "There is no room: too many connections, or too many requests wait for the upstream.",
        "Raise `limits.connections` of the listener or `connections` of the upstream, or add a gateway.",
    ),
    Reason.DECISION_UNREADABLE: (
        "A proxy asks a decision listener in another way than the listener's dialect; nothing was decided.",
        "Let `ostiary recipe` write the proxy's configuration; the log names the field that is missing or there twice.",
    ),
    Reason.DECISION_CHANGED: (
        "A proxy asked why a request was refused, and by then it was allowed: a token was renewed, or a key was found.",
        "Nothing; the client should try again.",
    ),
    Reason.STOPPING: ("The gateway is stopping.", "Nothing; the client should try again."),
    Reason.AUDIT_UNAVAILABLE: (
        "The audit log cannot be written, and `on_failure: deny` lets nobody through unseen.",
        "Make room on its disk, or give the gateway's user the right to write it. It goes on by itself then.",
    ),
    Reason.WORKER_MISSING: (
        "A worker has died and is being started anew, or is stuck. Of readiness, never of a request.",
        "Nothing, if it passes; the log says how it died. If it stays, restart, and look at what the log said before.",
    ),
    Reason.WORKER_BEHIND: (
        "A worker could not take up the configuration that the others have, or has not yet. Never of a request.",
        "Nothing, if it passes within seconds; else the worker's lines in the log say what it could not use.",
    ),
    Reason.INTERNAL: ("A bug of ours.", "The log has the traceback, under the caller's request id. Please report it."),
}
