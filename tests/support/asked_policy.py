"""A policy of three routes that every kind of decision listener is asked about in unit tests."""

from __future__ import annotations

POLICY = """
version: 1
listeners:
  edge: {listener}
vaults: {{folder: {{type: files, path: .}}}}
credentials: {{legacy: {{vault: folder}}}}
upstreams: {{old: {{endpoints: ["http://127.0.0.1:9"]}}}}
routes:
  - name: open
    match: {{path: /open}}
    authenticate: {{anonymous: {{subject: nobody}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: old
  - name: secret
    match: {{path: /secret}}
    authenticate: {{anonymous: {{subject: nobody}}}}
    authorize: anyone
    inject: [basic: {{credential: legacy}}, cookie: {{name: session, value: ours}}, header: {{name: SM_USER, value: x}}]
    upstream: old
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: cn, allow: ["*"]}}}}
    authorize: anyone
    upstream: old
"""
