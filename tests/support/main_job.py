"""The main job's world: every part is real, and every secret of it is known, so that none is told.

Real are the gateway's process, the issuer (oidc-provider), the vault (OpenBao), the legacy service
(nginx), the client (curl), and the openssl commands that made the client's certificate.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.integration.test_client_certificates import RECIPE, ROOT
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process, ostiary
from tests.support.legacy_nginx import Legacy, basic
from tests.support.oidc_provider import Provider, oidc_provider
from tests.support.openbao import ROOT as BAO_ROOT
from tests.support.openbao import Bao
from tests.support.tokens import Signer

from ostiary.pki.development import write_development_pki
from ostiary.vault.local import new_key_text

EC, NEW_EC, RSA = Signer("ec-1"), Signer("ec-2"), Signer("rsa-1", "RS256")
PASSWORDS = {user: f"canary-of-{user}-91c4" for user in ("first", "second", "third", "fourth")}

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


def _secrets(bao: Bao, folder: Path) -> set[bytes]:
    """Write what the gateway logs in with; return every secret that it could give away."""
    role, secret = bao.approle("gateway", 'path "secret/data/legacy/*" { capabilities = ["read"] }')
    (folder / "role").write_text(role)
    (folder / "secret").write_text(secret)
    (folder / "master.key").write_text(new_key_text())
    (folder / "master.key").chmod(0o600)
    values = [secret, BAO_ROOT, (folder / "master.key").read_text().strip(), *PASSWORDS.values()]
    return {value.encode() for value in values} | {shows(user).encode() for user in PASSWORDS}


@pytest.fixture
async def world(tmp_path: Path, john: Path, legacy: Legacy, bao: Bao) -> AsyncIterator[World]:
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
