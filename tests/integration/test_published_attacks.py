"""Does here what was published against other libraries and proxies: tokens, paths, names, and where a body ends?

Each has fooled somebody, and was published between 2019 and 2026. A whole gateway gets it in octets; what is refused
reaches no upstream, and what passes is what was judged.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwe
from joserfc.jwk import ECKey
from tests.support.attack import Answered, Field, battlefield
from tests.support.tokens import Signer, b64

pytestmark = pytest.mark.integration

BANK, OPENER, STRANGER = Signer("es"), Signer(None), Signer("es")
ISSUER = "https://id.example.com/bank"
FILE = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0", limits: {{{limits}}}, timeouts: {{{timeouts}}}}}
issuers:
  bank:
    issuer: https://id.example.com/bank
    jwks_file: file:bank.json
    audiences: [accounts]
    algorithms: [ES256]
    decryption_keys: [file:opener.pem]
upstreams:
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"], connections: {connections}}}
routes:
  - name: closed
    match: {{host: a.example, path: /closed/**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: [{{tenant: t1}}]
    inject: [header: {{name: X-User, value: "{{principal.subject}}"}}]
    upstream: canary
  - name: open
    match: {{host: a.example, path: /open/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: canary
"""


@pytest.fixture
async def field(tmp_path: Path) -> AsyncIterator[Field]:
    (tmp_path / "bank.json").write_text(json.dumps({"keys": [BANK.jwk()]}))
    (tmp_path / "opener.pem").write_bytes(pem(OPENER))
    async with battlefield(tmp_path, text=FILE, timeouts="keep_alive: 300ms") as one:
        yield one


def pem(signer: Signer) -> bytes:
    return bytes(signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def claims(**changes: Any) -> str:
    now = int(time.time())
    good = {"iss": ISSUER, "aud": "accounts", "sub": "alice", "iat": now - 10, "exp": now + 300, "tenantId": "t1"}
    return json.dumps({**good, **changes}, ensure_ascii=False)


HEAD = '{"alg":"ES256","kid":"es"}'


def signed(header: str = HEAD, payload: str | None = None, signer: Signer = BANK) -> bytes:
    return signer.compact(header, claims() if payload is None else payload)


def encoded(header: bytes, payload: bytes) -> bytes:
    """Two octet strings, signed by the bank as they are, whatever they mean."""
    made = BANK.compact(header.decode("latin-1"), payload.decode("latin-1"))
    assert b64decode(made.split(b".")[0] + b"==", b"-_")
    return made


def closed(inner: bytes) -> bytes:
    """In an envelope that only the gateway opens, and anybody can make: the key is a public one."""
    key = ECKey.import_key(pem(OPENER))
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}
    return jwe.encrypt_compact(header, inner, key, algorithms=["ECDH-ES", "A256GCM"]).encode()


def plain(alg: str = "none") -> bytes:
    """What nobody signed."""
    return f"{b64(json.dumps({'alg': alg}).encode())}.{b64(claims().encode())}.".encode()


def instead(old: str, new: str) -> bytes:
    """Signed by the bank, with other octets in the claims."""
    assert old in claims()
    return signed(payload=claims().replace(old, new))


async def ask(field: Field, token: bytes, path: bytes = b"/closed/a") -> Answered:
    async with field.caller() as caller:
        caller.say(b"GET " + path + b" HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
        return await caller.answer()


Forged = dict[str, tuple[Callable[[], bytes], str]]

ENVELOPES: Forged = {
    "a plain token inside (CVE-2026-29000)": (lambda: closed(plain()), "token.algorithm-not-allowed"),
    "a stranger's token inside": (lambda: closed(signed(signer=STRANGER)), "token.signature-invalid"),
    "claims without a token inside": (lambda: closed(claims().encode()), "token.malformed"),
    "an envelope inside": (lambda: closed(closed(signed())), "token.malformed"),
    "encryption in place of a signature": (lambda: closed(plain("ES256")), "token.signature-invalid"),
}
ALGORITHMS: Forged = {
    alg: (lambda alg=alg: signed(json.dumps({"alg": alg, "kid": "es"})), reason)
    for alg, reason in (
        ("es256", "token.algorithm-not-allowed"),
        ("ES256 ", "token.algorithm-not-allowed"),
        ("ES256\0", "token.algorithm-not-allowed"),
        ("\u0415S256", "token.algorithm-not-allowed"),
        ("ES256K", "token.algorithm-not-allowed"),
        ("EdDSA", "token.algorithm-not-allowed"),
        ("", "token.algorithm-not-allowed"),
    )
} | {
    "a list": (lambda: signed('{"alg":["ES256"],"kid":"es"}'), "token.malformed"),
    "null": (lambda: signed('{"alg":null,"kid":"es"}'), "token.malformed"),
    "none at all": (lambda: signed('{"kid":"es"}'), "token.algorithm-not-allowed"),
}
KEY_IDS: Forged = {
    repr(kid): (lambda kid=kid: signed(json.dumps({"alg": "ES256", "kid": kid})), reason)
    for kid, reason in (
        ("ES", "token.key-unknown"),
        ("\u0435s", "token.key-unknown"),
        ("es ", "token.key-unknown"),
        ("es\0", "token.malformed"),
        ("e\u200bs", "token.malformed"),
        ("/dev/null", "token.key-unknown"),
        (None, "token.malformed"),
        ("", "token.malformed"),
    )
}
NUMBERS: Forged = {
    name: (lambda text=text: signed(payload=claims(exp=0).replace('"exp": 0', f'"exp": {text}')), reason)
    for name, text, reason in (
        ("a thousand digits", "9" * 1000, "token.claim-invalid"),
        ("more digits than Python reads", "9" * 5000, "token.malformed"),
        ("2^53 + 2", str((1 << 53) + 2), "token.claim-invalid"),
        ("1e308", "1e308", "token.claim-invalid"),
        ("1e309", "1e309", "token.malformed"),
        ("Infinity", "Infinity", "token.malformed"),
        ("-0", "-0", "token.expired"),
        ("hexadecimal", "0xffffffff", "token.malformed"),
        ("a leading zero", "09999999999", "token.malformed"),
        ("an object", "{}", "token.claim-invalid"),
        ("null", "null", "token.claim-invalid"),
    )
}
TWICE: Forged = {
    "an escape in one of two names": (lambda: instead('"sub"', '"\\u0073ub": "root", "sub"'), "token.malformed"),
    "an escape in the header": (lambda: signed('{"alg":"ES256","\\u0061lg":"none","kid":"es"}'), "token.malformed"),
    "a lone surrogate": (lambda: instead('"alice"', '"alice\\ud800"'), "token.malformed"),
    "a comment": (lambda: instead('"sub"', '/* */ "sub"'), "token.malformed"),
    "single quotes": (lambda: instead('"alice"', "'alice'"), "token.malformed"),
    "a comma at the end": (lambda: signed(payload=claims()[:-1] + ",}"), "token.malformed"),
    "something behind the end": (lambda: signed(payload=claims() + "{}"), "token.malformed"),
    "a list": (lambda: signed(payload=f"[{claims()}]"), "token.malformed"),
    "depth": (lambda: instead('"alice"', "[" * 40 + "]" * 40), "token.malformed"),
    "a byte order mark": (lambda: signed(payload="\ufeff" + claims()), "token.malformed"),
    "UTF-16": (lambda: signed(payload=claims().encode("utf-16-le").decode("latin-1")), "token.malformed"),
}
LOOK_ALIKES: Forged = {
    repr(iss): (lambda iss=iss: instead(ISSUER, iss), "token.issuer-unknown")
    for iss in (
        "https://id.ex\u0430mple.com/bank",
        "https://id.example.com./bank",
        "https://id.example.com:443/bank",
        "https://x@id.example.com/bank",
        "https://id.example.com/%62ank",
        "https://ID.example.com/bank",
        "http://id.example.com/bank",
        "https://id.example.com/bank#",
        "https://id.example.com/bank\\u0000",
        "https://id.example.com/other/../bank",
    )
} | {
    "an audience": (lambda: instead("accounts", "\u0430ccounts"), "token.audience-mismatch"),
    "a tenant": (lambda: instead('"t1"', '"\uff541"'), "tenant.mismatch"),
    "a tenant in two normal forms": (lambda: instead('"t1"', '"t1\u0301"'), "tenant.mismatch"),
}


async def _all_refused(field: Field, forged: Forged) -> None:
    before = len(field.upstream.requests)
    for name, (make, reason) in forged.items():
        answered = await ask(field, make())
        status = 403 if reason.startswith("tenant.") else 401
        assert (name, answered.status, json.loads(answered.body)["reason"]) == (name, status, reason)
    assert len(field.upstream.requests) == before


@pytest.mark.attack(21)
async def test_an_envelope_is_no_signature(field: Field) -> None:
    assert (await ask(field, closed(signed()))).status == 200, "or nothing below would prove anything"
    await _all_refused(field, ENVELOPES)


@pytest.mark.attack(1, 3)
async def test_the_name_of_an_algorithm_has_one_spelling(field: Field) -> None:
    await _all_refused(field, ALGORITHMS)


@pytest.mark.attack(8)
async def test_a_key_id_that_resembles_one_is_another(field: Field) -> None:
    await _all_refused(field, KEY_IDS)


@pytest.mark.attack(15)
async def test_a_time_that_only_some_can_read_is_none(field: Field) -> None:
    await _all_refused(field, NUMBERS)


@pytest.mark.attack(18, 19)
async def test_json_that_only_some_can_read_is_none(field: Field) -> None:
    await _all_refused(field, TWICE)


@pytest.mark.attack(13, 14, 27)
async def test_names_that_look_or_mean_alike_are_others(field: Field) -> None:
    await _all_refused(field, LOOK_ALIKES)


# --- paths and methods ------------------------------------------------------------------------------

FOLDED = (
    *(b"/open/%EF%BC%8E%EF%BC%8E/closed", b"/open/..%EF%BC%8Fclosed", b"/open/%EF%BC%8Fclosed", b"/open/%E2%80%A5/closed"),
    *(b"/open/%E2%80%A4%E2%80%A4/closed", b"/open/a%EF%BC%BCclosed", b"/open/a%CD%BE", b"/open/%EF%BC%852e", b"/open/a%EF%BC%9F"),
    *(b"/open/..%20/closed", b"/open/.%20./closed%00", b"/open/%C2%85", b"/open/%u002e%u002e/closed", b"/open/%2e%2e;/closed"),
    *(b"/open/..\xc0\xafclosed", b"/open/%e0%80%ae%e0%80%ae/closed", b"/open/%f0%80%80%af", b"/open/..%c1%9cclosed"),
)  # fmt: skip


def said(method: bytes, target: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    lines = (method + b" " + target + b" HTTP/1.1", b"Host: a.example", *fields, b"", body)
    return b"\r\n".join(lines)


@pytest.mark.attack(29)
async def test_a_path_that_some_servers_fold_into_another_is_refused(field: Field) -> None:
    for path in FOLDED:
        answer = await field.send(said(b"GET", path))
        assert (path, answer[:12]) == (path, b"HTTP/1.1 400")
    assert field.upstream.octets == b""


@pytest.mark.attack(31)
async def test_a_path_in_capitals_is_another_and_a_host_is_the_same(field: Field) -> None:
    assert (await field.send(said(b"GET", b"/OPEN/a"))).startswith(b"HTTP/1.1 404")
    for host in (b"A.EXAMPLE", b"a.example.", b"A.Example:8443"):
        answer = await field.send(b"GET /closed/a HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401"), host
    for host in (b"a.example..", b"a.example.evil", b"a\xe2\x80\xa4example", b"a.example@evil", b"evil#a.example"):
        answer = await field.send(b"GET /closed/a HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404")), host
    assert field.upstream.octets == b""


@pytest.mark.attack(33)
@pytest.mark.parametrize("method", [b"TRACK", b"DEBUG", b"PRI", b"CONNECT", b"TRACE", b"Get", b"GET\0", b"GET,POST"])
async def test_a_method_that_tells_of_the_server_or_is_none_is_refused(field: Field, method: bytes) -> None:
    assert (await field.send(said(method, b"/open/a")))[:10] == b"HTTP/1.1 4"
    assert field.upstream.octets == b""


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.attack(39, 40)
async def test_no_spelling_of_what_the_gateway_writes_comes_from_the_caller(field: Field) -> None:
    spelt = [b"X%cUser: root" % one for one in b"!#$%&'*+-.^_`|~"] + [b"x-user: root", b"X-USER: root", b"X_user: root"]
    answer = await field.send(said(b"GET", b"/closed/a", b"Authorization: Bearer " + signed(), *spelt))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"X-User: alice\r\n" in field.upstream.octets
    assert b"root" not in field.upstream.octets


@pytest.mark.attack(35, 39)
@pytest.mark.parametrize(
    "name",
    [
        *(b"X-Middleware-Subrequest", b"Remote-User", b"REMOTE_USER", b"X-Remote-User", b"X-MS-CLIENT-PRINCIPAL"),
        *(b"X-Goog-IAP-JWT-Assertion", b"X-Amzn-Oidc-Data", b"Cf-Access-Jwt-Assertion", b"WL-Proxy-Client-IP"),
        *(b"X-Forwarded-Uri", b"X_Forwarded_Proto", b"X-Url-Scheme", b"Front-End-Https", b"X-Forwarded-Ssl"),
    ],
    ids=bytes.decode,
)
async def test_what_only_another_gateway_may_say_does_not_pass(field: Field, name: bytes) -> None:
    assert (await field.send(said(b"GET", b"/open/a", name + b": root"))).startswith(b"HTTP/1.1 200")
    assert b"root" not in field.upstream.octets


@pytest.mark.attack(41)
async def test_nothing_that_counts_can_be_named_away(field: Field) -> None:
    named = b"Connection: close, Authorization, Transfer-Encoding, Content-Length, X-User, Host, X-Forwarded-Proto"
    lines = (named, b"Authorization: Bearer " + signed(), b"Transfer-Encoding: chunked")
    answer = await field.send(said(b"POST", b"/closed/a", *lines, body=b"4\r\nabcd\r\n0\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert field.upstream.bodies == [b"abcd"]
    for kept in (b"X-User: alice", b"Host: a.example", b"X-Forwarded-Proto: http"):
        assert kept in field.upstream.octets
    assert (await field.send(said(b"GET", b"/closed/a", b"Connection: authorization"))).startswith(b"HTTP/1.1 401")
    assert len(field.upstream.requests) == 1


# --- where a body ends ------------------------------------------------------------------------------

SMUGGLED = b"GET /open/SMUGGLED HTTP/1.1\r\nHost: a.example\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.attack(46)
@pytest.mark.parametrize("method", [b"OPTIONS", b"GET", b"HEAD", b"DELETE"])
async def test_a_body_that_some_servers_overlook_is_framed_as_one(field: Field, method: bytes) -> None:
    """TE.0 and CL.0: whoever takes such a method for bodiless reads the body as the next request."""
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    await field.send(said(method, b"/open/a", CHUNKED, body=body))
    await field.send(said(method, b"/open/a", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED))
    assert field.upstream.bodies == [SMUGGLED, SMUGGLED]
    assert [head.split(b" ")[1] for head in field.upstream.requests] == [b"/open/a", b"/open/a"]


@pytest.mark.attack(47)
@pytest.mark.parametrize(
    "body",
    [
        *(b"1 \r\na\r\n0\r\n\r\n", b"1;\r\na\r\n0\r\n\r\n", b'1;a="\r\n"\r\na\r\n0\r\n\r\n', b"1;a\nb\r\na\r\n0\r\n\r\n"),
        *(b"1;a\rb\r\na\r\n0\r\n\r\n", b"1\r\naXX0\r\n\r\n", b"1\r\na\r\n0;\n\r\n", b"1\r\na\r\n0\r\r\n\r\n", b"1\x0b\r\na\r\n0\r\n\r\n"),
    ],
)  # fmt: skip
async def test_a_chunk_that_ends_elsewhere_for_others_is_refused(field: Field, body: bytes) -> None:
    """TERM.EXT, EXT.TERM and TERM.SPILL of 2025."""
    answer = await field.send(said(b"POST", b"/closed/a", CHUNKED, body=body + SMUGGLED))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    assert field.upstream.octets == b""


@pytest.mark.attack(50)
@pytest.mark.parametrize("value", [b"y 100-continue", b"100-continue, x", b"100-continue;q=1", b"100", b""])
async def test_an_expectation_that_some_do_not_see_is_refused(field: Field, value: bytes) -> None:
    """0.CL of 2025 began with `Expect: y 100-continue`."""
    answer = await field.send(said(b"POST", b"/open/a", b"Expect: " + value, b"Content-Length: 4", body=b"abcd"))
    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert field.upstream.octets == b""


@pytest.mark.attack(50)
async def test_an_expectation_goes_no_further_however_often_it_is_said(field: Field) -> None:
    lines = (b"Expect: 100-continue", b"Expect: 100-Continue", b"Content-Length: 4")
    await field.send(said(b"POST", b"/open/a", *lines, body=b"abcd"))
    assert b"xpect" not in field.upstream.octets
    assert field.upstream.bodies == [b"abcd"]


@pytest.mark.attack(51)
async def test_an_upstream_cannot_name_away_what_the_caller_needs_nor_speak_of_its_own_hop(field: Field) -> None:
    field.upstream.answers["/open/named"] = (
        b"HTTP/1.1 200 OK\r\nConnection: Content-Length, X-Hop, Content-Type\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\n"
        b"Upgrade: h2c\r\nProxy-Authenticate: Basic\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
    )
    async with field.caller() as caller:
        caller.say(said(b"GET", b"/open/named"))
        answered = await caller.answer()
    assert answered.body == b"ok"
    for gone in (b"X-Hop", b"Keep-Alive: timeout=9", b"h2c", b"Proxy-Authenticate"):
        assert gone not in answered.head


@pytest.mark.attack(44)
async def test_ranges_are_between_caller_and_upstream(field: Field) -> None:
    """Nothing is cached here, so that no part of one caller's answer is another's."""
    partial = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n%b"
    async with field.caller() as caller:
        for content in (b"ab", b"cd"):
            field.upstream.answers["/open/a"] = partial % content
            caller.say(said(b"GET", b"/open/a", b"Range: bytes=0-1", b'If-Range: "tag"'))
            answered = await caller.answer()
            assert (answered.status, answered.body) == (206, content)
    assert field.upstream.octets.count(b'Range: bytes=0-1\r\nIf-Range: "tag"') == 2


# --- what some let pass without looking --------------------------------------------------------------


@pytest.mark.attack(38)
async def test_nothing_about_a_request_makes_it_one_that_is_not_judged(field: Field) -> None:
    probes = (b"User-Agent: GoogleHC/1.0", b"User-Agent: kube-probe/1.30", b"User-Agent: ELB-HealthChecker/2.0")
    preflight = (b"Origin: https://a.example", b"Access-Control-Request-Method: GET")
    for fields in ((), preflight, *((one,) for one in probes)):
        for method in (b"GET", b"HEAD", b"OPTIONS"):
            answer = await field.send(said(method, b"/closed/a", *fields))
            assert (method, fields, answer[:12]) == (method, fields, b"HTTP/1.1 401")
    assert field.upstream.octets == b""


@pytest.mark.attack(63)
async def test_no_path_and_no_host_leads_to_what_is_told_to_operators(field: Field) -> None:
    for path in (b"/metrics", b"/healthz", b"/readyz?verbose", b"/config", b"/ping", b"/.well-known/jwks.json", b"/"):
        for host in (b"a.example", b"localhost", b"127.0.0.1:9444", b"[::1]:9444"):
            answer = await field.send(b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            assert (path, host, answer[:12]) == (path, host, b"HTTP/1.1 404")
    assert field.upstream.octets == b""
