"""Do bound, opaque and key-bound tokens of a real OpenID provider count where they should, and nowhere else?"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.oidc_provider import PATIENCE, Provider, oidc_provider
from tests.support.records import Record
from tests.support.tokens import Signer, b64, request

from ostiary.authn.compile import Around, compose
from ostiary.authn.compose import Every, First
from ostiary.authn.introspection import IntrospectionAuthenticator
from ostiary.config.schema import AuthenticateSpec, IssuerSpec
from ostiary.errors import KeysUnavailable, Unauthenticated
from ostiary.jwks import compile_issuer
from ostiary.model import Certificate, Headers, Principal
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.pki.files import write_certificates, write_identity
from ostiary.reasons import Reason

pytestmark = pytest.mark.integration

EC = Signer("ec-1")
ASKER = Signer("asker-1")
SECRET = "known to this test only"


class World:
    """A provider that speaks TLS, a client with a certificate, and doors of a gateway."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self._stack = stack
        authority = Authority.create("CA")
        client = authority.issue_client(uris=["spiffe://example.com/bank/client"])
        other = authority.issue_client(uris=["spiffe://example.com/bank/other"])
        write_certificates(folder / "ca.pem", [authority.certificate])
        write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("127.0.0.1"))
        write_identity(folder / "client.pem", folder / "client.key", client)
        self.client: Certificate = describe(client.certificate)
        self.other: Certificate = describe(other.certificate)
        pem = ASKER.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.records = {"asker": Record("asker", "asker", SECRET), "signer": Record("signer", "signer", pem)}
        self.provider: Provider

    async def start(self) -> None:
        running = oidc_provider(EC, tls=self.folder, asker=ASKER.jwk(alg=None))
        self.provider = await self._stack.enter_async_context(running)

    async def door(self, block: dict[str, Any]) -> First | Every:
        spec = {"issuer": self.provider.issuer, "audiences": ["urn:accounts:es256"], "authorities": ["file:ca.pem"]}
        issuer = compile_issuer("provider", IssuerSpec.model_validate(spec), self.folder)
        await issuer.start()
        self._stack.push_async_callback(issuer.aclose)
        door = compose(AuthenticateSpec.model_validate(block), Around({"provider": issuer}, self.records, self.folder))
        for one in door.each:
            if isinstance(one, IntrospectionAuthenticator):
                self._stack.push_async_callback(one.aclose)
        return door

    async def post(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> httpx2.Response:
        tls = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        tls.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        async with httpx2.AsyncClient(verify=tls, trust_env=False, timeout=PATIENCE) as client:
            return await client.post(self.provider.issuer + path, data=form, headers=headers)

    async def token(self, client: str, resource: str, headers: dict[str, str] | None = None) -> bytes:
        form = {"grant_type": "client_credentials", "client_id": client, "scope": "read"}
        secret = {"client_secret": SECRET} if client == "robot" else {}
        answer = await self.post("/token", {**form, **secret, "resource": f"urn:accounts:{resource}"}, headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"]).encode()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World(tmp_path, stack)
        await made.start()
        yield made


async def ask(door: First | Every, token: bytes, shown: Certificate | None = None) -> Principal:
    return await door.authenticate(request(b"Bearer " + token, certificate=shown))


async def refused(door: First | Every, token: bytes, shown: Certificate | None = None) -> Reason:
    with pytest.raises(Unauthenticated) as caught:
        await ask(door, token, shown)
    return caught.value.reason


@pytest.mark.attack(26)
async def test_a_certificate_bound_token_counts_with_the_client_s_certificate_only(world: World) -> None:
    token = await world.token("bound", "es256")
    for mode in ("required", "when-present"):
        door = await world.door({"jwt": {"issuers": ["provider"], "bound": mode}})
        found = await ask(door, token, world.client)
        assert found.subject == "bound"
        assert found.claims["cnf"] == {"x5t#S256": world.client.thumbprint}
        assert await refused(door, token, world.other) is Reason.TOKEN_NOT_BOUND
        assert await refused(door, token) is Reason.TOKEN_NOT_BOUND
    plain = await world.token("robot", "es256")
    strict = await world.door({"jwt": {"issuers": ["provider"], "bound": "required"}})
    assert await refused(strict, plain, world.client) is Reason.TOKEN_NOT_BOUND


def introspection(world: World, client: dict[str, Any], **more: Any) -> dict[str, Any]:
    url = world.provider.issuer + "/token/introspection"
    return {"introspection": {"url": url, "client": client, "authorities": ["file:ca.pem"], "cache": "200ms", **more}}


@pytest.mark.parametrize(
    "client",
    [
        {"basic": {"credential": "asker"}},
        {"private_key_jwt": {"credential": "signer", "audience": "ISSUER"}},
        {"certificate": {"client_id": "bound", "certificate": "file:client.pem", "private_key": "file:client.key"}},
    ],
    ids=lambda client: next(iter(client)),
)
async def test_an_opaque_token_is_asked_about_however_the_gateway_proves_itself(
    client: dict[str, Any], world: World
) -> None:
    client = json.loads(json.dumps(client).replace("ISSUER", world.provider.issuer))
    door = await world.door(introspection(world, client, claims={"subject": "client_id"}))
    token = await world.token("robot", "opaque")
    found = await ask(door, token)
    assert (found.subject, found.scopes, found.claims["tenantId"]) == ("robot", "read", "tenant-1")
    assert await refused(door, b"invented") is Reason.TOKEN_INACTIVE


async def test_a_revoked_token_counts_no_longer_than_its_answer(world: World) -> None:
    door = await world.door(introspection(world, {"basic": {"credential": "asker"}}, claims={"subject": "client_id"}))
    token = await world.token("robot", "opaque")
    await ask(door, token)
    form = {"token": token.decode(), "client_id": "robot", "client_secret": SECRET}
    assert (await world.post("/token/revocation", form)).status_code == 200
    began = time.monotonic()
    while time.monotonic() - began < 5:
        try:
            await ask(door, token)
        except Unauthenticated as error:
            reason = error.reason
            break
    else:
        pytest.fail("a revoked token counts for ever")
    assert reason is Reason.TOKEN_INACTIVE
    assert time.monotonic() - began < 2


async def test_an_opaque_token_is_bound_as_the_answer_says(world: World) -> None:
    block = introspection(world, {"basic": {"credential": "asker"}}, claims={"subject": "client_id"}, bound="required")
    door = await world.door(block)
    token = await world.token("bound", "opaque")
    assert (await ask(door, token, world.client)).subject == "bound"
    assert await refused(door, token, world.other) is Reason.TOKEN_NOT_BOUND


@pytest.mark.attack(65)
async def test_a_provider_that_is_gone_is_503_and_wrong_credentials_of_ours_are_too(world: World) -> None:
    door = await world.door(introspection(world, {"basic": {"credential": "asker"}}, timeout="1s"))
    world.records["asker"].put("asker", "wrong")
    with pytest.raises(KeysUnavailable):
        await ask(door, b"anything")
    await world.provider.kill()
    with pytest.raises(KeysUnavailable):
        await ask(door, b"another")


async def test_a_token_of_a_key_counts_with_a_proof_by_that_key(world: World) -> None:
    key, thief = Signer(None), Signer(None)
    token = await world.token("robot", "es256", {"DPoP": proof(key, "POST", world.provider.issuer + "/token").decode()})
    door = await world.door({"jwt": {"issuers": ["provider"], "dpop": "required"}})

    async def show(one: bytes) -> Principal:
        fields = [(b"Authorization", b"DPoP " + token), (b"DPoP", one)]
        return await door.authenticate(request(headers=Headers.of(fields)))

    good = proof(key, "GET", "https://api.example.com/", token)
    assert (await show(good)).subject == "robot"
    for bad in (good, proof(thief, "GET", "https://api.example.com/", token), proof(key, "GET", "https://x/", token)):
        with pytest.raises(Unauthenticated):
            await show(bad)
    assert await refused(door, token) is Reason.TOKEN_NOT_BOUND_TO_KEY


def proof(key: Signer, method: str, url: str, token: bytes | None = None) -> bytes:
    claims: dict[str, Any] = {"jti": b64(hashlib.sha256(str(time.time_ns()).encode()).digest()), "htm": method}
    claims |= {"htu": url, "iat": int(time.time())}
    if token is not None:
        claims["ath"] = b64(hashlib.sha256(token).digest())
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk(kid=None, use=None, alg=None)}
    return key.compact(json.dumps(header), json.dumps(claims))
