"""Does a real OpenID provider give the gateway its tokens, however it proves itself, and do they reach the upstream?"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import import_key
from tests.support.gateway_process import PATIENCE, curl, gateway_process
from tests.support.oidc_provider import Provider, oidc_provider
from tests.support.records import Record
from tests.support.tokens import Signer, b64
from tests.unit.inject.conftest import outbound_of

from ostiary.config.schema import InjectorSpec
from ostiary.errors import CredentialUnavailable, Forbidden
from ostiary.inject import Tools, compile_injectors
from ostiary.inject.each import compile_each
from ostiary.model import Injector, Principal
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.certificate import describe
from ostiary.pki.files import write_certificates, write_identity
from ostiary.reasons import Reason

pytestmark = pytest.mark.integration

EC, ASKER = Signer("ec-1"), Signer("asker-1")
SECRET = "known to this test only"
CERTIFICATE = {"certificate": "file:client.pem", "private_key": "file:client.key"}
SELF_SIGNED = {"certificate": "file:self.pem", "private_key": "file:self.key"}
MACHINE = {
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "response_types": [],
    "id_token_signed_response_alg": "ES256",
}


SOUTH = Record("south", "south", SECRET)
OF_SOUTH = {
    **MACHINE, "client_id": "south", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic",
}  # fmt: skip


class World:
    """A provider that speaks TLS and knows the gateway in five ways, and what the gateway has in its vault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.create("CA")
        self.client = self.authority.issue_client(uris=["spiffe://example.com/bank/client"])
        self.alone = Authority.create("self").issue_client(uris=["spiffe://example.com/self"])
        write_certificates(folder / "ca.pem", [self.authority.certificate])
        write_identity(folder / "server.pem", folder / "server.key", self.authority.issue_server("127.0.0.1"))
        write_identity(folder / "client.pem", folder / "client.key", self.client)
        write_identity(folder / "self.pem", folder / "self.key", self.alone)
        pem = ASKER.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.records: dict[str, Any] = {
            "basic-client": Record("basic-client", "asker", SECRET),
            "post-client": Record("post-client", "robot", SECRET),
            "signer": Record("signer", "signer", pem),
        }
        self.tools = Tools(self.records, folder)
        self.provider: Provider

    def injector(self, client: dict[str, Any], **more: Any) -> Injector:
        block = {
            "issuer": self.provider.issuer, "client": client, "resource": ["urn:accounts:es256"], "scopes": ["read"],
            "authorities": ["file:ca.pem"], **more,
        }  # fmt: skip
        (made,) = compile_injectors([InjectorSpec.model_validate({"oauth2": block})], self.records, self.tools)
        return made

    async def aclose(self) -> None:
        for one in self.tools.made.values():
            await one.aclose()


def self_signed(identity: Identity) -> dict[str, Any]:
    """What the provider knows of a client with a certificate that it made itself (RFC 8705, section 2.2)."""
    numbers = identity.certificate.public_key().public_numbers()  # type: ignore[union-attr]
    der = identity.certificate.public_bytes(Encoding.DER)
    point = {name: b64(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}  # type: ignore[union-attr]
    key = {"kty": "EC", "crv": "P-256", "kid": "self", "x5c": [b64encode(der).decode()], **point}
    return {
        **MACHINE, "client_id": "alone", "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "jwks": {"keys": [key]}, "tls_client_certificate_bound_access_tokens": True,
    }  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        made = World(tmp_path)
        running = oidc_provider(
            EC, tls=tmp_path, asker=ASKER.jwk(alg=None), clients=[self_signed(made.alone), OF_SOUTH]
        )
        made.provider = await stack.enter_async_context(running)
        stack.push_async_callback(made.aclose)
        yield made


async def written(injector: Injector, who: Principal | None = None) -> str:
    outbound = outbound_of(who)
    await injector.inject(outbound)
    value = outbound.headers.get(b"authorization")
    assert value is not None
    return value.decode()


def claims(value: str) -> dict[str, Any]:
    """Judge a token by the provider's key, with another library than the gateway's."""
    return dict(jwt.decode(value.removeprefix("Bearer "), import_key(EC.jwk()), algorithms=["ES256"]).claims)


@pytest.mark.parametrize(
    ("client", "name", "bound_to"),
    [
        ({"basic": {"credential": "basic-client"}}, "asker", None),
        ({"post": {"credential": "post-client"}}, "robot", None),
        ({"private_key_jwt": {"credential": "signer"}}, "signer", None),
        ({"certificate": {"client_id": "bound", **CERTIFICATE}}, "bound", "client"),
        ({"certificate": {"client_id": "alone", **SELF_SIGNED}}, "alone", "alone"),
    ],
    ids=[
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ],
)
async def test_the_gateway_gets_its_token_however_it_proves_itself(
    world: World, client: dict[str, Any], name: str, bound_to: str | None
) -> None:
    injector = world.injector(client, bound=bound_to is not None)
    first = await written(injector)
    said = claims(first)
    assert (said["client_id"], said["aud"], said["scope"]) == (name, "urn:accounts:es256", "read")
    if bound_to is not None:
        certificate = describe(getattr(world, bound_to).certificate)
        assert said["cnf"] == {"x5t#S256": certificate.thumbprint}
    assert await written(injector) == first


async def test_each_tenant_s_own_client_asks_for_its_token(world: World) -> None:
    clients = {"tenants/north": world.records["basic-client"], "tenants/south": SOUTH}
    world.records = {"theirs": compile_each("theirs", "tenants/{principal.tenant}", Clients(clients))}
    injector = world.injector({"basic": {"credential": "theirs"}})
    said = [claims(await written(injector, who)) for who in (of("alice", "north"), of("bob", "south"))]
    assert [one["client_id"] for one in said] == ["asker", "south"]
    assert await written(injector, of("carol", "south")) == await written(injector, of("bob", "south"))
    with pytest.raises(Forbidden):
        await written(injector, of("eve", None))
    with pytest.raises(CredentialUnavailable) as told:
        await written(injector, of("mallory", "west"))
    assert told.value.reason is Reason.CREDENTIAL_UNUSABLE


def of(subject: str, tenant: str | None) -> Principal:
    return Principal(subject, "bank", "jwt", tenant=tenant)


class Clients:
    """A vault with a client in each record; those that are not in it are of no use to the issuer."""

    def __init__(self, records: dict[str, Record]) -> None:
        self._records = records

    def member(self, path: str) -> Any:
        return Member(self._records.get(path) or Record(path, "nobody", "canary"))


class Member:
    """A record that can be let go."""

    alias = "theirs"

    def __init__(self, record: Record) -> None:
        self.get = record.get

    def release(self) -> None:
        """Nothing is held."""


async def test_a_token_that_should_be_bound_and_is_not_is_never_shown(world: World) -> None:
    spec = {"certificate": {"client_id": "free", **CERTIFICATE}}
    free = {
        **MACHINE, "client_id": "free", "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_uri": "spiffe://example.com/bank/client",
    }  # fmt: skip
    await world.provider.kill()
    world.provider._asker["clients"] = [free]
    await world.provider.start(EC)
    assert claims(await written(world.injector(spec)))["client_id"] == "free"
    with pytest.raises(CredentialUnavailable) as caught:
        await written(world.injector(spec, bound=True))
    assert caught.value.reason is Reason.CREDENTIAL_UNUSABLE


async def test_wrong_proof_and_a_provider_that_is_gone_are_503_and_never_401(world: World) -> None:
    world.records["basic-client"].put("asker", "wrong")
    with pytest.raises(CredentialUnavailable) as caught:
        await written(world.injector({"basic": {"credential": "basic-client"}}))
    assert (caught.value.status, caught.value.reason) == (503, Reason.CREDENTIAL_UNUSABLE)
    kept = world.injector({"post": {"credential": "post-client"}})
    first = await written(kept)
    await world.provider.kill()
    assert await written(kept) == first
    with pytest.raises(CredentialUnavailable) as caught:
        await written(world.injector({"private_key_jwt": {"credential": "signer"}}, timeout="1s"))
    assert caught.value.retry_after
    await world.provider.start(EC)


async def test_a_secret_that_changes_in_the_vault_is_used_for_the_next_token(world: World) -> None:
    world.records["basic-client"].put("asker", "wrong")
    injector = world.injector({"basic": {"credential": "basic-client"}})
    with pytest.raises(CredentialUnavailable):
        await written(injector)
    world.records["basic-client"].put("asker", SECRET)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                assert claims(await written(injector))["client_id"] == "asker"
            except CredentialUnavailable:
                await asyncio.sleep(0.1)
            else:
                break


# --- the whole way: the token reaches an upstream that asks for the certificate it is bound to ---------------

FILE = """\
version: 1
listeners: {{public: {{bind: "127.0.0.1:0"}}}}
upstreams:
  accounts:
    endpoints: ["https://127.0.0.1:{port}"]
    tls: {{trusted: [file:ca.pem], client: {{certificate: file:client.pem, private_key: file:client.key}}}}
  stranger:
    endpoints: ["https://127.0.0.1:{port}"]
    tls: {{trusted: [file:ca.pem]}}
routes:
  - name: bound
    match: {{path: /bound/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject:
      - oauth2:
          issuer: {issuer}
          client: {{certificate: {{client_id: bound, certificate: file:client.pem, private_key: file:client.key}}}}
          resource: ["urn:accounts:es256"]
          authorities: [file:ca.pem]
          bound: true
    upstream: accounts
  - name: stolen
    match: {{path: /stolen/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject:
      - oauth2:
          issuer: {issuer}
          client: {{certificate: {{client_id: bound, certificate: file:client.pem, private_key: file:client.key}}}}
          resource: ["urn:accounts:es256"]
          authorities: [file:ca.pem]
    upstream: stranger
"""


class Resource:
    """A resource server by the book (RFC 8705, section 3): the token's certificate is the connection's, or 401.

    It takes back the first `rejects` tokens that it sees, as one does whose sessions were lost.
    """

    def __init__(self) -> None:
        self.rejects = 0
        self.rejected: set[str] = set()
        self.seen: list[tuple[str, int]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        thumbprint = None if der is None else b64(hashlib.sha256(der).digest())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                token = next(line[22:] for line in head.split("\r\n") if line.startswith("Authorization: Bearer "))
                status = self._judge(token, thumbprint)
                self.seen.append((token, status))
                phrase = {200: "OK", 401: "Unauthorized"}[status]
                body = json.dumps({"status": status}).encode()
                writer.write(f"HTTP/1.1 {status} {phrase}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _judge(self, token: str, thumbprint: str | None) -> int:
        if token in self.rejected or len(self.rejected) < self.rejects:
            self.rejected.add(token)
            return 401
        return 200 if claims(token).get("cnf") == {"x5t#S256": thumbprint} else 401


async def test_a_bound_token_and_its_certificate_reach_the_upstream_together_and_rotate_together(
    world: World, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    tls.load_verify_locations(tmp_path / "ca.pem")
    tls.verify_mode = ssl.CERT_OPTIONAL
    resource = Resource()
    resource.rejects = 1
    server = await asyncio.start_server(resource.serve, "127.0.0.1", 0, ssl=tls)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(port=server.sockets[0].getsockname()[1], issuer=world.provider.issuer))
    async with server, gateway_process(file) as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        first = await curl(tmp_path, url + "/bound/a")
        again = await curl(tmp_path, url + "/bound/b", "-d", "body")
        stolen = await curl(tmp_path, url + "/stolen/a")
        rotated = world.authority.issue_client(uris=["spiffe://example.com/bank/client"])
        write_identity(tmp_path / "client.pem", tmp_path / "client.key", rotated)
        thumbprint = describe(rotated.certificate).thumbprint
        async with asyncio.timeout(PATIENCE):
            while claims(resource.seen[-1][0])["cnf"] != {"x5t#S256": thumbprint}:
                assert (await curl(tmp_path, url + "/bound/c")).status == 200
        await gateway.stop()
    assert (first.status, again.status, stolen.status) == (200, 200, 502)
    statuses = [status for _, status in resource.seen]
    assert statuses[:3] == [401, 200, 200]
    tokens = [token for token, _ in resource.seen]
    assert tokens[0] != tokens[1] == tokens[2]
    said = gateway.said().decode()
    assert "token obtained" in said
    assert not [token for token in tokens if token in said]
    assert statuses[4:].count(401) == 1  # the one that was stolen, tried with another token
