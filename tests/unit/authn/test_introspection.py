"""What does an opaque token stand for, and how often is its issuer asked? (RFC 7662)"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.origin import Origin, ok, origin
from tests.support.records import Record
from tests.support.tokens import NOW, Clock, Signer, certificate, issuer, request

from ostiary.authn.compile import Around, compose
from ostiary.authn.compose import First
from ostiary.authn.introspection import AskError, IntrospectionAuthenticator
from ostiary.config.schema import AuthenticateSpec, IntrospectionSpec
from ostiary.errors import ConfigError, InvalidToken, KeysUnavailable, Unauthenticated
from ostiary.model import Principal
from ostiary.oauth.client import SignedClient
from ostiary.reasons import Reason

GOOD = {"active": True, "sub": "alice", "scope": "read write", "client_id": "robot", "exp": NOW + 300}


class Book:
    """An endpoint in memory."""

    def __init__(self, **tokens: dict[str, Any]) -> None:
        self.tokens = {"good": GOOD, **tokens}
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        self.down = self.closed = False

    async def ask(self, token: str) -> dict[str, Any]:
        self.asked.append(token)
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise AskError("down")
        return self.tokens.get(token, {"active": False})

    async def aclose(self) -> None:
        self.closed = True


class Stage:
    def __init__(self, book: Book | None = None, **block: Any) -> None:
        self.book = book or Book()
        self.clock = Clock(NOW)
        spec = IntrospectionSpec.model_validate(
            {"url": "https://id.example.com/ask", "client": {"basic": {"credential": "us"}}, **block}
        )
        self.authenticator = IntrospectionAuthenticator(spec, self.book, clock=self.clock)

    async def ask(self, token: str = "good", cert: Any = None) -> Principal | None:
        return await self.authenticator.authenticate(request(b"Bearer " + token.encode(), certificate=cert))

    async def refused(self, token: str, cert: Any = None) -> Reason:
        with pytest.raises(InvalidToken) as caught:
            await self.ask(token, cert)
        return caught.value.reason


async def test_an_active_token_is_whom_its_issuer_says() -> None:
    found = await Stage(name="bank").ask()
    assert found is not None
    assert (found.subject, found.issuer, found.method) == ("alice", "bank", "introspection")
    assert (found.scopes, found.expires) == ("read write", NOW + 300)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"active": False}, Reason.TOKEN_INACTIVE),
        ({}, Reason.TOKEN_INACTIVE),
        ({**GOOD, "active": "true"}, Reason.TOKEN_INACTIVE),
        ({**GOOD, "active": 1}, Reason.TOKEN_INACTIVE),
        ({**GOOD, "aud": "us", "exp": NOW - 1}, Reason.TOKEN_EXPIRED),
        ({**GOOD, "aud": "us", "nbf": NOW + 60}, Reason.TOKEN_NOT_YET_VALID),
        ({**GOOD, "aud": "us", "exp": "soon"}, Reason.TOKEN_CLAIM_INVALID),
        ({**GOOD, "iss": "https://evil.example"}, Reason.TOKEN_ISSUER_UNKNOWN),
        ({**GOOD, "aud": "others"}, Reason.TOKEN_AUDIENCE_MISMATCH),
        ({**GOOD, "aud": None}, Reason.TOKEN_CLAIM_INVALID),
        ({"active": True, "aud": "us"}, Reason.TOKEN_CLAIM_MISSING),
        ({**GOOD, "aud": "us", "sub": "a\r\nb"}, Reason.TOKEN_CLAIM_INVALID),
        ({**GOOD, "aud": "us", "cnf": {"jkt": "x"}}, Reason.TOKEN_CLAIM_INVALID),
    ],
)
async def test_what_does_not_count_is_refused_with_its_reason(answer: dict[str, Any], reason: Reason) -> None:
    stage = Stage(Book(t=answer), issuer="https://id.example.com", audiences=["us"])
    assert await stage.refused("t") is reason


async def test_without_a_lifetime_a_token_counts_until_it_is_asked_about_again() -> None:
    stage = Stage(Book(t={"active": True, "sub": "alice"}))
    found = await stage.ask("t")
    assert found is not None
    assert found.expires is None
    stage.book.tokens["t"] = {"active": False}
    assert await stage.ask("t")
    stage.clock.now += 30
    assert await stage.refused("t") is Reason.TOKEN_INACTIVE


async def test_an_answer_is_used_for_a_while_and_never_beyond_the_token() -> None:
    stage = Stage(Book(t={**GOOD, "exp": NOW + 10}))
    for _ in range(100):
        await stage.ask("t")
    assert len(stage.book.asked) == 1
    stage.clock.now += 10
    assert await stage.refused("t") is Reason.TOKEN_EXPIRED


async def test_a_refusal_is_used_for_five_seconds() -> None:
    stage = Stage()
    for _ in range(100):
        assert await stage.refused("bad") is Reason.TOKEN_INACTIVE
    assert len(stage.book.asked) == 1
    stage.clock.now += 5
    await stage.refused("bad")
    assert len(stage.book.asked) == 2


async def test_a_crowd_with_one_token_asks_once() -> None:
    stage = Stage()
    stage.book.gate = asyncio.Event()
    crowd = [asyncio.create_task(stage.ask()) for _ in range(50)]
    await asyncio.sleep(0.01)
    crowd[0].cancel()  # one that goes away takes nobody with him
    stage.book.gate.set()
    assert len(await asyncio.gather(*crowd[1:])) == 49
    assert stage.book.asked == ["good"]


async def test_a_flood_of_invented_tokens_is_no_flood_of_questions() -> None:
    stage = Stage()
    stage.book.gate = asyncio.Event()
    flood = [asyncio.create_task(stage.ask(f"t{n}")) for n in range(500)]
    await asyncio.sleep(0.01)
    assert len(stage.book.asked) == 100
    stage.book.gate.set()
    ended = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(one, KeysUnavailable) for one in ended) == 400


async def test_nobody_to_ask_is_503_and_what_is_known_counts_on() -> None:
    stage = Stage()
    await stage.ask()
    stage.book.down = True
    assert await stage.ask()
    with pytest.raises(KeysUnavailable) as caught:
        await stage.ask("new")
    assert (caught.value.reason, caught.value.retry_after) == (Reason.INTROSPECTION_UNAVAILABLE, 5)
    stage.book.down = False
    assert await stage.refused("new") is Reason.TOKEN_INACTIVE


async def test_a_bound_token_counts_with_its_certificate_only() -> None:
    mine = certificate(b"mine")
    stage = Stage(Book(t={**GOOD, "cnf": {"x5t#S256": mine.thumbprint}}))
    assert await stage.ask("t", mine)
    assert await stage.refused("t", certificate(b"other")) is Reason.TOKEN_NOT_BOUND
    assert await stage.refused("t") is Reason.TOKEN_NOT_BOUND
    strict = Stage(bound="required")
    assert await strict.refused("good", mine) is Reason.TOKEN_NOT_BOUND


async def test_tokens_are_bounded_and_no_token_is_no_evidence() -> None:
    stage = Stage()
    assert await stage.refused("x" * 5000) is Reason.TOKEN_TOO_LARGE
    for odd in ("a b", "gööd", "a%00", "=x"):
        assert await stage.refused(odd) is Reason.TOKEN_MALFORMED
    assert await stage.authenticator.authenticate(request()) is None
    assert stage.book.asked == []


# --- over the wire -----------------------------------------------------------------------------

BANK = Signer("bank")


@pytest.fixture
async def web() -> AsyncIterator[Origin]:
    async with origin() as running:
        running.answers["/ask"] = ok(json.dumps(GOOD).encode())
        yield running


def wired(web: Origin, folder: Path, client: dict[str, Any], *, record: Record | None = None, **around: Any) -> First:
    patience = around.pop("timeout", "10s")
    block = {"introspection": {"url": web.url("/ask"), "client": client, "timeout": patience}}
    spec = AuthenticateSpec.model_validate({"any": [block, *around.pop("beside", ())]})
    us = record or Record("us", "gate:way", "p+ss word")
    composed = compose(spec, Around(around.pop("issuers", {}), {"us": us}, folder, Clock(NOW)))
    assert isinstance(composed, First)
    return composed


async def asked(authenticator: First, token: bytes = b"opaque") -> Principal:
    try:
        return await authenticator.authenticate(request(b"Bearer " + token))
    finally:
        for one in authenticator.each:
            if isinstance(one, IntrospectionAuthenticator):
                await one.aclose()


async def test_the_gateway_proves_itself_by_a_secret_in_either_place(web: Origin, tmp_path: Path) -> None:
    assert (await asked(wired(web, tmp_path, {"basic": {"credential": "us"}}))).subject == "alice"
    head = web.heads[-1].lower()
    assert b"authorization: basic z2f0zsuzqxdhetpwjtjcc3mrd29yza==\r\n" in head  # gate%3Away:p%2Bss+word
    assert b"accept-encoding: identity" in head
    await asked(wired(web, tmp_path, {"post": {"credential": "us"}}))
    assert b"authorization" not in web.heads[-1].lower()


async def test_the_gateway_proves_itself_by_an_assertion(web: Origin, tmp_path: Path) -> None:
    key = Signer(None)
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    proven = await SignedClient(Record("us", "gateway", pem), "https://id.example.com", "k1").prove()
    assertion = proven.form["client_assertion"]
    claims = pyjwt.decode(assertion, key.private.public_key(), ["ES256"], audience="https://id.example.com")
    assert (claims["iss"], claims["sub"], claims["exp"] - claims["iat"]) == ("gateway", "gateway", 60)
    assert pyjwt.get_unverified_header(assertion)["kid"] == "k1"
    client = {"private_key_jwt": {"credential": "us"}}
    assert await asked(wired(web, tmp_path, client, record=Record("us", "gateway", pem)))
    with pytest.raises(KeysUnavailable):
        await asked(wired(web, tmp_path, client, record=Record("us", "gateway", "no key")))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /ask2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        ok(b"<html>"),
        ok(b"[]"),
        ok(b'{"active":true,"active":false}'),
        ok(b"{" + b" " * (70 << 10) + b"}"),
        ok(b"{}", "Content-Encoding: gzip"),
        b"nonsense\r\n\r\n",
    ],
)
async def test_an_answer_that_cannot_be_read_is_503_and_never_yes_or_no(
    answer: bytes, web: Origin, tmp_path: Path
) -> None:
    web.answers["/ask"] = answer
    with pytest.raises(KeysUnavailable):
        await asked(wired(web, tmp_path, {"basic": {"credential": "us"}}))


@pytest.mark.attack(65)
async def test_an_endpoint_that_hangs_is_503_in_time(web: Origin, tmp_path: Path) -> None:
    async def hang(_: asyncio.StreamWriter) -> None:
        await asyncio.sleep(20)

    web.answers["/ask"] = hang
    began = asyncio.get_running_loop().time()
    with pytest.raises(KeysUnavailable):
        await asked(wired(web, tmp_path, {"basic": {"credential": "us"}}, timeout="500ms"))
    assert asyncio.get_running_loop().time() - began < 10


async def test_our_own_credential_that_cannot_be_had_is_503(web: Origin, tmp_path: Path) -> None:
    us = Record("us", "a", "b")
    us.available = False
    with pytest.raises(KeysUnavailable):
        await asked(wired(web, tmp_path, {"basic": {"credential": "us"}}, record=us))


async def test_signed_and_opaque_tokens_have_a_judge_each_on_one_route(web: Origin, tmp_path: Path) -> None:
    bank = issuer(BANK)
    await bank.start()
    around = {"issuers": {"bank": bank}, "beside": [{"jwt": {"issuers": ["bank"]}}]}
    composed = wired(web, tmp_path, {"basic": {"credential": "us"}}, **dict(around))
    assert (await composed.authenticate(request(b"Bearer " + BANK.token()))).method == "jwt"
    assert (await composed.authenticate(request(b"Bearer opaque"))).method == "introspection"
    with pytest.raises(Unauthenticated) as caught:  # a bad signed token is not asked about
        await composed.authenticate(request(b"Bearer " + BANK.token()[:-4] + b"AAAA"))
    assert caught.value.reason is Reason.TOKEN_SIGNATURE_INVALID
    assert web.asked == {"/ask": 1}
    await asked(composed)
    await bank.aclose()


@pytest.mark.parametrize(
    "client",
    [
        {"basic": {"credential": "nobody"}},
        {"certificate": {"client_id": "x", "certificate": "file:a", "private_key": "file:b"}},
    ],
)
def test_what_cannot_work_stops_the_start(client: dict[str, Any], tmp_path: Path) -> None:
    block = {"introspection": {"url": "https://id.example.com/ask", "client": client}}
    with pytest.raises(ConfigError):
        compose(AuthenticateSpec.model_validate(block), Around({}, {}, tmp_path))
