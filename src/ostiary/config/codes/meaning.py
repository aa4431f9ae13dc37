"""C3xx: what the file means."""

from __future__ import annotations

from typing import Final

from ostiary.config.codes.code import Code

MEANING: Final = (
    Code(
        "C301",
        "client certificates from nobody",
        "The listener asks for client certificates and does not say who may issue them. The system's authorities are "
        "never used for that: everybody can get a certificate from one of them.",
        "client: {mode: required}",
        "client: {mode: required, authorities: [file:certs/ca.pem]}",
    ),
    Code(
        "C302",
        "authorities that are never used",
        "Authorities or revocation lists are given, but `mode` is off (the default), so no certificate "
        "is ever asked for.",
        "client: {authorities: [file:certs/ca.pem]}",
        "client: {mode: optional, authorities: [file:certs/ca.pem]}",
    ),
    Code(
        "C303",
        "not exactly one server identity",
        "A server has a `certificate` with its `private_key`, or a `pkcs12` file with both.",
        "tls: {certificate: file:certs/server.pem}",
        "tls: {certificate: file:certs/server.pem, private_key: file:certs/server.key}",
    ),
    Code(
        "C304",
        "tokens in the clear",
        "The listener can be reached from other machines and has no TLS, so whoever is on the way can "
        "take the callers' "
        "tokens. Behind something that ends TLS on the same machine, bind to loopback.",
        "public: {bind: 0.0.0.0:8080}",
        "public: {bind: 127.0.0.1:8080}",
    ),
    Code(
        "C305",
        "a value or a credential",
        "What is written is a text or a credential's secret: one of the two, not both, not none.",
        "header: {name: X-Key}",
        "header: {name: X-Key, credential: reports}",
    ),
    Code(
        "C306",
        "whom do certificates stand for",
        "`mtls` says which names are accepted: a list in `allow`, or `identities`, which say more of each kind. One of "
        "the two; without either nobody, or everybody, would be meant.",
        "mtls: {subject: cn}",
        'mtls: {subject: cn, allow: ["John Doe"]}',
    ),
    Code(
        "C307",
        "a serial number of whatever authority",
        "Serial numbers are counted by each authority for itself, so that two clients can have the same.",
        'mtls: {subject: serial, allow: ["4f1a"]}',
        'mtls: {subject: serial, allow: ["4f1a"], issuer: "CN=Bank CA,O=Bank"}',
    ),
    Code(
        "C308",
        "not a name of certificates",
        "The conditions of an identity are names of the certificate: cn, o, ou, dn, serial, san.uri, san.dns, "
        "san.email, san.upn, spiffe, fingerprint, spki; and issuer.",
        "match: {organisation: Bank}",
        "match: {o: Bank}",
    ),
    Code(
        "C309",
        "a header that nobody is believed to write",
        "Whoever can reach the listener can write a header. A certificate in one counts only from a proxy that is "
        "known by its address, by its own certificate, or both; and only if it is verified here as well.",
        "forwarded: {dialect: nginx, client: {mode: optional, authorities: [file:certs/ca.pem]}}",
        "forwarded:\n  dialect: nginx\n  networks: [10.0.0.5]\n  client: {mode: optional, authorities: [file:a.pem]}",
    ),
    Code(
        "C310",
        "nobody says who is revoked",
        "`revocation` needs a source: files with lists (`crls`), places where lists are published (`urls`), or a "
        "responder that is asked (`ocsp`).",
        "revocation: {mode: hard}",
        "revocation: {crls: [file:certs/ca.crl], mode: hard}",
    ),
    Code(
        "C395",
        "who is asked is not said",
        "Whoever issues certificates writes into them where a responder is. The gateway goes only where its own file "
        "allows: to the one `url`, or to those of `hosts`. Otherwise an authority below, or a partner's, could send "
        "its questions anywhere in this network.",
        "revocation: {ocsp: {}}",
        "revocation: {ocsp: {hosts: [ocsp.example.com]}}",
    ),
    Code(
        "C311",
        "two routes for one request",
        "Two routes have the same host and path, and share a method. The order of the file decides nothing, so it "
        "would be luck which policy holds.",
        "match: {path: /reports/**}\nmatch: {path: /reports/**, methods: [GET]}",
        "match: {path: /reports/**, methods: [POST]}\nmatch: {path: /reports/**, methods: [GET]}",
    ),
    Code(
        "C312",
        "two judges of one evidence",
        "Each kind of evidence has one authenticator per route; two could disagree, and then a bad "
        "token might be let in "
        "by the second.",
        "any:\n  - jwt: {issuers: [bank]}\n  - jwt: {issuers: [partner]}",
        "jwt: {issuers: [bank, partner]}",
    ),
    Code(
        "C313",
        "two writers of one header",
        "Two injectors write the same header or parameter; `X-Key`, `x_key` and `x.key` count as one.",
        "- basic: {credential: a}\n- bearer: {credential: b}",
        "- basic: {credential: a}",
    ),
    Code(
        "C314",
        "anonymous as one of all",
        "`all` wants every authenticator to prove somebody, and `anonymous` proves nobody.",
        "all:\n  - jwt: {issuers: [bank]}\n  - anonymous: {}",
        "any:\n  - jwt: {issuers: [bank]}\n  - anonymous: {}",
    ),
    Code(
        "C315",
        "pattern of names",
        "In a pattern `*` stands for a whole part of a name, and `**` for the rest of a URI or, alone, for every name.",
        'allow: ["spiffe://example.com/bank-*"]',
        'allow: ["spiffe://example.com/bank/*"]',
    ),
    Code(
        "C316",
        "text that cannot be filled in",
        "A name in braces is not known, a brace lacks its other half, or the text has characters that no header takes.",
        'value: "{principal.sub}"',
        'value: "{principal.subject}"',
    ),
    Code(
        "C317",
        "a certificate that nobody asks for",
        "The route needs a client certificate, and no listener asks for one: nobody could ever get in.",
        "client: {mode: off}",
        "client: {mode: optional, authorities: [file:certs/ca.pem]}",
    ),
    Code(
        "C318",
        "http where keys or secrets travel",
        "Key sets and vaults are fetched over https; whoever can change a key set can sign any token. "
        "On loopback http "
        "is accepted.",
        "issuer: http://id.example.com",
        "issuer: https://id.example.com",
    ),
    Code(
        "C319",
        "address taken twice",
        "Two listeners want the same address and port.",
        "a: {bind: 127.0.0.1:8443}\nb: {bind: 127.0.0.1:8443}",
        "a: {bind: 127.0.0.1:8443}\nb: {bind: 127.0.0.1:8444}",
    ),
    Code(
        "C321",
        "issuers that look alike",
        "Two issuers of one authenticator write the same `iss`, so a token cannot say whose it is; unless both name "
        "a `tenant` or an `environment`, and not the same one.",
        "jwt: {issuers: [production, staging]}     # both write iss: login",
        "production: {issuer: login, environment: live, ...}\nstaging: {issuer: login, environment: test, ...}",
    ),
    Code(
        "C323",
        "a condition that nobody can meet",
        "The condition is read from a token, and the route takes none: everybody would be refused.",
        "authenticate: {mtls: {...}}\nauthorize: [{scopes: {any: [read]}}]",
        "authenticate: {jwt: {...}}\nauthorize: [{scopes: {any: [read]}}]",
    ),
    Code(
        "C325",
        "an authenticator that is never asked",
        "`anonymous` takes every caller, so whatever follows it in `any` is never asked.",
        "any:\n  - anonymous: {}\n  - jwt: {issuers: [bank]}",
        "any:\n  - jwt: {issuers: [bank]}\n  - anonymous: {}",
    ),
    Code(
        "C326",
        "path in a vault",
        "The path of a record has an empty, . or .. segment, a % or a control character, which servers "
        "read differently; "
        "or the namespace is not visible ASCII.",
        "path: legacy//accounts",
        "path: legacy/accounts",
    ),
    Code(
        "C327",
        "not a distinguished name",
        "The issuer of a certificate is written as RFC 4514 has it, most specific part first.",
        "issuer: Bank CA",
        "issuer: CN=Bank CA,O=Bank,C=GB",
    ),
    Code(
        "C328",
        "written twice in a list",
        "The same name stands twice in one list: mostly one of the two should be another.",
        "issuers: [bank, bank]",
        "issuers: [bank, partner]",
    ),
    Code(
        "C331",
        "what a preset needs, or has no use for",
        "A preset fills in what its provider has in common with nobody. Some need a key for that; keys of another "
        "preset mean nothing beside it.",
        "login: {preset: firebase, auth_endpoint: https://id.example.com}",
        "login: {preset: firebase, project: my-project}",
    ),
    Code(
        "C332",
        "an issuer as its provider never writes it",
        "`iss` is compared to the letter, and this provider never writes it so: no token would ever be accepted, or "
        "those of others would be.",
        "login: {preset: auth0, issuer: https://bank.eu.auth0.com, ...}",
        "login: {preset: auth0, issuer: https://bank.eu.auth0.com/, ...}",
    ),
    Code(
        "C333",
        "keys from several places",
        "The keys of an issuer come from one place: `jwks_url`, `jwks_file` or `certificates_url`.",
        "jwks_url: https://id.example.com/keys\njwks_file: file:keys.json",
        "jwks_url: https://id.example.com/keys",
    ),
    Code(
        "C334",
        "two in one header",
        "A request has one Authorization header with one thing in it, so `all` of two that stand there cannot be met.",
        "all:\n  - jwt: {issuers: [bank]}\n  - api_key: {keys: [robot]}",
        "all:\n  - jwt: {issuers: [bank]}\n  - api_key: {keys: [robot], header: X-API-Key}",
    ),
    Code(
        "C341",
        "an admin listener for everybody",
        "What it shows (routes, callers, keys, versions) is of use to whoever looks for a way in. On an address that "
        "other machines can reach, readers show a token or a client certificate.",
        "admin: {bind: 0.0.0.0:9444, tls: {...}}",
        "admin: {bind: 0.0.0.0:9444, tls: {...}, token: env:OSTIARY_ADMIN_TOKEN}",
    ),
    Code(
        "C342",
        "HTTP/2 in clear",
        "HTTP/2 is chosen in the TLS handshake, so a listener without TLS speaks HTTP/1.1 only.",
        "public: {bind: 127.0.0.1:8080, protocols: [h2]}",
        "public: {bind: 127.0.0.1:8080}",
    ),
    Code(
        "C343",
        "a unix socket that is none",
        "Permissions of a file, and processes that the kernel tells of, are there on unix sockets only.",
        "bind: 127.0.0.1:8080\nforwarded: {dialect: nginx, local: {users: [www-data]}, ...}",
        "bind: unix:/run/ostiary/front.sock\nforwarded: {dialect: nginx, local: {users: [www-data]}, ...}",
    ),
    Code(
        "C379",
        "over a protocol that has no such thing",
        "HTTP/2 has no change of protocols, so a route whose upstream says `protocol: h2` has no `upgrades`. `silence` "
        "and `ping` are about HTTP/2, and say nothing of an upstream that is spoken to in HTTP/1.1.",
        "calls: {endpoints: [http://127.0.0.1:9000], timeouts: {silence: 10m}}",
        "calls: {endpoints: [http://127.0.0.1:9000], protocol: h2, timeouts: {silence: 10m}}",
    ),
)
