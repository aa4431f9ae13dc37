"""A policy of which Envoy holds everything by itself, and a place where an issuer publishes its keys."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FILE = """
version: 1
listeners:
  native:
    bind: 127.0.0.1:{native}
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem], revocation: {{crls: [file:ca.crl]}}}}
{listeners}
issuers:
  bank: {{issuer: "{issuer}", jwks_file: file:jwks.json, audiences: [{audience}, "https://legacy/"], algorithms: [ES256], claims: {{tenant: tid}}}}
  far: {{issuer: "https://far.example", jwks_url: "http://127.0.0.1:{keys}/keys", audiences: [{audience}], algorithms: [ES256], keys: {{refresh: 2s}}}}
  pinned:
    issuer: "https://pinned.example"
    jwks_file: file:jwks.json
    audiences: [{audience}]
    algorithms: [ES256]
    tenant: north
    claims: {{tenant: tid}}
    require: {{kind: [Bearer]}}
vaults:
  folder: {{type: files, path: secrets}}
credentials:
  legacy: {{vault: folder}}
  nowhere: {{vault: folder}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
"""

ROUTES = """
cert: {match: {path: /cert}, authenticate: {mtls: {allow: ["spiffe://example.com/bank/*"]}}, inject: [basic: {credential: legacy}]}
named: {match: {path: /named}, authenticate: {mtls: {allow: ["**"]}}, authorize: [subject: "spiffe://example.com/bank/john"]}
both: {match: {path: /both}, authenticate: {all: [mtls: {allow: ["spiffe://example.com/bank/*"]}, jwt: {issuers: [bank], bound: ignore}]}}
first: {match: {path: /first}, authenticate: {any: [jwt: {issuers: [bank]}, anonymous: {subject: guest}]}}
either: {match: {path: /either}, authenticate: {any: [mtls: {allow: ["spiffe://example.com/bank/*"]}, jwt: {issuers: [bank]}]}}
rights: {match: {path: /rights}, authenticate: {jwt: {issuers: [bank]}}, authorize: [permissions: {accounts: {any: [read, manage]}}]}
methods: {match: {path: /methods}, authenticate: {jwt: {issuers: [bank]}}, authorize: [methods: {GET: anyone, POST: {accounts: {all: [write]}}}]}
claims: {match: {path: /claims}, authenticate: {jwt: {issuers: [bank]}}, authorize: [claims: {role: [admin, root]}, audience: [accounts]]}
scopes: {match: {path: /scopes}, authenticate: {jwt: {issuers: [bank]}}, authorize: [scopes: {any: [read.all, write]}]}
tenant: {match: {path: /tenant}, authenticate: {jwt: {issuers: [bank]}}, authorize: [tenant: [north, west]]}
far: {match: {path: /far}, authenticate: {jwt: {issuers: [far, bank]}}}
pinned: {match: {path: /pinned}, authenticate: {jwt: {issuers: [pinned]}}}
near: {match: {path: /near}, authenticate: {anonymous: {}}, authorize: [source: [127.0.0.0/8]]}
away: {match: {path: /away}, authenticate: {anonymous: {}}, authorize: [source: [192.0.2.0/24]]}
bearer: {match: {path: /bearer}, authenticate: {anonymous: {}}, inject: [bearer: {credential: legacy}]}
header: {match: {path: /header}, authenticate: {anonymous: {}}, inject: [header: {name: X-Secret, credential: legacy}, header: {name: X-Said, value: "100% {principal.subject}"}]}
broken: {match: {path: /broken}, authenticate: {anonymous: {}}, inject: [basic: {credential: nowhere}]}
star: {match: {path: "/star/*/x", methods: [GET]}, authenticate: {anonymous: {}}, inject: [header: {name: X-Said, value: star}]}
rest: {match: {path: "/star/**"}, authenticate: {anonymous: {}}, inject: [header: {name: X-Said, value: rest}]}
deep: {match: {path: /star/a/b}, authenticate: {anonymous: {}}, inject: [header: {name: X-Said, value: deep}]}
inner: {match: {path: /star/inner}, authenticate: {jwt: {issuers: [bank]}}}
hosted: {match: {host: api.example.com, path: /star/a/b}, authenticate: {anonymous: {}}, inject: [header: {name: X-Said, value: hosted}]}
family: {match: {host: "*.example.com", path: "/star/a/*"}, authenticate: {anonymous: {}}, inject: [header: {name: X-Said, value: family}]}
"""


def policy(**places: object) -> str:
    """Return the policy; each route says that Envoy may do nearly the same."""
    routes = []
    for line in ROUTES.strip().splitlines():
        name, _, rest = line.partition(": ")
        more = "" if "authorize:" in rest else "authorize: anyone, "
        routes.append(f"  - {{name: {name}, upstream: old, decision: allow-partial, {more}{rest.removeprefix('{')}")
    return FILE.format(**places) + "\n".join(routes) + "\n"


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who breaks off a handshake is nobody's fault here."""


class Keys:
    """A key set that is published over HTTP.

    Attributes:
        document: what is answered, or None for an answer of 503.
        port: where.
    """

    def __init__(self, document: bytes, context: ssl.SSLContext | None = None) -> None:
        self.document: bytes | None = document
        keys = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = keys.document
                self.send_response(200 if content is not None else 503)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Answer)
        self.port = self._server.server_port
        if context is not None:
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def published(document: bytes, context: ssl.SSLContext | None = None) -> Iterator[Keys]:
    """Publish a key set for as long as the block lasts, over TLS or in clear."""
    keys = Keys(document, context)
    try:
        yield keys
    finally:
        keys.close()
