"""C15x and C35x: what the upstream is to be shown, and cannot be."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

INJECTORS: Final = (
    Code(
        "C150",
        "not the name of a cookie",
        "A cookie's name is a token (RFC 6265). `%` and a `$` in front mean something to some servers.",
        "- cookie: {name: my session, credential: reports}",
        "- cookie: {name: my_session, credential: reports}",
    ),
    Code(
        "C350",
        "where does the token come from",
        "A token is asked for at one endpoint: `token_url` says where it is, or `issuer`, whose metadata says so.",
        "- oauth2: {client: {basic: {credential: crm}}}",
        "- oauth2: {token_url: https://id.example.com/token, client: {basic: {credential: crm}}}",
    ),
    Code(
        "C351",
        "a parameter that has a key of its own",
        "What proves the gateway, and what the token is for, is written by keys of their own, never by `parameters`: "
        "secrets would stand in the file, or two words would say different things.",
        "parameters: {scope: read}",
        "scopes: [read]",
    ),
    Code(
        "C352",
        "bound to no certificate",
        "A token is bound to the certificate that the gateway shows where it asks for it (RFC 8705): "
        "`client: {certificate: ...}`. The upstream is shown the same: `tls: {client: ...}` with the same files.",
        "- oauth2: {..., bound: true, client: {basic: {credential: crm}}}",
        "- oauth2: {..., bound: true, client: {certificate: {client_id: gateway, certificate: ..., private_key: ...}}}",
    ),
    Code(
        "C353",
        "a path that could lead to another caller's credential",
        "What is filled into the path of a credential was verified ({principal.tenant}, {principal.subject}, "
        "{principal.claims.NAME}, ...), and each segment has one place: `{a}{b}` would be the same for two callers.",
        'crm: {vault: local, path: "{principal.tenant}{principal.subject}"}',
        'crm: {vault: local, path: "{principal.tenant}/{principal.subject}"}',
    ),
    Code(
        "C354",
        "whose credential",
        "A credential with places in its path is another one for each caller, so only an injector can use it: "
        "elsewhere there is no caller, or none who is proven yet.",
        'credentials:\n  robots: {vault: local, path: "{principal.tenant}"}\n...\n- api_key: {keys: [robots]}',
        "credentials:\n  robots: {vault: local}\n...\n- api_key: {keys: [robots]}",
    ),
    Code(
        "C355",
        "a signature that would not hold",
        "`sigv4` signs the request as it is sent, so nothing is written after it, and the Host must be known: the "
        "caller's, or that of the only endpoint. S3 accepts an unsigned body over TLS only. Key and session token are "
        "fields of one record, or their versions say nothing of each other.",
        "inject:\n  - sigv4: {...}\n  - query: {name: tenant, value: a}",
        "inject:\n  - query: {name: tenant, value: a}\n  - sigv4: {...}",
    ),
    Code(
        "C356",
        "a token that outlives its key",
        "After a rotation the old key is published for as long as `keep` says. A token that lives longer could not "
        "be verified any more.",
        "keys:\n  ours: {type: local, vault: local, keep: 1m}\n...\n- identity: {key: ours, lifetime: 5m, ...}",
        "keys:\n  ours: {type: local, vault: local, keep: 10m}\n...\n- identity: {key: ours, lifetime: 5m, ...}",
    ),
    Code(
        "C357",
        "what a token about a caller cannot say",
        "Who issued it, for whom, and for how long is written by the gateway. It cannot be taken back, so it lives for "
        "an hour at most.",
        '- identity: {..., claims: {sub: "{principal.subject}", exp: "2000000000"}}',
        '- identity: {..., claims: {sub: "{principal.subject}"}, lifetime: 5m}',
    ),
    Code(
        "C358",
        "a plug-in that is not installed",
        "`custom` names an entry point of the group `ostiary.injectors`. It has to be installed beside the gateway.",
        "- custom: {name: stmap}",
        "- custom: {name: stamp}",
    ),
)
