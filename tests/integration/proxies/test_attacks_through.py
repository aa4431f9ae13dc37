"""What can a caller do who lies to the proxy about the request, about himself, or in the gateway's name?"""

from __future__ import annotations

import json
import re
import subprocess
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.integration.proxies.test_outage import until
from tests.support.neighbours import program
from tests.support.plugin import BASIC, CANARY, Said, World

from ostiary.model import fold

pytestmark = pytest.mark.integration

OWNED = (b"authorization", b"x-subject", b"x-roles", b"x-api-key")
SPELLINGS = (
    "X-Subject",
    "x-subject",
    "X_Subject",
    "X.Subject",
    "X-SUBJECT",
    "X_Roles",
    "X.Roles",
    "X-Roles",
    "x-roles",
)

ELSEWHERE = (
    *("X-Forwarded-Uri: {}", "X-Forwarded-URI: {}", "X_Forwarded_Uri: {}", "X.Forwarded.Uri: {}", "X-Original-URI: {}"),
    *("X-Original-URL: {}", "X-Rewrite-URL: {}", "X-Envoy-Original-Path: {}", "X-Forwarded-Path: {}"),
    *("X-Auth-Request-Redirect: {}", "Forwarded: for=127.0.0.1;host=localhost;proto=https;path={}", "Request-Uri: {}"),
    *("X-Forwarded-Method: OPTIONS", "X-Forwarded-Host: api.example.com", "X-Forwarded-Proto: http"),
    *("X-Forwarded-Prefix: {}", "X-Forwarded-For: 192.0.2.7", "X-HTTP-Method-Override: GET", "Ostiary-Upstream: other"),
    *("X-Original-Method: OPTIONS", "Remote-Addr: 192.0.2.7", "X-Real-IP: 192.0.2.7"),
)

ODD = (
    *("/open/a%20b", "/open/a+b", "/open/~user/x", "/open/%7Euser", "/open/a:b@c", "/open/caf%C3%A9", "/open/a,b=c"),
    *("/open/a?x=../..", "/open/a?x=%2e%2e%2f", "/open/a?x=//y", "/open/a?", "/open/a?x=a&x=b&&y", "/open/A%42c"),
    *("/open/'quoted'", "/open/(a)!$*", "/open/a?q=%00", "/open/a?q=%zz", "/open/a%2Bb", "/open/...", "/open/.hidden"),
)


def ask(made: World, port: int, target: str, *lines: str, token: str | None = None, shown: str | None = None) -> Said:
    shows = [f"Authorization: Bearer {made.tokens[token]}"] if token else []
    head = (f"GET {target} HTTP/1.1", "Host: localhost", "Connection: close", *shows, *lines, "", "")
    return made.ask(port, "\r\n".join(head).encode(), shown=shown)


def owned(said: Said) -> dict[str, list[str]]:
    """What the upstream was sent under every name that it may take for one of the policy's."""
    return {name: values for name, values in said.seen.items() if fold(name.encode()) in OWNED and any(values)}


@pytest.mark.parametrize("target", ["/open/a", "/accounts/1"])
def test_an_owned_header_of_the_caller_never_reaches_the_upstream_however_it_is_spelt(made, proxy, target):
    lies = [f"{name}: admin" for name in SPELLINGS]
    said = ask(made, proxy.port, target, *lies, token="good")

    assert said.status == 200
    expected = {"x-subject": ["nobody"]}
    if target != "/open/a":
        expected = {"x-subject": ["alice"], "x-roles": ["reader"], "authorization": [BASIC]}
    else:
        expected["authorization"] = [f"Bearer {made.tokens['good']}"]  # nobody's evidence here: it passes, as natively
    assert owned(said) == expected


def test_what_is_owned_and_empty_is_not_there_at_all(made, proxy):
    said = ask(made, proxy.port, "/tenant/a", "X-Subject: admin", token="north")

    assert said.status == 200
    assert [name for name in said.seen if fold(name.encode()) in OWNED] == []


@pytest.mark.parametrize("line", ELSEWHERE)
def test_what_the_caller_says_of_the_request_changes_no_verdict(made, proxy, line):
    inside = ask(made, proxy.port, "/accounts/1", line.format("/open/a"))
    outside = ask(made, proxy.port, "/open/a", line.format("/accounts/1"))
    near = ask(made, proxy.port, "/far", line.format("/open/a"))

    assert (inside.status, outside.status, near.status) == (401, 200, 403)
    assert (inside.reason, outside.target) == ("token.missing", "/open/a")


def test_headers_that_a_connection_claims_for_itself_do_not_take_the_policy_s_away(made, proxy):
    line = "Connection: close, X-Subject, X-Roles, Authorization, X-Forwarded-Uri, X-Client-Cert"
    raw = f"GET /open/a HTTP/1.1\r\nHost: localhost\r\n{line}\r\nX-Subject: admin\r\n\r\n"
    said = made.ask(proxy.port, raw.encode())

    assert said.status == 200
    assert owned(said) == {"x-subject": ["nobody"]}


ABSOLUTE = {
    "the same host": ("http://localhost/open/a", "localhost", (200, 400)),
    "somebody in it": ("http://admin@localhost/open/a", "localhost", (200, 400)),
    "another host": ("http://api.example.com/open/a", "localhost", (200, 400, 421)),
    "what wants a token": ("http://localhost/accounts/1", "localhost", (400, 401)),
    "what the other host has": ("http://localhost/hosted", "api.example.com", (200, 400, 404)),
}


@pytest.mark.parametrize("case", ABSOLUTE)
def test_a_target_with_a_host_in_it_is_refused_or_forwarded_as_the_path_that_was_judged(made, proxy, case):
    """RFC 9112, section 3.2.2: its host is the one that counts; there are upstreams that take that of the field."""
    target, host, statuses = ABSOLUTE[case]
    raw = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    said = made.ask(proxy.port, raw)
    assert made.ask(made.ports["native"], raw).status == 400
    assert said.status in statuses
    if said.status == 200:
        assert said.target == "/" + target.split("/", 3)[3]
        assert said.target != "/hosted" or said.seen["host"] == ["api.example.com"]


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.2", "anything"])
def test_no_connection_to_the_upstream_becomes_one_of_another_protocol(made, proxy, protocol):
    """What follows is seen by nobody; over h2c it would be requests that nobody is asked about."""
    settings = "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA" if protocol == "h2c" else "Sec-WebSocket-Version: 13"
    more = ("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}", settings)
    head = ("GET /open/a HTTP/1.1", "Host: localhost", *more, "", "")
    said = made.ask(proxy.port, "\r\n".join(head).encode())
    assert said.status in (200, 400, 403)
    if said.status == 200:
        assert "upgrade" not in said.seen
        assert [one for one in said.seen.get("connection", []) if "upgrade" in one.lower()] == []


def test_nobody_speaks_in_the_policy_s_name_behind_the_content(made, proxy):
    """Trailers (RFC 9110, section 6.5) come after the decision; there are upstreams that take them for fields."""
    head = "POST /open/a HTTP/1.1\r\nHost: localhost\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    said = made.ask(proxy.port, f"{head}3\r\nabc\r\n0\r\nX-Subject: admin\r\nX_Roles: admin\r\n\r\n".encode())
    assert (said.status, said.seen["x-subject"]) == (200, ["nobody"])
    told = {line.partition(b":")[0].lower() for line in made.echo.trailers}
    assert told == ({b"x-subject", b"x_roles"} if passes_trailers(proxy) else set())


def passes_trailers(proxy) -> bool:
    """Documented: HAProxy can drop them from 3.2 on."""
    if proxy.name != "haproxy":
        return False
    said = subprocess.run([program("haproxy"), "-v"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", said).groups())) < (3, 2)


def test_a_certificate_that_the_caller_writes_himself_is_none(made, proxy):
    pem = (made.folder / "john.pem").read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    body = "".join(pem.decode().split("\n")[1:-2])
    lies = {
        "X-Client-Cert": quote(pem),
        "X-Client-Cert ": quote(pem),
        "x-client-cert": body,
        "X_Client_Cert": body,
        "X.Client.Cert": quote(pem),
        "SSL-Client-Cert": quote(pem),
        "Client-Cert": f":{body}:",
        "X-Forwarded-Client-Cert": f'Cert="{quote(pem)}"',
        "X-Client-Cert-Verify": "SUCCESS",
        "OSTIARY-CERT": pem.decode().replace("\n", " "),
    }
    assert len(der) > 100
    found = {name: ask(made, proxy.port, "/who", f"{name}: {value}").status for name, value in lies.items()}

    assert {name: status for name, status in found.items() if status != 401 and not name.endswith(" ")} == {}
    assert found["X-Client-Cert "] in (400, 401)  # a blank before the colon (RFC 9112, section 5.1)


def test_a_certificate_of_somebody_else_stays_what_it_is_when_another_is_written(made, proxy):
    forged = f"X-Client-Cert: {quote((made.folder / 'john.pem').read_bytes())}"
    assert ask(made, proxy.port, "/who", forged, shown="mallory").reason == "certificate.name-not-allowed"


@pytest.mark.parametrize("target", ODD)
def test_what_is_forwarded_is_what_was_judged(made, proxy, target):
    said = ask(made, proxy.port, target)

    native = ask(made, made.ports["native"], target)
    assert said.status == native.status
    if said.status == 200:
        assert said.target == native.target == target


@pytest.mark.parametrize(("name", "reason"), [
    ("late", "certificate.expired"),
    ("stranger", "certificate.untrusted"),
    ("fired", "certificate.revoked"),
])  # fmt: skip
def test_a_certificate_that_proves_nobody_is_told_apart(made, proxy, name, reason):
    said = ask(made, proxy.port, "/who", shown=name)

    if proxy.name == "nginx" and name == "late":  # `optional_no_ca` forgives unknown authorities, and nothing else
        assert said.status == 400
    elif proxy.name == "apache" and name == "late":  # it ends the handshake
        assert said.status in (0, 401)
    else:
        assert (said.status, said.reason) == (401, reason)


def test_a_refusal_arrives_whole(made, proxy):
    said = ask(made, proxy.port, "/accounts/1", token="expired")
    native = ask(made, made.ports["native"], "/accounts/1", token="expired")

    assert said.status == native.status == 401
    assert said.reason == native.reason == "token.expired"
    assert said.all("www-authenticate") == native.all("www-authenticate")
    kind = "text/html" if proxy.name == "apache" else "application/problem+json"  # Apache says so of every refusal
    assert str(said.get("content-type")).startswith(kind)


def test_who_is_refused_is_told_by_which_id_the_log_can_be_asked(made, proxy):
    numbers = set()
    for target, shows in (("/accounts/1", "expired"), ("/tenant/a", "good"), ("/nothing", None)):
        said = ask(made, proxy.port, target, token=shows)
        numbers.update(said.all("x-request-id"))
        assert json.loads(said.content)["request_id"] in numbers
    assert len(numbers) == 3
    until(lambda: all(number in made.gateway.out.read_text() for number in numbers))  # lines are written some at a time


def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(made, proxy):
    raw = "DELETE /accounts/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    said, native = made.ask(proxy.port, raw.encode()), made.ask(made.ports["native"], raw.encode())
    assert (said.status, said.reason) == (native.status, native.reason) == (405, "method.not-allowed")
    assert said.all("allow") == (
        [""] if proxy.name == "apache" else native.all("allow")
    )  # it writes its own: of nothing


def test_every_challenge_of_a_refusal_arrives(made, proxy):
    said = ask(made, proxy.port, "/either")
    native = ask(made, made.ports["native"], "/either")

    assert said.status == native.status == 401
    assert len(native.all("www-authenticate")) == 2
    joined = ", ".join(native.all("www-authenticate"))  # Apache makes one field of them (RFC 9110, section 5.3)
    assert ", ".join(said.all("www-authenticate")) == joined


def test_who_has_to_wait_is_told_how_long(made, proxy):
    said = ask(made, proxy.port, "/away", token="away")

    assert said.status == 503
    if proxy.name == "envoy-http":  # 5xx is an error to Envoy, which answers by itself
        assert (said.content, said.get("retry-after")) == (b"", None)
    else:
        assert said.reason == "keys.unavailable"
        assert int(str(said.get("retry-after"))) > 0


def test_no_secret_is_in_any_log(made, proxy):
    said = ask(made, proxy.port, "/accounts/1", token="good")
    ask(made, proxy.port, "/broken", token="good")

    assert said.seen["authorization"] == [BASIC]
    written = proxy.said() + made.gateway.out.read_bytes() + made.gateway.err.read_bytes()
    assert len(written) > 100
    for secret in (CANARY, BASIC, made.tokens["good"]):
        assert secret.encode() not in written


def test_what_is_said_of_the_caller_is_what_the_proxy_knows(made, proxy):
    lies = (
        "X-Forwarded-For: 192.0.2.7",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: gopher",
        "X-Request-Id: mine",
    )
    said = ask(made, proxy.port, "/open/a", *lies, "Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7")
    native = ask(made, made.ports["native"], "/open/a")

    told = {name: values for name, values in said.seen.items() if name.startswith("x-forwarded-")}
    for name in ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"):
        assert told.get(name) == native.seen[name], name
    assert "mine" not in said.seen["x-request-id"]
    assert not {"forwarded", "x-real-ip", "ostiary-upstream"} & set(said.seen)
