"""The policy that is asked natively and through every proxy."""

from __future__ import annotations

FILE = """
version: 1
listeners:
  native:
    bind: 127.0.0.1:{native}
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
{listeners}
issuers:
  bank: {{issuer: "{issuer}", jwks_file: file:jwks.json, audiences: [{audience}], algorithms: [ES256], claims: {{tenant: tid}}}}
  away: {{issuer: "https://away.example", jwks_url: "http://127.0.0.1:9/jwks", audiences: [{audience}], algorithms: [ES256]}}
vaults:
  folder: {{type: files, path: secrets}}
credentials:
  legacy: {{vault: folder}}
  hashes: {{vault: folder}}
  nowhere: {{vault: folder}}
  people: {{vault: folder}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: open
    match: {{path: /open/**}}
    authenticate: {{anonymous: {{subject: nobody}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: accounts
    match: {{path: /accounts/**, methods: [GET, HEAD]}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize:
      - scopes: {{all: [read]}}
    inject:
      - basic: {{credential: legacy}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
      - header: {{name: X-Roles, value: reader}}
    upstream: old
  - name: write
    match: {{path: /write, methods: [POST]}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: legacy}}]
    upstream: old
  - name: tenant
    match: {{path: /tenant/**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: [tenant: north]
    upstream: old
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: both
    match: {{path: /both}}
    authenticate:
      all:
        - mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}
        - jwt: {{issuers: [bank], bound: when-present}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: key
    match: {{path: /key}}
    authenticate: {{api_key: {{keys: [hashes], header: X-Api-Key}}}}
    authorize: anyone
    upstream: old
  - name: broken
    match: {{path: /broken}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: nowhere}}]
    upstream: old
  - name: away
    match: {{path: /away}}
    authenticate: {{jwt: {{issuers: [away]}}}}
    authorize: anyone
    upstream: old
  - name: either
    match: {{path: /either}}
    authenticate: {{any: [basic: {{users: [people]}}, jwt: {{issuers: [bank]}}]}}
    authorize: anyone
    upstream: old
  - name: near
    match: {{path: /near}}
    authenticate: {{anonymous: {{}}}}
    authorize: [source: [127.0.0.0/8]]
    upstream: old
  - name: far
    match: {{path: /far}}
    authenticate: {{anonymous: {{}}}}
    authorize: [source: [192.0.2.0/24]]
    upstream: old
  - name: hosted
    match: {{host: api.example.com, path: /hosted}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
"""
