"""Do those who verify our tokens notice when the key that signs them is rotated? Three libraries, two languages."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from tests.support.gateway_process import GatewayProcess, gateway_process, ostiary
from tests.support.oidc_provider import HOME, node
from tests.support.softhsm import PIN, TOKEN, SoftHsm

from ostiary.vault.local import new_key_text

pytestmark = pytest.mark.integration

MAX_AGE = 1.0  # seconds for which verifiers remember the key set
FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:0"}}
vaults:
  local: {{type: local, path: vault.db, master_key: file:master}}
keys:
  identity: {{type: local, vault: local, publish_before: 4s, keep: 30s}}
publication:
  issuer: http://127.0.0.1
  keys: [identity]
  max_age: 1s
  listeners: all
upstreams:
  echo: {{endpoints: ["http://127.0.0.1:{port}"]}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - identity: {{key: identity, issuer: "http://127.0.0.1", audience: [orders], lifetime: 15s}}
    upstream: echo
"""


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with the token that one was shown."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            (token,) = [
                line[7:] for line in head.split(b"\r\n") if line.lower().startswith(b"authorization: bearer ")
            ] or [b""]
            token = token.split(b" ")[-1]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(token), token))
    writer.close()


@dataclass
class Verifier:
    """One who remembers the key set for as long as he may, and asks anew for nothing before that."""

    url: str
    judge: Callable[[str, dict[str, Any]], None]
    fetched: float = -10.0
    document: dict[str, Any] = field(default_factory=dict)

    async def verify(self, client: httpx2.AsyncClient, token: str) -> None:
        if time.monotonic() >= self.fetched + MAX_AGE:
            self.fetched = time.monotonic()
            reply = await client.get(self.url)
            assert reply.headers["cache-control"] == "public, max-age=1"
            self.document = reply.json()
        self.judge(token, self.document)


def by_pyjwt(token: str, document: dict[str, Any]) -> None:
    key = jwt.PyJWKSet.from_dict(document)[jwt.get_unverified_header(token)["kid"]]
    jwt.decode(token, key, algorithms=["ES256", "RS256"], audience="orders", issuer="http://127.0.0.1")


def by_joserfc(token: str, document: dict[str, Any]) -> None:
    found = joserfc_jwt.decode(token, KeySet.import_key_set(document), algorithms=["ES256", "RS256"])
    joserfc_jwt.JWTClaimsRegistry(aud={"essential": True, "value": "orders"}).validate(found.claims)


class Node:
    """The same in JavaScript: jose, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def verify(self, token: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(token.encode() + b"\n")
        return (await asyncio.wait_for(self._process.stdout.readline(), 15)).decode().strip()


@asynccontextmanager
async def node_verifier(url: str) -> AsyncIterator[Node]:
    words = (node(), HOME / "verify.mjs", url, str(int(MAX_AGE * 1000)), "http://127.0.0.1")
    process = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    try:
        yield Node(process)
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "master").write_text(new_key_text())
    (tmp_path / "master").chmod(0o600)
    return tmp_path


@pytest.fixture
async def gateway(folder: Path) -> AsyncIterator[GatewayProcess]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    file = folder / "gateway.yaml"
    file.write_text(FILE.format(port=server.sockets[0].getsockname()[1]))
    await ostiary("keys", "generate", "identity", "--config", file)
    try:
        async with gateway_process(file) as running:
            yield running
    finally:
        server.close()


async def test_no_valid_token_stops_verifying_through_rotations(gateway: GatewayProcess, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{gateway.port}"
    url = f"{base}/.well-known/jwks.json"
    verifiers = [Verifier(url, by_pyjwt), Verifier(url, by_joserfc)]
    kids: dict[str, float] = {}
    tokens: list[str] = []
    began, rotations = time.monotonic(), [(1.0, "ec-p256"), (3.0, "rsa-2048")]
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as client, node_verifier(url) as other:
        while len(kids) < 3:
            assert time.monotonic() < began + 40, f"only {len(kids)} keys have signed"
            if rotations and time.monotonic() > began + rotations[0][0]:
                await ostiary(
                    "keys", "rotate", "identity", "--kind", rotations.pop(0)[1], "--config", tmp_path / "gateway.yaml"
                )
            token = (await client.get(f"{base}/orders")).text
            kids.setdefault(jwt.get_unverified_header(token)["kid"], time.monotonic())
            tokens.append(token)
            tokens = [one for one in tokens if expires(one) > time.time() + 8]
            for one in {tokens[0], token} if tokens else {token}:  # the oldest that is still valid, and the newest
                for verifier in verifiers:
                    await verifier.verify(client, one)
                assert await other.verify(one) == "ok somebody"
            await asyncio.sleep(0.02)
        discovery = (await client.get(f"{base}/.well-known/openid-configuration")).json()
    assert discovery["jwks_uri"] == "http://127.0.0.1/.well-known/jwks.json"
    assert discovery["id_token_signing_alg_values_supported"] == ["ES256", "RS256"]


def expires(token: str) -> float:
    return float(jwt.decode(token, options={"verify_signature": False})["exp"])


async def test_a_disabled_key_signs_no_more_and_is_published_no_more(gateway: GatewayProcess, tmp_path: Path) -> None:
    base, config = f"http://127.0.0.1:{gateway.port}", ("--config", tmp_path / "gateway.yaml")
    await ostiary("keys", "rotate", "identity", "--now", *config)
    await ostiary("keys", "disable", "identity", "--version", "1", *config)
    (new,) = json.loads(await ostiary("keys", "jwks", "identity", *config))["keys"]
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as client, asyncio.timeout(15):
        while True:
            token = (await client.get(f"{base}/orders")).text
            keys = (await client.get(f"{base}/.well-known/jwks.json")).json()["keys"]
            if jwt.get_unverified_header(token)["kid"] == new["kid"] and keys == [new]:
                break
            await asyncio.sleep(0.05)
        await ostiary("keys", "destroy", "identity", "--all", "--yes", *config)
        while (reply := await client.get(f"{base}/orders")).status_code != 503:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    assert reply.json()["reason"] == "credential.missing"


async def test_only_reading_is_answered_and_only_under_our_name(gateway: GatewayProcess) -> None:
    url = f"http://127.0.0.1:{gateway.port}/.well-known/jwks.json"
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        assert (await client.post(url)).status_code == 405
        assert (await client.head(url)).status_code == 200
        first = await client.get(url)
        again = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = await client.get(url, headers={"Host": "orders.example.com"})
        assert other.headers.get("content-type") != "application/jwk-set+json"


IN_AN_HSM = "identity: {{type: pkcs11, module: 'file:{library}', token: {token}, label: served, pin: file:pin}}"


async def test_an_hsm_signs_for_many_callers_at_once_and_its_key_is_published(folder: Path, softhsm: SoftHsm) -> None:
    softhsm.make("served", 1)
    (folder / "pin").write_text(PIN)
    (folder / "pin").chmod(0o600)
    key = IN_AN_HSM.format(library=softhsm.library, token=TOKEN)
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    file = folder / "gateway.yaml"
    text = FILE.format(port=server.sockets[0].getsockname()[1])
    text = text.replace("identity: {type: local, vault: local, publish_before: 4s, keep: 30s}", key)
    file.write_text(
        text.replace("  local: {type: local, path: vault.db, master_key: file:master}\n", "").replace("vaults:\n", "")
    )
    try:
        async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=15) as client:
            base = f"http://127.0.0.1:{gateway.port}"
            known = (await client.get(f"{base}/.well-known/jwks.json")).json()
            tokens = [reply.text for reply in await asyncio.gather(*(client.get(f"{base}/orders") for _ in range(40)))]
            for token in tokens:
                by_pyjwt(token, known)
            assert PIN.encode() not in gateway.said()
    finally:
        server.close()
