"""Does the whole of it do its job: certificate and token in, the vault's credential out, on real parts?

Real are the gateway's process, the issuer (oidc-provider), the vault (OpenBao), the legacy service
(nginx), the client (curl), and the openssl commands that made the client's certificate.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_client_certificates import RECIPE, ROOT
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process, ostiary
from tests.support.legacy_nginx import Legacy, basic, legacy  # noqa: F401 - a fixture
from tests.support.oidc_provider import Provider, oidc_provider
from tests.support.openbao import ROOT as BAO_ROOT
from tests.support.openbao import Bao, bao  # noqa: F401 - a fixture
from tests.support.tokens import Signer

from ostiary.pki.development import write_development_pki
from ostiary.vault.local import new_key_text

pytestmark = pytest.mark.integration

EC, NEW_EC, RSA = Signer("ec-1"), Signer("ec-2"), Signer("rsa-1", "RS256")
PASSWORDS = {user: f"canary-of-{user}-91c4" for user in ("first", "second", "third", "fourth")}
LARGE = os.urandom(1 << 20) * 20

_FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:pki/server.pem
      private_key: file:pki/server.key
      client: {{mode: optional, profile: compat, authorities: ["file:{ca}"]}}
issuers:
  provider:
    issuer: {issuer}
    audiences: ["urn:accounts:es256", "urn:accounts:rs256"]
    keys: {{refresh: 500ms, cooldown: 200ms, timeout: 2s}}
vaults:
  corporate:
    type: hashicorp
    address: {vault}
    auth: {{approle: {{role_id: file:role, secret_id: file:secret}}}}
    timeout: 2s
    cache: {{ttl: 1s, max_stale: 1m}}
  local: {{type: local, path: vault.db, master_key: file:master.key}}
credentials:
  legacy-accounts: {{vault: corporate, path: legacy/accounts, id: username, secret: password}}
  legacy-local: {{vault: local}}
upstreams:
  accounts: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: accounts
    match: {{host: localhost, path: /accounts/**}}
    authenticate:
      all:
        - mtls: {{subject: cn, allow: [John-Doe]}}
        - jwt: {{issuers: [provider]}}
    authorize:
      - tenant: tenant-1
      - permissions: {{accounts: {{any: [read]}}}}
    inject:
      - basic: {{credential: legacy-accounts}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
    upstream: accounts
  - name: managed
    match: {{host: localhost, path: /accounts/managed/**}}
    authenticate:
      all:
        - mtls: {{subject: cn, allow: [John-Doe]}}
        - jwt: {{issuers: [provider]}}
    authorize: [permissions: {{accounts: {{any: [manage]}}}}]
    inject: [basic: {{credential: legacy-accounts}}]
    upstream: accounts
  - name: local
    match: {{host: localhost, path: /accounts/local}}
    authenticate: {{mtls: {{subject: cn, allow: [John-Doe]}}}}
    authorize: anyone
    inject: [basic: {{credential: legacy-local}}]
    upstream: accounts
"""


@pytest.fixture(scope="module")
def john(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the certificate that the recipe's commands make."""
    if shutil.which("openssl") is None or shutil.which("curl") is None:
        pytest.skip("openssl and curl are needed")
    folder = tmp_path_factory.mktemp("recipe")
    subprocess.run(["bash", "-euc", RECIPE], cwd=folder, capture_output=True, timeout=60, check=True)
    return folder


@dataclass
class World:
    """Everything that takes part, and every secret of it."""

    folder: Path
    john: Path
    legacy: Legacy
    bao: Bao
    provider: Provider
    gateway: GatewayProcess
    secrets: set[bytes] = field(default_factory=set)
    answered: int = 0

    async def token(self, alg: str = "es256", scope: str = "read") -> str:
        token = await self.provider.token(alg, scope)
        self.secrets |= {token, token.rpartition(b".")[2]}
        return token.decode()

    async def ask(self, path: str, token: str | None = None, *options: str | Path, shown: bool = True) -> Reply:
        """Ask as curl does, with John's certificate unless it is not to be shown."""
        home = self.john / "user-certificate"
        certificate = ("--cert", home / "johndoe.crt", "--key", home / "johndoe.private.key") if shown else ()
        bearer = () if token is None else ("-H", f"Authorization: Bearer {token}")
        url = f"https://localhost:{self.gateway.port}{path}"
        ca = ("--cacert", self.folder / "pki/ca.pem", "--resolve", f"localhost:{self.gateway.port}:127.0.0.1")
        reply = await curl(self.folder, url, *ca, *certificate, *bearer, *options)
        self.answered += reply.status > 0
        return reply

    async def becomes(self, user: str, path: str, token: str) -> float:
        """Ask until the service sees this user; return how many seconds that took."""
        begin = time.monotonic()
        async with asyncio.timeout(8):
            while saw(reply := await self.ask(path, token)) != shows(user):
                assert reply.status == 200, "no request fails while a credential is rotated"
                await asyncio.sleep(0.1)
        return time.monotonic() - begin

    async def content_comes(self) -> None:
        """Wait until some curl has got the first of an answer's content."""
        async with asyncio.timeout(8):
            while not any(file.stat().st_size for file in self.folder.glob("*/content")):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)

    async def told(self) -> list[dict[str, Any]]:
        """Stop the gateway, and return its whole access log; it has a line for each answer and no secret."""
        assert await self.gateway.stop() == 0
        lines = self.gateway.access()
        assert len(lines) == self.answered
        for secret in self.secrets:
            assert secret not in self.gateway.said()
        return lines


def saw(reply: Reply) -> str | None:
    """The Authorization that the service was shown."""
    return reply.headers.get("x-saw-authorization")


def shows(user: str) -> str:
    return basic(user, PASSWORDS[user])


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _secrets(bao: Bao, folder: Path) -> set[bytes]:  # noqa: F811
    """Write what the gateway logs in with; return every secret that it could give away."""
    role, secret = bao.approle("gateway", 'path "secret/data/legacy/*" { capabilities = ["read"] }')
    (folder / "role").write_text(role)
    (folder / "secret").write_text(secret)
    (folder / "master.key").write_text(new_key_text())
    (folder / "master.key").chmod(0o600)
    values = [secret, BAO_ROOT, (folder / "master.key").read_text().strip(), *PASSWORDS.values()]
    return {value.encode() for value in values} | {shows(user).encode() for user in PASSWORDS}


@pytest.fixture
async def world(tmp_path: Path, john: Path, legacy: Legacy, bao: Bao) -> AsyncIterator[World]:  # noqa: F811
    write_development_pki(tmp_path / "pki")
    secrets = _secrets(bao, tmp_path)
    bao.put("legacy/accounts", username="first", password=PASSWORDS["first"])
    legacy.allow(**PASSWORDS)
    legacy.serve("accounts/echo", b"well done")
    legacy.serve("accounts/local", b"well done")
    file = tmp_path / "gateway.yaml"
    async with oidc_provider(EC, RSA) as provider:
        settings = {"ca": john / ROOT, "issuer": provider.issuer, "vault": bao.address, "upstream": legacy.port}
        file.write_text(_FILE.format(**settings))
        put = ("vault", "put", "legacy-local", "--config", file, "--id", "third", "--secret-stdin")
        await ostiary(*put, given=PASSWORDS["third"].encode())
        async with gateway_process(file) as gateway:
            one = World(tmp_path, john, legacy, bao, provider, gateway, secrets)
            yield one
            await one.told()


# --- who is let through, and what the service sees -----------------------------------------------


async def test_only_all_evidence_together_opens_and_the_log_says_why(world: World) -> None:
    good = await world.token()
    header, payload, signature = good.split(".")
    bent = f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    wanted = [
        (await world.ask("/accounts/echo", good, shown=False), 401, "certificate.missing"),
        (await world.ask("/accounts/echo"), 401, "token.missing"),
        (await world.ask("/accounts/echo", bent), 401, "token.signature-invalid"),
        (await world.ask("/accounts/managed/all", good), 403, "permission.missing"),
        (await world.ask("/nowhere", good), 404, "route.not-found"),
        (await world.ask("/accounts/../accounts/echo", good, "--path-as-is"), 400, "path.ambiguous"),
        (await world.ask("/accounts/echo?secret=canary-query-33", good), 200, "allowed"),
    ]
    world.secrets.add(b"canary-query-33")

    lines = await world.told()

    assert [reply.status for reply, _, _ in wanted] == [status for _, status, _ in wanted]
    assert [(line["status"], line["reason"]) for line in lines] == [(status, why) for _, status, why in wanted]
    assert [line["id"] for line in lines] == [reply.headers["x-request-id"] for reply, _, _ in wanted]
    assert all("x-saw-authorization" not in reply.headers for reply, status, _ in wanted if status != 200)
    said = {name: lines[-1].get(name) for name in ("decision", "route", "subject", "tenant", "credential", "path")}
    assert said == {
        "decision": "allow",
        "route": "accounts",
        "subject": "robot",
        "tenant": "tenant-1",
        "credential": "legacy-accounts",
        "path": "/accounts/echo",
    }


@pytest.mark.parametrize("alg", ["es256", "rs256"])
async def test_the_service_sees_the_vaults_credential_and_never_the_callers_token(world: World, alg: str) -> None:
    forged = ("-H", "X-Subject: root", "-H", "X_Subject: root")

    reply = await world.ask("/accounts/echo", await world.token(alg), *forged)

    assert (reply.status, reply.content.read_bytes()) == (200, b"well done")
    assert saw(reply) == shows("first")
    assert reply.headers["x-saw-subject"] == "robot"


# --- what changes while it runs ------------------------------------------------------------------


async def test_a_key_that_the_issuer_rotates_counts_at_once(world: World) -> None:
    old = await world.token()
    assert (await world.ask("/accounts/echo", old)).status == 200
    await world.provider.rotate(NEW_EC)

    assert (await world.ask("/accounts/echo", await world.token())).status == 200
    assert (await world.ask("/accounts/echo", old)).status == 401


async def test_a_credential_rotated_in_openbao_is_used_within_its_time_to_live(world: World) -> None:
    token = await world.token()
    assert saw(await world.ask("/accounts/echo", token)) == shows("first")

    world.bao.put("legacy/accounts", username="second", password=PASSWORDS["second"])

    assert await world.becomes("second", "/accounts/echo", token) < 4


async def test_a_credential_rotated_in_the_local_vault_is_used_for_the_next_request(world: World) -> None:
    assert saw(await world.ask("/accounts/local")) == shows("third")
    rotate = ("vault", "rotate", "legacy-local", "--config", world.folder / "gateway.yaml", "--id", "fourth")

    await ostiary(*rotate, "--secret-stdin", given=PASSWORDS["fourth"].encode())

    assert saw(await world.ask("/accounts/local")) == shows("fourth")


async def test_while_vault_and_issuer_are_out_known_and_new_tokens_are_served(world: World) -> None:
    known, unseen = await world.token(), await world.token(scope="write")
    assert (await world.ask("/accounts/echo", known)).status == 200
    world.bao.seal()
    try:
        await world.provider.kill()
        await asyncio.sleep(2.5)  # the credential's and the keys' times have passed
        replies = [await world.ask("/accounts/echo", token) for token in (known, unseen)]
    finally:
        world.bao.unseal()

    assert [(reply.status, saw(reply)) for reply in replies] == [(200, shows("first"))] * 2


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", ["Content-Length: 20971520", "Transfer-Encoding: chunked"])
async def test_twenty_megabytes_up_arrive_as_they_were_sent(world: World, framing: str) -> None:
    (world.folder / "large").write_bytes(LARGE)
    put = ("-T", world.folder / "large", "-H", framing)

    reply = await world.ask("/accounts/up.bin", await world.token(), *put)

    assert reply.status in (201, 204)
    assert digest((world.legacy.www / "accounts/up.bin").read_bytes()) == digest(LARGE)


@pytest.mark.parametrize(
    ("path", "framing"), [("down.bin", "content-length"), ("chunked/down.bin", "transfer-encoding")]
)
async def test_twenty_megabytes_down_arrive_as_they_were_sent(world: World, path: str, framing: str) -> None:
    world.legacy.serve("accounts/down.bin", LARGE)

    reply = await world.ask(f"/accounts/{path}", await world.token(), "--http1.1")

    assert (reply.exit, reply.status) == (0, 200)
    assert framing in reply.headers
    assert digest(reply.content.read_bytes()) == digest(LARGE)


# --- the end -------------------------------------------------------------------------------------


async def test_sigterm_lets_what_is_under_way_end_and_refuses_what_comes_after(world: World) -> None:
    world.legacy.serve("accounts/slowly", LARGE[:250_000])
    token = await world.token()
    slow = asyncio.create_task(world.ask("/accounts/slow/slowly", token))
    await world.content_comes()

    world.gateway.signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    late = await world.ask("/accounts/echo", token)

    assert not slow.done(), "it was still under way"
    assert (late.exit, late.status) == (7, 0)
    reply = await slow
    assert (reply.exit, digest(reply.content.read_bytes())) == (0, digest(LARGE[:250_000]))
    assert await world.gateway.ended() == 0


async def test_connections_that_are_idle_do_not_hold_up_the_end(world: World) -> None:
    context = ssl.create_default_context(cafile=world.folder / "pki/ca.pem")
    port = world.gateway.port
    _, half_open = await asyncio.open_connection("127.0.0.1", port)
    reader, idle = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    _, half_asked = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    half_asked.write(b"GET /accounts/echo HTTP/1.1\r\nHost: loc")
    await half_asked.drain()
    await asyncio.sleep(0.2)
    begin = time.monotonic()

    assert await world.gateway.stop() == 0

    assert time.monotonic() - begin < 2
    assert await reader.read() == b""
    for writer in (half_open, idle, half_asked):
        writer.transport.abort()


async def test_a_second_sigterm_cuts_off_what_is_under_way_and_the_log_has_it(world: World) -> None:
    world.legacy.serve("accounts/slowly", LARGE[:2_000_000])
    slow = asyncio.create_task(world.ask("/accounts/slow/slowly", await world.token()))
    await world.content_comes()
    world.gateway.signal()
    await asyncio.sleep(0.2)
    begin = time.monotonic()

    world.gateway.signal()

    assert await world.gateway.ended() == 0
    assert time.monotonic() - begin < 2
    assert (await slow).exit != 0, "curl sees that the answer is not whole"
    assert [(line["status"], line["reason"]) for line in world.gateway.access()] == [(200, "request.abandoned")]
