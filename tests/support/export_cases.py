"""Requests for the policy of `export_policy`: what is shown, and who decides when it is allowed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.support.tokens import Signer, b64

ISSUER, AUDIENCE = "https://id.example.com/bank", "accounts"
BANK = Signer("bank-1")
RSA = Signer("rsa-1", "RS256")
SHARED = b"a symmetric key that somebody has published"
OCTETS = {"kty": "oct", "kid": "oct-1", "alg": "HS256", "k": b64(SHARED)}


@dataclass(frozen=True)
class Case:
    """One request.

    Attributes:
        name: what it is.
        ask: the request line, without the version.
        token: claims that differ from those of a good token, or None for no token.
        head: fields of the token's header that differ.
        signer: who signs it, if not the bank.
        cert: whose certificate is shown.
        headers: more fields.
        host, server_name: of the request, and of the handshake.
        connection: what it says of its connection.
        by: who allows it, envoy or gateway; "" for what is refused.
    """

    name: str
    ask: str
    token: dict[str, Any] | None = None
    by: str = ""
    head: dict[str, Any] = field(default_factory=dict)
    signer: Any = None
    cert: str | None = None
    headers: tuple[str, ...] = ()
    host: str = "localhost"
    server_name: str = "localhost"
    connection: str = "close"

    def raw(self) -> bytes:
        """Return it as octets."""
        lines = [f"{self.ask} HTTP/1.1", f"Host: {self.host}", f"Connection: {self.connection}"]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {signed(self.signer or BANK, self.token, self.head)}")
        if self.ask.startswith("POST "):
            lines.append("Content-Length: 0")
        good = signed(BANK, {}, {})
        lines += [one.replace("GOOD", good) for one in self.headers]
        return "\r\n".join([*lines, "", ""]).encode()


def signed(signer: Any, claims: dict[str, Any], head: dict[str, Any]) -> str:
    """Return a token; a claim or field that is None is left out."""
    now = time.time()
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now - 5, "exp": now + 600, **claims}
    kept = {name: _moment(value, now) for name, value in whole.items() if value is not None}
    if signer == "hmac":
        said = {"alg": "HS256", "kid": "oct-1"}
        data = f"{b64(json.dumps(said).encode())}.{b64(json.dumps(kept).encode())}"
        return f"{data}.{b64(hmac.digest(SHARED, data.encode(), hashlib.sha256))}"
    fields = {name: value for name, value in signer.header(**head).items() if value is not None}
    return str(signer.compact(json.dumps(fields), json.dumps(kept)).decode())


def _moment(value: Any, now: float) -> Any:
    return now + value.total_seconds() if isinstance(value, timedelta) else value


FAR: dict[str, Any] = {"iss": "https://far.example"}
PINNED: dict[str, Any] = {"iss": "https://pinned.example", "tid": "north", "kind": "Bearer"}


def _rights(*held: Any, service: str = "accounts") -> dict[str, Any]:
    return {"permissions": {service: list(held)}}


CERTIFICATES = (
    Case("a certificate", "GET /cert", cert="john", by="envoy"),
    Case("no certificate", "GET /cert"),
    Case("somebody else's certificate", "GET /cert", cert="mallory"),
    Case("a certificate of two names", "GET /cert", cert="twice"),
    Case("a name that escapes", "GET /cert", cert="dotted"),
    Case("a revoked certificate", "GET /cert", cert="fired"),
    Case("a stranger's certificate", "GET /near", cert="stranger"),
    Case("the one name", "GET /named", cert="john", by="envoy"),
    Case("another name", "GET /named", cert="mallory"),
    Case("both", "GET /both", {}, cert="john", by="envoy"),
    Case("both, the token bound, which this route ignores", "GET /both", {"cnf": {"x": 1}}, cert="john", by="envoy"),
    Case("one of both", "GET /both", cert="john"),
    Case("the other of both", "GET /both", {}),
    Case("either: a certificate", "GET /either", cert="john", by="envoy"),
    Case("either: a token", "GET /either", {}, by="envoy"),
    Case("either: the first decides", "GET /either", {}, cert="mallory"),
    Case("either: nothing", "GET /either"),
)
CLAIMS = (
    Case("a permission", "GET /rights", _rights("see", "read"), by="envoy"),
    Case("another permission", "GET /rights", _rights("see")),
    Case("a permission elsewhere", "GET /rights", _rights("read", service="other")),
    Case("permissions as text", "GET /rights", {"permissions": {"accounts": "read"}}),
    Case("permissions that are not all text", "GET /rights", _rights("read", 5)),
    Case("permissions with nothing among them", "GET /rights", _rights("read", None)),
    Case("no permissions", "GET /rights", {}),
    Case("a method for anyone", "GET /methods", {}, by="envoy"),
    Case("a method with its permission", "POST /methods", _rights("write"), by="envoy"),
    Case("a method without", "POST /methods", {}),
    Case("a method that is not named", "PUT /methods", _rights("write")),
    Case("a claim", "GET /claims", {"role": "admin"}, by="envoy"),
    Case("a claim in a list", "GET /claims", {"role": ["user", "root"], "aud": ["x", AUDIENCE]}, by="envoy"),
    Case("a claim of another value", "GET /claims", {"role": "administrator"}),
    Case("a claim in a mixed list", "GET /claims", {"role": ["root", 1]}),
    Case("an audience that is another's", "GET /claims", {"role": "admin", "aud": "https://legacy/"}),
    Case("a scope", "GET /scopes", {"scope": "a read.all b"}, by="envoy"),
    Case("a scope in a list", "GET /scopes", {"scope": ["a", "write"]}, by="envoy"),
    Case("a longer scope", "GET /scopes", {"scope": "read.allx write.b"}),
    Case("a scope that is nearly it", "GET /scopes", {"scope": "readxall"}),
    Case("a tenant", "GET /tenant", {"tid": "west"}, by="envoy"),
    Case("another tenant", "GET /tenant", {"tid": "south"}),
    Case("no tenant", "GET /tenant", {"tid": 7}),
)
TOKENS = (
    Case("good", "GET /far", {}, by="envoy"),
    Case("from afar", "GET /far", FAR, by="envoy"),
    Case("an algorithm that is not ours", "GET /far", FAR, signer=RSA),
    Case("a symmetric key that was published", "GET /far", FAR, signer="hmac"),
    Case("another issuer's", "GET /tenant", {**FAR, "tid": "north"}),
    Case("an access token", "GET /far", {}, head={"typ": "application/AT+JWT"}, by="envoy"),
    Case("without a type", "GET /far", {}, head={"typ": None}, by="envoy"),
    Case("of another type", "GET /far", {}, head={"typ": "logout+jwt"}),
    Case("with an extension", "GET /far", {}, head={"crit": ["exp"]}),
    Case("with b64", "GET /far", {}, head={"b64": True}),
    Case("without a key id", "GET /far", {}, head={"kid": None}, by="gateway"),
    Case("with another key id", "GET /far", {}, head={"kid": "other"}),
    Case("for us in full", "GET /far", {"aud": "https://legacy/"}, by="envoy"),
    Case("for us but for the scheme", "GET /far", {"aud": "legacy"}),
    Case("for us but for the slash", "GET /far", {"aud": "https://legacy"}),
    Case("for everybody", "GET /far", {"aud": "*"}),
    Case("for nobody", "GET /far", {"aud": None}),
    Case("issued in the future", "GET /far", {"iat": timedelta(minutes=15)}),
    Case("issued at no time", "GET /far", {"iat": None}, by="gateway"),
    Case("expired a moment ago", "GET /far", {"exp": timedelta(seconds=-3)}, by="envoy"),
    Case("expired", "GET /far", {"exp": timedelta(minutes=-15)}),
    Case("without an end", "GET /far", {"exp": None}),
    Case("not yet", "GET /far", {"nbf": timedelta(minutes=15)}),
    Case("bound", "GET /far", {"cnf": {"x5t#S256": "A" * 43}}, cert="john"),
    Case("about nobody", "GET /far", {"sub": None}),
    Case("about somebody with a line break", "GET /far", {"sub": "a\nb"}),
    Case("about somebody long", "GET /far", {"sub": "a" * 1500}),
    Case("of the right tenant", "GET /pinned", PINNED, by="envoy"),
    Case("of another tenant", "GET /pinned", {**PINNED, "tid": "south"}),
    Case("of another kind", "GET /pinned", {**PINNED, "kind": "Refresh"}),
    Case("of no kind", "GET /pinned", {**PINNED, "kind": None}),
    Case("in lower case", "GET /far", headers=("Authorization: bearer GOOD",), by="gateway"),
    Case("twice", "GET /far", headers=("Authorization: Bearer GOOD", "Authorization: Bearer GOOD")),
    Case("and a comma", "GET /far", headers=("Authorization: Bearer GOOD,",)),
    Case("in the query", "GET /far?access_token=x"),
    Case("none, where nobody has to", "GET /first", by="envoy"),
    Case("good, where nobody has to", "GET /first", {}, by="envoy"),
    Case("garbage, where nobody has to", "GET /first", headers=("Authorization: Bearer a.b.c",)),
    Case("another scheme, where nobody has to", "GET /first", headers=("Authorization: Basic YTpi",), by="gateway"),
)
OTHERS = (
    Case("from near", "GET /near", by="envoy"),
    Case("from far", "GET /away"),
    Case("a bearer credential", "GET /bearer", by="envoy"),
    Case("a header credential", "GET /header", headers=("X-Secret: mine", "X_Secret: mine", "X-Said: me"), by="envoy"),
    Case("a credential that is not there", "GET /broken"),
    Case("pretence", "GET /near", headers=("X.Said: a", "x_said: a", "X-Said: a", "X-Real-IP: 1"), by="envoy"),
    Case("the answer's own words", "GET /away", headers=("Ostiary-Upstream: old", "X-Ostiary-Peer-Uri: a")),
    Case("the certificate's own words", "GET /cert", headers=("X-Ostiary-Peer-Uri: spiffe://example.com/bank/john",)),
    Case("a star", "GET /star/q/x", by="envoy"),
    Case("a star by another method", "POST /star/q/x"),
    Case("a rest", "GET /star/q/y", by="envoy"),
    Case("a rest of nothing", "GET /star", by="envoy"),
    Case("a rest of a slash", "GET /star/", by="envoy"),
    Case("a literal", "GET /star/a/b", by="envoy"),
    Case("a literal in an escape", "GET /star/%61/b", by="gateway"),
    Case("what needs a token, below a rest that needs none", "GET /star/inner"),
    Case("the same in an escape", "GET /star/inne%72"),
    Case("a host", "GET /star/a/b", host="api.example.com", server_name="api.example.com", by="envoy"),
    Case("a host in capitals", "GET /star/a/b", host="API.example.com:443", server_name="127.0.0.1", by="envoy"),
    Case("a host with a dot", "GET /star/a/b", host="api.example.com.", server_name="127.0.0.1", by="gateway"),
    Case("a family of hosts", "GET /star/a/b", host="www.example.com", server_name="127.0.0.1", by="envoy"),
    Case("no child of the family", "GET /star/a/b", host="a.b.example.com", server_name="127.0.0.1", by="envoy"),
    Case("a trace", "TRACE /star/q/y"),
    Case("dots", "GET /star/../near"),
    Case("a dot", "GET /star/.a/y", by="gateway"),
    Case("the whole URL", "GET https://localhost/near"),
    Case("an octet that no query holds", "GET /near?a=\u00e9"),
    Case("an empty header of the policy's", "GET /far", {}, headers=("X-Said:", "X-Secret:", "Cookie:"), by="envoy"),
    Case("an upgrade", "GET /near", headers=("Upgrade: websocket", "Ostiary-Upstream: old"), connection="upgrade"),
    Case("two types", "GET /near", headers=("Content-Type: a/b", "Content-Type: a/c")),
    Case("two lengths", "GET /near", headers=("Content_Length: 7",)),
)
CASES = (*CERTIFICATES, *CLAIMS, *TOKENS, *OTHERS)
