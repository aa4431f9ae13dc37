"""Cx7x: what only keys can get wrong."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

KEYS: Final = (
    Code(
        "C205",
        "unknown key",
        "A name of a key that the section `keys` does not have.",
        "publication: {keys: [identiy]}",
        "publication: {keys: [identity]}",
    ),
    Code(
        "C370",
        "a key that signs before others know it",
        "Whoever verifies our tokens remembers the key set for `publication.max_age`. A new version must be published "
        "for longer than that before it signs, or what it signs is refused for a while.",
        "publication: {max_age: 1h}\nkeys:\n  identity: {publish_before: 10m}",
        "publication: {max_age: 5m}\nkeys:\n  identity: {publish_before: 10m}",
    ),
    Code(
        "C371",
        "a vault that keeps no such keys",
        "The kind of key and the kind of vault do not go together: `local` keys are in a local vault, `transit` keys "
        "in one of type hashicorp, `azure` keys in one of type azure.",
        "keys:\n  identity: {type: local, vault: corporate}",
        "keys:\n  identity: {type: local, vault: local}",
    ),
    Code(
        "C372",
        "an issuer that others cannot ask",
        "`publication.issuer` is where others begin to look for our keys (OpenID Connect Discovery 1.0, section 4): an "
        "https URL without a query.",
        "issuer: https://gateway.example.com/?tenant=a",
        "issuer: https://gateway.example.com",
    ),
    Code(
        "C373",
        "a route in the place of our key set",
        "With `publication.listeners: all` the gateway answers for this path itself.",
        "match: {path: /.well-known/jwks.json}",
        "match: {path: /keys/jwks.json}",
    ),
    Code(
        "C374",
        "two client certificates",
        "The other end is shown one certificate: from files, that of a key (`identity`), or one that a vault issues "
        "(`credential`). That goes for upstreams and for a client of OAuth that proves itself by its certificate.",
        "tls: {client: {...}, identity: partner}",
        "tls: {identity: partner}",
    ),
    Code(
        "C375",
        "a key that cannot be shown in TLS",
        "In a handshake only keys of type local are shown: those in an HSM or on a server sign tokens.",
        "tls: {identity: hsm-key}",
        "tls: {identity: local-key}",
    ),
    Code(
        "C376",
        "an algorithm that the service does not have",
        "Whoever keeps the key cannot do that: AWS KMS and Azure Key Vault have no EdDSA, only keys in a local vault "
        "open tokens that were encrypted to an elliptic curve (ECDH-ES), and Transit has RSA-OAEP-256 alone.",
        "keys:\n  identity: {type: aws, algorithm: EdDSA, ...}",
        "keys:\n  identity: {type: aws, algorithm: ES256, ...}",
    ),
    Code(
        "C377",
        "an assertion that nobody signs, or two do",
        "An assertion is signed with a private key that is a credential, or with a key of ours, which does not say as "
        "whom: then `client_id` does.",
        "private_key_jwt: {key: identity}",
        "private_key_jwt: {key: identity, client_id: gateway}",
    ),
    Code(
        "C378",
        "a key that does not sign",
        "Its `algorithm` says that it opens encrypted tokens. What signs is another ring, for the same key perhaps.",
        "keys:\n  inbox: {algorithm: RSA-OAEP-256, ...}\nroutes:\n  - inject: [identity: {key: inbox, ...}]",
        "keys:\n  inbox: {algorithm: RSA-OAEP-256, ...}\n  identity: {algorithm: PS256, ...}\n"
        "routes:\n  - inject: [identity: {key: identity, ...}]",
    ),
)
