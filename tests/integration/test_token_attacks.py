"""What becomes of evidence that nobody honest would show, at a whole gateway?

Whatever is refused here reaches no upstream with a single octet, is no failure of ours, shows no traceback, and has a
line in the log with its reason.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.attack import Answered, Field, battlefield
from tests.support.origin import Origin, ok, origin
from tests.support.records import Record
from tests.support.tokens import Signer, b64

from ostiary.authn.api_key import new_key
from ostiary.authn.password import hash_of

pytestmark = pytest.mark.integration

ES, RS, PS = Signer("es"), Signer("rs", "RS256"), Signer("ps", "PS256")
ENC, SIGNS = Signer("enc"), Signer("signs")
OTHER, STRANGER = Signer("es"), Signer("es")
KEY, DIGEST = new_key()
BANK, ELSE, ACCESS = "https://id.example.com/bank", "https://id.example.com/other", "https://id.example.com/access"
FILE = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0", limits: {{{limits}}}, timeouts: {{{timeouts}}}}}
issuers:
  bank: {{issuer: "https://id.example.com/bank", jwks_file: "file:bank.json", audiences: [accounts], algorithms: [ES256, RS256, PS256]}}
  other: {{issuer: "https://id.example.com/other", jwks_file: "file:other.json", audiences: [other]}}
  access: {{issuer: "https://id.example.com/access", jwks_file: "file:bank.json", audiences: [accounts], types: [at+jwt]}}
  down: {{issuer: "http://127.0.0.1:1", jwks_url: "http://127.0.0.1:1/jwks", audiences: [accounts]}}
vaults: {{local: {{type: local, path: vault.db, master_key: env:NONE}}}}
credentials: {{robot: {{vault: local}}, alice: {{vault: local}}, away: {{vault: local}}, asker: {{vault: local}}}}
upstreams:
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"], connections: {connections}}}
routes:
  - {{name: bank, match: {{path: /bank}}, authenticate: {{jwt: {{issuers: [bank]}}}}, authorize: anyone, upstream: canary}}
  - {{name: other, match: {{path: /other}}, authenticate: {{jwt: {{issuers: [other]}}}}, authorize: anyone, upstream: canary}}
  - {{name: access, match: {{path: /access}}, authenticate: {{jwt: {{issuers: [access]}}}}, authorize: anyone, upstream: canary}}
  - {{name: down, match: {{path: /down}}, authenticate: {{jwt: {{issuers: [down]}}}}, authorize: anyone, upstream: canary}}
  - name: rights
    match: {{path: /rights}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: [{{tenant: t1}}, {{permissions: {{accounts: {{any: [read]}}}}}}]
    upstream: canary
  - name: named
    match: {{path: /named}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [header: {{name: X-Name, value: "{{principal.claims.name}}"}}]
    upstream: canary
  - name: away
    match: {{path: /away}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [basic: {{credential: away}}]
    upstream: canary
  - {{name: key, match: {{path: /key}}, authenticate: {{api_key: {{keys: [robot]}}}}, authorize: anyone, upstream: canary}}
  - {{name: basic, match: {{path: /basic}}, authenticate: {{basic: {{users: [alice]}}}}, authorize: anyone, upstream: canary}}
  - name: asked
    match: {{path: /asked}}
    authenticate: {{introspection: {{url: "{asked}/ask", client: {{basic: {{credential: asker}}}}, timeout: 1s, cache: 1s}}}}
    authorize: anyone
    upstream: canary
"""


@pytest.fixture
async def web() -> AsyncIterator[Origin]:
    """An authorization server that is asked, and a place that nobody is to ask anything."""
    async with origin() as running:
        yield running


@pytest.fixture
async def field(tmp_path: Path, web: Origin) -> AsyncIterator[Field]:
    members = [ES.jwk(), RS.jwk(), PS.jwk(), ENC.jwk(use="enc"), SIGNS.jwk(use=None, key_ops=["sign"])]
    (tmp_path / "bank.json").write_text(json.dumps({"keys": members}))
    (tmp_path / "other.json").write_text(json.dumps({"keys": [OTHER.jwk()]}))
    away = Record("away", "a", "b")
    away.available = False
    records = [Record("robot", "robot", DIGEST), Record("alice", "alice", HASHED), away, Record("asker", "a", "b")]
    sources = {one.alias: one for one in records}
    async with battlefield(tmp_path, text=FILE, sources=sources, asked=web.url()) as one:
        yield one


HASHED = hash_of(b"correct horse")


def claims(**changes: Any) -> dict[str, Any]:
    """Claims that are accepted; a change to None removes one."""
    now = int(time.time())
    good = {"iss": BANK, "aud": "accounts", "sub": "alice", "iat": now - 10, "exp": now + 300, "tenantId": "t1"}
    whole = {**good, "permissions": {"accounts": ["read"]}, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def bearer(token: bytes) -> bytes:
    return b"Authorization: Bearer " + token + b"\r\n"


def good(**changes: Any) -> bytes:
    return bearer(ES.token(claims(**changes)))


def headed(signer: Signer = ES, **header: Any) -> bytes:
    return bearer(signer.token(claims(), **header))


def raw(header: str, payload: str = "", signature: str | None = None) -> bytes:
    """A token of exactly these texts, signed or with this signature."""
    made = ES.compact(header, payload or json.dumps(claims()))
    return bearer(made if signature is None else made.rpartition(b".")[0] + b"." + signature.encode())


def confused(secret: bytes) -> bytes:
    """Signed with a public key as if that were a shared secret."""
    data = f"{b64(json.dumps({'alg': 'HS256', 'kid': 'es'}).encode())}.{b64(json.dumps(claims()).encode())}".encode()
    return bearer(data + b"." + b64(hmac.digest(secret, data, hashlib.sha256)).encode())


@dataclass(frozen=True)
class Case:
    """One attack: what is sent, and what is answered."""

    name: str
    fields: Callable[[], bytes]
    status: int
    reason: str
    path: str = "/bank"


def public(kind: Encoding, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return bytes(ES.private.public_key().public_bytes(kind, form))


HEAD = '{"alg":"ES256","kid":"es","typ":"JWT"}'


def spelt(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    """A good token in another spelling."""
    return lambda: bearer(change(ES.token(claims())))


CASES: dict[int, list[Case]] = {
    1: [
        *(Case(f"alg {alg}", lambda alg=alg: raw(json.dumps({"alg": alg, "kid": "es"}), signature=""), 401, "token.algorithm-not-allowed")
          for alg in ("none", "None", "nOnE")),
        Case("no signature", lambda: raw(HEAD, signature=""), 401, "token.signature-invalid"),
        Case("none with a signature", lambda: headed(alg="none"), 401, "token.algorithm-not-allowed"),
    ],
    2: [
        Case("pem", lambda: confused(public(Encoding.PEM)), 401, "token.algorithm-not-allowed"),
        Case("pem behind a byte order mark", lambda: confused(b"\xef\xbb\xbf" + public(Encoding.PEM)), 401, "token.algorithm-not-allowed"),
        Case("der", lambda: confused(public(Encoding.DER)), 401, "token.algorithm-not-allowed"),
        Case("ssh", lambda: confused(public(Encoding.OpenSSH, PublicFormat.OpenSSH)), 401, "token.algorithm-not-allowed"),
        Case("jwk", lambda: confused(json.dumps(ES.jwk()).encode()), 401, "token.algorithm-not-allowed"),
    ],
    3: [
        Case("RS256 by a key of PS256", lambda: bearer(PS.compact(json.dumps({"alg": "RS256", "kid": "ps"}), json.dumps(claims()), "RS256")), 401, "token.algorithm-not-allowed"),
        Case("PS256 by a key of RS256", lambda: bearer(RS.compact(json.dumps({"alg": "PS256", "kid": "rs"}), json.dumps(claims()), "PS256")), 401, "token.algorithm-not-allowed"),
        Case("an algorithm that the issuer may not use", lambda: bearer(Signer("es", "ES384").token(claims())), 401, "token.algorithm-not-allowed"),
    ],
    4: [
        Case("a key for encryption", lambda: headed(ENC), 401, "token.key-unknown"),
        Case("a key that does not verify", lambda: headed(SIGNS), 401, "token.key-unknown"),
    ],
    5: [Case("a key in the header", lambda: headed(STRANGER, jwk=STRANGER.jwk()), 401, "token.signature-invalid")],
    8: [
        *(Case(f"kid {name}", lambda kid=kid: headed(kid=kid), 401, reason)
          for name, kid, reason in (
              ("a path", "../../../etc/passwd", "token.key-unknown"), ("sql", "' OR 1=1 --", "token.key-unknown"),
              ("lines", "a\r\nX-Admin: 1", "token.malformed"), ("a list", ["es"], "token.malformed"),
              ("a number", 7, "token.malformed"), ("an object", {"kid": "es"}, "token.malformed"))),
    ],
    13: [
        *(Case(f"iss {iss!r}", lambda iss=iss: good(iss=iss), 401, reason)
          for iss, reason in ((None, "token.issuer-unknown"), ([BANK], "token.issuer-unknown"), (BANK[:-1], "token.issuer-unknown"),
                              (BANK + "/", "token.issuer-unknown"), (BANK.upper(), "token.issuer-unknown"), ("", "token.issuer-unknown"),
                              (ELSE, "token.issuer-unknown"))),
        Case("another issuer's key", lambda: bearer(OTHER.token(claims())), 401, "token.signature-invalid"),
        Case("on a route of another issuer", good, 401, "token.issuer-unknown", "/other"),
    ],
    14: [
        *(Case(f"aud {aud!r}", lambda aud=aud: good(aud=aud), 401, reason)
          for aud, reason in ((None, "token.claim-missing"), ([], "token.audience-mismatch"), ("account", "token.audience-mismatch"),
                              ("accounts ", "token.audience-mismatch"), ("Accounts", "token.audience-mismatch"), ("*", "token.audience-mismatch"),
                              (["accounts", 7], "token.claim-invalid"), ({"accounts": 1}, "token.claim-invalid"))),
    ],
    15: [
        *(Case(f"{name} {value!r}", lambda name=name, value=value: good(**{name: value}), 401, reason)
          for name, value, reason in (
              ("exp", None, "token.claim-missing"), ("exp", "9999999999", "token.claim-invalid"), ("exp", True, "token.claim-invalid"),
              ("exp", [9999999999], "token.claim-invalid"), ("exp", 1, "token.expired"), ("nbf", 9999999999, "token.not-yet-valid"),
              ("iat", 9999999999, "token.not-yet-valid"), ("nbf", "now", "token.claim-invalid"))),
        Case("exp NaN", lambda: raw(HEAD, json.dumps(claims(exp=float("nan")))), 401, "token.malformed"),
        Case("exp 1e400", lambda: raw(HEAD, json.dumps(claims()).replace('"exp"', '"exp": 1e400, "was"')), 401, "token.malformed"),
    ],
    16: [
        Case("crit unknown", lambda: headed(crit=["x"], x=1), 401, "token.critical-unknown"),
        Case("crit empty", lambda: headed(crit=[]), 401, "token.critical-unknown"),
        Case("b64 false", lambda: headed(crit=["b64"], b64=False), 401, "token.critical-unknown"),
        Case("detached", lambda: bearer(ES.token(claims()).split(b".")[0] + b".." + ES.token(claims()).split(b".")[2]), 401, "token.malformed"),
    ],
    17: [
        *(Case(f"typ {typ}", lambda typ=typ: bearer(ES.token(claims(iss=ACCESS), typ=typ)), 401, "token.type-not-allowed", "/access")
          for typ in ("JWT", "logout+jwt", "id_token", None)),
        Case("a token of logout", lambda: headed(typ="logout+jwt"), 401, "token.type-not-allowed"),
    ],
    18: [
        Case("two algorithms", lambda: raw('{"alg":"none","alg":"ES256","kid":"es"}'), 401, "token.malformed"),
        Case("two subjects", lambda: raw(HEAD, json.dumps(claims())[:-1] + ',"sub":"admin"}'), 401, "token.malformed"),
        Case("two permissions, deep down", lambda: raw(HEAD, json.dumps(claims())[:-1] + ',"x":{"a":1,"a":2}}'), 401, "token.malformed"),
    ],
    19: [
        Case("padding", spelt(lambda token: token + b"="), 401, "token.malformed"),
        Case("another alphabet", spelt(lambda token: token[:-6] + b"+/" + token[-4:]), 401, "token.malformed"),
        Case("a fourth part", spelt(lambda token: token + b".e30"), 401, "token.malformed"),
        Case("hashes", spelt(lambda token: token + b"####"), 401, "token.malformed"),
        Case("a question", spelt(lambda token: token[:-4] + b"?" + token[-4:]), 401, "token.malformed"),
        Case("a space", spelt(lambda token: token[:9] + b" " + token[9:]), 401, "token.malformed"),
        Case("json", lambda: bearer(b'{"payload":"e30","signatures":[]}'), 401, "token.ambiguous"),
    ],
    20: [
        Case("a token beyond the cap", lambda: bearer(b"e" * 20000), 401, "token.too-large"),
        Case("a header beyond the cap", lambda: raw(json.dumps({"alg": "ES256", "kid": "k" * 9000})), 401, "token.too-large"),
        Case("a signature of a megabyte", lambda: bearer(ES.token(claims()) + b"A" * (1 << 20)), 431, "request.headers-too-large"),
        Case("a million dots", lambda: bearer(b"." * 1_000_000), 431, "request.headers-too-large"),
        Case("thousands of dots", lambda: bearer(b"." * 8000), 401, "token.malformed"),
    ],
    21: [
        *(Case(f"an envelope of {alg}", lambda alg=alg, more=more: bearer(
            b64(json.dumps({"alg": alg, "enc": "A256GCM", **more}).encode()).encode() + b".AA.AA.AA.AA"), 401, "token.undecipherable")
          for alg, more in (("RSA-OAEP", {}), ("dir", {}), ("PBES2-HS256+A128KW", {"p2c": 2**31 - 1, "p2s": "AA"}), ("RSA-OAEP-256", {"zip": "DEF"}))),
    ],
    22: [
        *(Case(f"a signature of {name}", lambda octets=octets: raw(HEAD, signature=b64(octets)), 401, "token.signature-invalid")
          for name, octets in (("zeros", bytes(64)), ("the order", bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2),
                               ("more", b"\xff" * 66), ("asn.1", bytes.fromhex("3006020101020101")))),
        Case("a key of another curve", lambda: bearer(Signer("es", "ES384").compact(HEAD, json.dumps(claims()), "ES384")), 401, "token.signature-invalid"),
    ],
    23: [
        Case("in the query", lambda: b"", 401, "token.missing", "/bank?access_token=x"),
        Case("two fields", lambda: good() + good(), 400, "request.ambiguous"),
        Case("two fields in two spellings", lambda: good() + good().replace(b"Authorization", b"authorization"), 400, "request.ambiguous"),
        Case("a tab", lambda: good().replace(b"Bearer ", b"Bearer\t"), 401, "token.malformed"),
        Case("two spaces", lambda: good().replace(b"Bearer ", b"Bearer  "), 401, "token.malformed"),
        Case("a list", lambda: good()[:-2] + b", Bearer x\r\n", 401, "token.ambiguous"),
        Case("in a cookie", lambda: b"Cookie: access_token=x\r\n", 401, "token.missing"),
        Case("another scheme", lambda: good().replace(b"Bearer ", b"Token "), 401, "token.missing"),
    ],
    24: [
        *(Case(f"a name with {name}", lambda text=text: good(name=text), 403, "injection.unsafe", "/named")
          for name, text in (("lines", "a\r\nX-Admin: 1"), ("a line feed", "a\nb"), ("a zero", "a\0b"), ("a bell", "a\x07"))),
        Case("a subject with lines", lambda: good(sub="a\r\nX-Admin: 1"), 401, "token.claim-invalid"),
    ],
    26: [
        Case("bound, and no certificate", lambda: good(cnf={"x5t#S256": "A" * 43}), 401, "token.not-bound-to-certificate"),
        Case("bound to nothing that can be checked", lambda: good(cnf={"x5t#S256": "00" * 32}), 401, "token.claim-invalid"),
    ],
    27: [
        *(Case(f"tenant {value!r}", lambda value=value: good(tenantId=value), 403, reason, "/rights")
          for value, reason in ((None, "tenant.missing"), (["t1"], "tenant.missing"), ("t2", "tenant.mismatch"), ("T1", "tenant.mismatch"), ("*", "tenant.mismatch"))),
        *(Case(f"permissions {value!r}", lambda value=value: good(permissions=value), 403, reason, "/rights")
          for value, reason in (
              (None, "permission.missing"), ("read", "permission.invalid"), ({"accounts": "read"}, "permission.invalid"),
              ({"accounts": ["*"]}, "permission.missing"), ({"accounts": ["r\u0435ad"]}, "permission.missing"), ({"*": ["read"]}, "permission.missing"),
              ({"accounts": {"read": True}}, "permission.invalid"), ({"accounts": [["read"]]}, "permission.invalid"))),
    ],
    28: [
        Case("another key", lambda: bearer(new_key()[0].encode()), 401, "api-key.invalid", "/key"),
        Case("a key that is nearly one", lambda: bearer(KEY[:-1].encode()), 401, "api-key.invalid", "/key"),
        Case("the digest for the key", lambda: bearer(DIGEST.encode()), 401, "api-key.invalid", "/key"),
        Case("another password", lambda: b"Authorization: Basic " + b64encode(b"alice:wrong") + b"\r\n", 401, "password.invalid", "/basic"),
        Case("an unknown user", lambda: b"Authorization: Basic " + b64encode(b"bob:correct horse") + b"\r\n", 401, "password.invalid", "/basic"),
        Case("the hash for the password", lambda: b"Authorization: Basic " + b64encode(b"alice:" + HASHED.encode()) + b"\r\n", 401, "password.invalid", "/basic"),
    ],
    65: [
        Case("a key set that cannot be had", lambda: good(iss="http://127.0.0.1:1"), 503, "keys.unavailable", "/down"),
        Case("a vault that does not answer", lambda: b"", 503, "credential.unavailable", "/away"),
    ],
}  # fmt: skip


def _each(number: int) -> Any:
    return pytest.mark.parametrize("case", CASES[number], ids=lambda case: case.name)


async def refused(field: Field, case: Case) -> Answered:
    """Send it, and see that it ends where it should."""
    async with field.caller() as caller:
        caller.say(f"GET {case.path} HTTP/1.1\r\nHost: a.example\r\n".encode() + case.fields() + b"\r\n")
        answered = await caller.answer()
    told = json.loads(answered.body)
    assert (answered.status, told["reason"]) == (case.status, case.reason)
    assert b"Traceback" not in answered.body
    assert field.upstream.octets == b""
    (line,) = await field.lines(1)
    assert (line["status"], line["reason"]) == (case.status, case.reason)
    if case.status == 503:
        assert b"retry-after: " in answered.head.lower()
    if case.status == 401:
        assert b"www-authenticate: " in answered.head.lower() or case.path.startswith("/none")
    return answered


@pytest.mark.attack(1)
@_each(1)
async def test_a_token_that_nobody_signed_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(2)
@_each(2)
async def test_a_public_key_as_a_shared_secret_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(3)
@_each(3)
async def test_an_algorithm_that_is_not_its_key_s_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(4)
@_each(4)
async def test_a_key_that_is_not_for_signatures_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(5)
@_each(5)
async def test_a_token_that_brings_its_own_key_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(8)
@_each(8)
async def test_a_key_id_that_means_ill_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(13)
@_each(13)
async def test_a_token_of_somebody_else_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(14)
@_each(14)
async def test_a_token_for_somebody_else_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(15)
@_each(15)
async def test_a_token_at_another_time_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(16)
@_each(16)
async def test_a_token_that_demands_what_nobody_knows_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(17)
@_each(17)
async def test_another_kind_of_token_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(18)
@_each(18)
async def test_a_token_that_can_be_read_in_two_ways_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(19)
@_each(19)
async def test_a_second_spelling_of_a_token_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(20)
@_each(20)
async def test_a_token_too_large_to_look_at_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(21)
@_each(21)
async def test_an_envelope_that_costs_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(22)
@_each(22)
async def test_a_signature_that_is_no_number_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(23)
@_each(23)
async def test_a_token_in_another_place_or_in_two_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(24)
@_each(24)
async def test_a_claim_that_ends_a_line_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(26)
@_each(26)
async def test_a_token_of_another_certificate_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(27)
@_each(27)
async def test_rights_that_are_none_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(28)
@_each(28)
async def test_a_secret_that_is_nearly_right_is_refused(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(65)
@_each(65)
async def test_what_cannot_be_known_now_is_503_and_nobody_is_let_in(field: Field, case: Case) -> None:
    await refused(field, case)


@pytest.mark.attack(65)
@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", b"garbage\r\n\r\n", ok(b"<html>"), ok(b"[]"), ok(b'{"active":"true"}'),
     ok(b"x" * (2 << 20)), b"HTTP/1.1 302 Found\r\nLocation: /yes\r\nContent-Length: 0\r\n\r\n", None],
    ids=["500", "garbage", "html", "a list", "a word for yes", "two megabytes", "a redirect", "silence"],
)  # fmt: skip
async def test_whoever_is_asked_and_answers_badly_lets_nobody_in(
    field: Field, web: Origin, answer: bytes | None
) -> None:
    if answer is not None:
        web.answers["/ask"] = answer
    web.answers["/yes"] = ok(b'{"active":true,"sub":"mallory"}')
    word = answer is not None and b'"true"' in answer  # which is a no, as everything is that is not yes
    status, reason = (401, "token.inactive") if word else (503, "introspection.unavailable")
    case = Case("asked", lambda: bearer(b"opaque"), status, reason, "/asked")
    await refused(field, case)
    assert "/yes" not in web.asked


@pytest.mark.attack(6)
@pytest.mark.parametrize("member", ["jku", "x5u"])
async def test_an_address_in_a_token_is_never_asked(field: Field, web: Origin, member: str) -> None:
    web.answers["/evil"] = ok(json.dumps({"keys": [STRANGER.jwk()]}).encode())
    fields = headed(STRANGER, **{member: web.url("/evil")}, x5c=["AA=="])
    await refused(field, Case(member, lambda: fields, 401, "token.signature-invalid"))
    assert not web.asked


@pytest.mark.attack(25)
async def test_what_one_route_has_let_in_another_one_judges_anew(field: Field) -> None:
    shown = good(iss=BANK, tenantId="t2")
    async with field.caller() as caller:
        for path, status in ((b"/bank", 200), (b"/other", 401), (b"/access", 401), (b"/rights", 403), (b"/bank", 200)):
            caller.say(b"GET " + path + b" HTTP/1.1\r\nHost: a.example\r\n" + shown + b"\r\n")
            assert (await caller.answer()).status == status
    assert len(field.upstream.requests) == 2


async def test_what_is_right_is_let_in(field: Field) -> None:
    """Or nothing above would prove anything."""
    shown = (
        ("/bank", good()), ("/bank", headed(RS)), ("/bank", headed(PS)), ("/rights", good()), ("/named", good(name="Zo\xeb")),
        ("/access", bearer(ES.token(claims(iss=ACCESS), typ="at+jwt"))), ("/other", bearer(OTHER.token(claims(iss=ELSE, aud="other")))),
        ("/key", bearer(KEY.encode())), ("/basic", b"Authorization: Basic " + b64encode(b"alice:correct horse") + b"\r\n"),
    )  # fmt: skip
    async with field.caller() as caller:
        for path, fields in shown:
            caller.say(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n".encode() + fields + b"\r\n")
            answered = await caller.answer()
            assert answered.status == 200, (path, answered.body)
