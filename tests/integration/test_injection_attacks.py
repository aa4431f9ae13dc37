"""Can a caller speak in the gateway's name, see what it shows to services, or profit when that cannot be had?"""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.attack import Field, battlefield
from tests.support.origin import Origin, ok, origin
from tests.support.records import Record

from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.errors import ConfigError

pytestmark = pytest.mark.integration

CANARY = "canary-7f31c0"
FILE = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0"}}
vaults:
  local: {{type: local, path: vault.db, master_key: env:NOWHERE}}
credentials:
  account: {{vault: local}}
  word: {{vault: local}}
  client: {{vault: local}}
  crm: {{vault: local, path: "{{principal.tenant}}/crm"}}
upstreams:
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"], timeouts: {{response: 500ms}}}}
routes:
  - name: written
    match: {{path: /written/**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - basic: {{credential: account, on_reject: replay}}
      - header: {{name: X-Key, credential: word}}
      - cookie: {{name: sid, credential: word}}
      - query: {{name: key, credential: word}}
    upstream: canary
  - name: token
    match: {{path: /token/**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - oauth2:
          token_url: {issuer}/token
          client: {{basic: {{credential: client}}}}
          timeout: 1s
          {more}
    upstream: canary
  - name: exchange
    match: {{path: /exchange/**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - token_exchange: {{token_url: {issuer}/token, client: {{basic: {{credential: client}}}}}}
    upstream: canary
"""


@pytest.fixture
async def issuer() -> AsyncIterator[Origin]:
    async with origin() as running:
        running.answers["/token"] = ok(
            json.dumps({"access_token": f"token-{CANARY}", "token_type": "Bearer", "expires_in": 60}).encode()
        )
        yield running


def records() -> dict[str, Record]:
    return {
        "account": Record("account", "svc", f"password-{CANARY}"),
        "word": Record("word", "", f"word-{CANARY}"),
        "client": Record("client", "gateway", f"secret-{CANARY}"),
        "crm": Record("crm", "svc", f"crm-{CANARY}"),
    }


@pytest.fixture
async def field(tmp_path: Path, issuer: Origin) -> AsyncIterator[Field]:
    given: Any = records()
    async with battlefield(tmp_path, text=FILE, sources=given, issuer=issuer.url(), more="scopes: [read]") as one:
        yield one


async def ask(field: Field, path: str, *fields: str, more: str = "") -> tuple[int, bytes]:
    """Ask, and return the status and every octet of the answer."""
    lines = [f"GET {path} HTTP/1.1", "Host: a", "Connection: close", *fields, "", more]
    said = await field.send("\r\n".join(lines).encode())
    return int(said.split(b" ")[1]), said


EVIL = (
    "Authorization: Basic EVIL", "Cookie: a=1; sid=EVIL; b=2", "Cookie: SID=EVIL", "X-Key: EVIL", "x_key: EVIL",
    "X.Key: EVIL", "x-KEY: EVIL",
)  # fmt: skip


@pytest.mark.attack(44)
async def test_nothing_that_the_caller_says_under_the_gateway_s_names_reaches_the_service(field: Field) -> None:
    status, _ = await ask(field, "/written/a?a=1&key=EVIL&%6bey=EVIL&KEY=EVIL&b=2", *EVIL)
    assert status == 200
    (head,) = field.upstream.requests
    assert b"EVIL" not in head
    lines = head.split(b"\r\n")
    assert lines[0] == f"GET /written/a?a=1&b=2&key=word-{CANARY} HTTP/1.1".encode()
    assert [line for line in lines if line.lower().startswith((b"cookie", b"x-key", b"x_key", b"x.key"))] == [
        f"X-Key: word-{CANARY}".encode(),
        f"Cookie: a=1; b=2; sid=word-{CANARY}".encode(),
    ]
    assert len([line for line in lines if line.lower().startswith(b"authorization")]) == 1


@pytest.mark.attack(44)
@pytest.mark.parametrize("cookie", ["a=1, sid=EVIL", "a=1 sid=EVIL", '$Version=1; a="1", sid=EVIL'])
async def test_what_only_some_services_would_take_for_the_gateway_s_is_refused(field: Field, cookie: str) -> None:
    status, _ = await ask(field, "/written/a", f"Cookie: {cookie}")
    assert (status, field.upstream.octets) == (400, b"")


TROUBLE = {
    "it closes": b"",
    "no HTTP": b"garbage\r\n\r\n",
    "a second length": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "it says 401": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
    "it breaks off": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nab",
}


@pytest.mark.attack(44)
@pytest.mark.parametrize("route", ["/written/a", "/token/a"])
@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
async def test_what_the_service_is_shown_is_in_no_answer_and_in_no_log(
    field: Field, route: str, trouble: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    field.upstream.answers[route] = trouble
    target = route + (f"?key=word-{CANARY}" if route.startswith("/written") else "")
    field.upstream.answers[target] = trouble
    _, said = await ask(field, route)
    assert field.upstream.octets
    await field.lines(1)
    told = capfd.readouterr()
    for place in (said, field.log.read_bytes(), told.out.encode(), told.err.encode()):
        assert CANARY.encode() not in place


@pytest.mark.attack(44)
async def test_a_redirect_of_the_service_tells_what_the_service_wrote_and_nothing_of_the_gateway(field: Field) -> None:
    field.upstream.answers["/token/a"] = (
        b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
    )
    status, said = await ask(field, "/token/a")
    assert status == 302
    assert CANARY.encode() not in said
    assert len(field.upstream.requests) == 1


@pytest.mark.attack(44)
async def test_a_caller_without_a_verified_token_has_nothing_to_exchange(field: Field, issuer: Origin) -> None:
    status, _ = await ask(field, "/exchange/a", "Authorization: Bearer somebody.elses.token")
    assert (status, field.upstream.octets, issuer.asked["/token"]) == (403, b"", 0)


GOOD = {"access_token": "t", "token_type": "Bearer"}
BAD = {
    "an error": (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"),
    "a refusal": b'HTTP/1.1 400 B\r\nContent-Length: 27\r\n\r\n{"error": "invalid_client"}',
    "nothing": b"",
    "a page": ok(b"<html>welcome</html>"),
    "another type": ok(json.dumps({**GOOD, "token_type": "mac"}).encode()),
    "no token": ok(b'{"token_type": "Bearer"}'),
    "a token that ends a line": ok(json.dumps({**GOOD, "access_token": "a\r\nX-Admin: 1"}).encode()),
    "a number": ok(json.dumps({**GOOD, "access_token": 7}).encode()),
    "a life that is over": ok(json.dumps({**GOOD, "expires_in": 0}).encode()),
    "members that stand twice": ok(b'{"access_token": "a", "token_type": "Bearer", "access_token": "b"}'),
    "a redirect": b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
}


@pytest.mark.attack(65)
@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_an_issuer_that_answers_badly_is_503_and_nothing_reaches_the_service(
    tmp_path: Path, issuer: Origin, answer: bytes
) -> None:
    issuer.answers["/token"] = answer
    given: Any = records()
    async with battlefield(tmp_path, text=FILE, sources=given, issuer=issuer.url(), more="scopes: [a]") as field:
        for _ in range(3):
            status, said = await ask(field, "/token/a")
            assert status == 503
            assert b"\r\nRetry-After: " in said
        assert field.upstream.octets == b""
        assert issuer.asked["/token"] <= 2
        lines = await field.lines(3)
    assert {line["status"] for line in lines} == {503}


@pytest.mark.attack(62)
async def test_compressed_and_endless_answers_of_an_issuer_are_not_read(tmp_path: Path, issuer: Origin) -> None:
    bomb = gzip.compress(b'{"access_token": "' + b"a" * (20 << 20) + b'", "token_type": "Bearer"}')
    given: Any = records()
    for content, fields in ((bomb, ("Content-Encoding: gzip",)), (b"{" + b" " * (1 << 20), ())):
        issuer.answers["/token"] = ok(content, *fields)
        async with battlefield(tmp_path, text=FILE, sources=given, issuer=issuer.url(), more="scopes: [a]") as field:
            status, _ = await ask(field, "/token/a")
            assert (status, field.upstream.octets) == (503, b"")


@pytest.mark.attack(45)
async def test_what_an_issuer_says_makes_no_line_of_the_log(tmp_path: Path, issuer: Origin) -> None:
    evil = 'x"}\n{"event": "forged", "decision": "allow"}'
    content = json.dumps({"error": evil, "error_description": evil}).encode()
    issuer.answers["/token"] = b"HTTP/1.1 400 B\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)
    given: Any = records()
    async with battlefield(tmp_path, text=FILE, sources=given, issuer=issuer.url(), more="scopes: [a]") as field:
        await ask(field, "/token/a")
        (line,) = await field.lines(1)
    assert line["status"] == 503
    assert "forged" not in json.dumps(line)


@pytest.mark.attack(57)
@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate\n", b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"]
)
def test_authorities_that_are_missing_or_empty_stop_the_start(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(upstream=9, issuer="https://id.example.com", more="authorities: [file:ca.pem]"))
    given: Any = records()
    with pytest.raises(ConfigError, match="authorities"):
        compile_gateway(load(file), sources=given)


@pytest.mark.attack(57)
async def test_a_vault_that_is_down_at_the_start_is_503_and_no_empty_secret(tmp_path: Path, issuer: Origin) -> None:
    given: Any = records()
    for one in given.values():
        one.available = False
    async with battlefield(tmp_path, text=FILE, sources=given, issuer=issuer.url(), more="scopes: [a]") as field:
        for path in ("/written/a", "/token/a"):
            status, _ = await ask(field, path)
            assert status == 503
        assert field.upstream.octets == b""
        assert issuer.asked["/token"] == 0
