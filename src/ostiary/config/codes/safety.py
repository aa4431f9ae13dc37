"""C4xx: what is allowed, and should be looked at. Warnings; `--warn-as-error` makes them stop."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

SAFETY: Final = (
    Code(
        "C401",
        "a credential for anyone",
        "The route uses a credential for callers that proved nothing: whoever reaches the gateway acts with it.",
        "authenticate: {anonymous: {}}\nauthorize: anyone\ninject: [{basic: {credential: a}}]",
        "authenticate: {jwt: {issuers: [bank]}}\nauthorize: anyone\ninject: [{basic: {credential: a}}]",
    ),
    Code(
        "C402",
        "a credential over plain http",
        "The upstream receives a credential over plain http, so whoever is on the way can take it.",
        "endpoints: [http://10.0.0.5:9000]",
        "endpoints: [https://10.0.0.5:9000]",
    ),
    Code(
        "C403",
        "lenient certificates",
        "`compat` accepts X.509 v1 certificates, which cannot say that they are not authorities. Meant "
        "for old clients.",
        "profile: compat",
        "profile: strict",
    ),
    Code(
        "C406",
        "a pinned credential",
        "A pinned version does not follow a rotation: when the old secret is taken away, the route fails.",
        "reports: {vault: local, version: 3}",
        "reports: {vault: local}",
    ),
    Code(
        "C407",
        "a secret file that others can read",
        "Everybody on the machine, or everybody of the file's group, can read the private key or secret.",
        "-rw-r--r-- server.key",
        "-rw------- server.key",
    ),
    Code(
        "C408",
        "a certificate about to expire",
        "The server's certificate expires in less than 30 days.",
        "not after: next week",
        "not after: next year",
    ),
    Code(
        "C409",
        "lenient revocation",
        "With `soft` a revoked certificate is accepted while the list that names it is missing or old.",
        "revocation: {crls: [...], mode: soft}",
        "revocation: {crls: [...], mode: hard}",
    ),
    Code(
        "C411",
        "an issuer that may not be what is meant",
        "The provider's tokens do not look as the file says, or not all of them can be verified.",
        "issuer: https://login.microsoftonline.com/DIRECTORY/discovery/v2.0/",
        "tenant: DIRECTORY",
    ),
    Code(
        "C412",
        "tokens for others",
        "`aud` is not looked at, so a token that a caller gave to any other service of this issuer opens this one, "
        "too: whoever runs that service can come in its callers' names.",
        "audience_unchecked: true",
        "audiences: [accounts]",
    ),
)
