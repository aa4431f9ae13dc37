"""In which ways does the gateway log in to a real OpenBao, and where does it look for records there?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
import structlog
from tests.support.certificates import public_pem
from tests.support.openbao import ROOT, Bao
from tests.support.pki import root
from tests.support.tokens import Signer

from ostiary.config.vaults import CacheSpec, CredentialSpec, HashicorpVaultSpec, VaultAuthSpec
from ostiary.errors import ConfigError, CredentialUnavailable
from ostiary.pki.files import pem, write_identity
from ostiary.vault import Vault, compile_vault

pytestmark = pytest.mark.integration

READ = 'path "secret/data/*" { capabilities = ["read"] }'


@pytest.fixture(scope="module")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A server that speaks TLS, with a record and a policy to read it."""
    server = Bao(tmp_path_factory.mktemp("bao"), tls=True)
    server.start()
    try:
        server.put("a", id="svc", secret="s")
        server.ask("PUT", "sys/policies/acl/reader", {"policy": READ})
        yield server
    finally:
        server.stop()


@asynccontextmanager
async def opened(server: Bao, folder: Path, auth: dict[str, Any], **options: Any) -> AsyncIterator[Vault]:
    spec = HashicorpVaultSpec.model_validate(
        {
            "type": "hashicorp",
            "address": server.address,
            "authorities": (f"file:{server.ca}",),
            "auth": VaultAuthSpec.model_validate(auth),
            "cache": CacheSpec(ttl=0.2),
            **options,
        }
    )
    vault = compile_vault("v", spec, folder)
    try:
        yield vault
    finally:
        await vault.aclose()


async def read(server: Bao, folder: Path, auth: dict[str, Any], path: str = "a", **options: Any) -> str:
    """Read one record, and return its id."""
    async with opened(server, folder, auth, **options) as vault:
        return (await vault.source("a", CredentialSpec(vault="v", path=path)).get()).id


async def refusal(server: Bao, folder: Path, auth: dict[str, Any]) -> str:
    with pytest.raises(CredentialUnavailable) as caught:
        await read(server, folder, auth)
    return caught.value.detail


# --- tokens of others -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signer(bao: Bao) -> Signer:
    """An issuer whose tokens the server takes."""
    signer = Signer()
    bao.ask("POST", "sys/auth/jwt", {"type": "jwt"})
    bao.ask("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public_pem(signer)]})
    role = {"role_type": "jwt", "bound_audiences": ["bao"], "user_claim": "sub", "token_policies": ["reader"]}
    bao.ask("POST", "auth/jwt/role/gateway", role)
    return signer


def token(signer: Signer, audience: str = "bao") -> str:
    now = int(time.time())
    return signer.token({"sub": "gateway", "aud": audience, "iat": now, "exp": now + 60}).decode()


async def test_a_token_of_another_issuer_logs_in_and_is_read_anew_for_each_login(bao, signer, tmp_path):
    (tmp_path / "jwt").write_text(token(signer, "somebody-else"))
    auth = {"jwt": {"role": "gateway", "token": "file:jwt"}}
    async with opened(bao, tmp_path, auth, cache=CacheSpec(ttl=0.2, negative_ttl=0.1)) as vault:
        credential = vault.source("a", CredentialSpec(vault="v"))
        with pytest.raises(CredentialUnavailable, match="refused the login"):
            await credential.get()
        (tmp_path / "jwt").write_text(token(signer) + "\n")
        await asyncio.sleep(0.15)
        assert (await credential.get()).id == "svc"


class Reviewer(BaseHTTPRequestHandler):
    """What Kubernetes says of a service account's token: this one is the gateway's, or nobody's."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        good = asked["spec"]["token"].count(".") == 2 and self.path == "/apis/authentication.k8s.io/v1/tokenreviews"
        user = {"username": "system:serviceaccount:edge:gateway", "uid": "u", "groups": ["system:serviceaccounts"]}
        status = {"authenticated": good, "user": user, "audiences": asked["spec"].get("audiences", [])}
        answer = json.dumps({"kind": "TokenReview", "status": status}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kubernetes(bao: Bao) -> Iterator[None]:
    """A stand-in for the API server of a cluster, as far as OpenBao asks it."""
    server = HTTPServer(("127.0.0.1", 0), Reviewer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bao.ask("POST", "sys/auth/kubernetes", {"type": "kubernetes"})
    host = f"http://127.0.0.1:{server.server_port}"
    config = {
        "kubernetes_host": host,
        "token_reviewer_jwt": Signer(alg="RS256").token().decode(),
        "disable_local_ca_jwt": True,
        "kubernetes_ca_cert": pem([root().certificate]).decode(),
    }
    bao.ask("POST", "auth/kubernetes/config", config)
    role = {"bound_service_account_names": ["gateway"], "bound_service_account_namespaces": ["edge"]}
    bao.ask("POST", "auth/kubernetes/role/gateway", {**role, "audience": "bao", "token_policies": ["reader"]})
    yield
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_service_account_of_kubernetes_logs_in(bao, kubernetes, tmp_path):
    claims = {
        "sub": "system:serviceaccount:edge:gateway",
        "aud": ["bao"],
        "exp": int(time.time()) + 60,
        "kubernetes.io": {"namespace": "edge", "serviceaccount": {"name": "gateway", "uid": "u"}},
    }
    (tmp_path / "account").write_text(Signer(alg="RS256").token(claims).decode())
    assert await read(bao, tmp_path, {"kubernetes": {"role": "gateway", "token": "file:account"}}) == "svc"
    assert "refused" in await refusal(bao, tmp_path, {"kubernetes": {"role": "other", "token": "file:account"}})


async def test_a_client_certificate_logs_in(bao, tmp_path):
    bao.ask("POST", "sys/auth/cert", {"type": "cert"})
    authority = root()
    trusted = {"certificate": pem([authority.certificate]).decode(), "allowed_common_names": ["gateway"]}
    bao.ask("POST", "auth/cert/certs/gateway", {**trusted, "token_policies": ["reader"]})
    for name in ("gateway", "stranger"):
        write_identity(tmp_path / f"{name}.pem", tmp_path / f"{name}.key", authority.issue_client(cn=name))
    shown = {"certificate": "file:gateway.pem", "private_key": "file:gateway.key"}
    assert await read(bao, tmp_path, {"certificate": shown}) == "svc"
    assert await read(bao, tmp_path, {"certificate": {**shown, "role": "gateway"}}) == "svc"
    stranger = {"certificate": "file:stranger.pem", "private_key": "file:stranger.key"}
    assert "refused the login" in await refusal(bao, tmp_path, {"certificate": stranger})


# --- a secret that opens once -----------------------------------------------------------------


def wrapped(server: Bao, path: str) -> str:
    """Have an answer wrapped; return the token that it is wrapped in."""
    headers = {"X-Vault-Token": ROOT, "X-Vault-Wrap-TTL": "60s"}
    reply = httpx2.post(f"{server.address}/v1/{path}", headers=headers, verify=server.trusted, trust_env=False)
    return str(reply.raise_for_status().json()["wrap_info"]["token"])


@pytest.fixture
def role(bao: Bao, tmp_path: Path) -> dict[str, Any]:
    """A way to log in with a role whose secret is wrapped."""
    (tmp_path / "role").write_text(bao.approle("wrapped", READ)[0])
    return {"approle": {"role_id": "file:role", "secret_id": "file:wrapping", "wrapped": True}}


async def test_a_wrapped_secret_is_opened_once_and_serves_for_every_login(bao, role, tmp_path):
    (tmp_path / "wrapping").write_text(wrapped(bao, "auth/approle/role/wrapped/secret-id"))
    async with opened(bao, tmp_path, role) as vault:
        credential = vault.source("a", CredentialSpec(vault="v"))
        assert (await credential.get()).id == "svc"
        bao.revoke_all()
        await asyncio.sleep(0.25)
        assert (await credential.get()).id == "svc"


async def test_a_wrapped_secret_that_somebody_else_has_opened_is_an_alarm(bao, role, tmp_path):
    token = wrapped(bao, "auth/approle/role/wrapped/secret-id")
    bao.ask("POST", "sys/wrapping/unwrap", {}, token=token)
    (tmp_path / "wrapping").write_text(token)
    with structlog.testing.capture_logs() as logs:
        assert "opened before" in await refusal(bao, tmp_path, role)
    assert [one["log_level"] for one in logs if "somebody else has opened it" in one["event"]] == ["error"]


async def test_something_else_that_is_wrapped_is_not_opened(bao, role, tmp_path):
    token = wrapped(bao, "sys/wrapping/wrap")
    (tmp_path / "wrapping").write_text(token)
    assert "was not made by the role's method" in await refusal(bao, tmp_path, role)
    bao.ask("POST", "sys/wrapping/unwrap", {}, token=token)  # it is still closed


# --- namespaces, stores, addresses ------------------------------------------------------------


async def test_a_namespace_has_records_and_logins_of_its_own(bao, tmp_path, monkeypatch):
    def within(method: str, path: str, body: Any) -> Any:
        headers = {"X-Vault-Token": ROOT, "X-Vault-Namespace": "team-a"}
        url = f"{bao.address}/v1/{path}"
        reply = httpx2.request(method, url, json=body, headers=headers, verify=bao.trusted, trust_env=False)
        return reply.raise_for_status().json() if reply.content else None

    bao.ask("POST", "sys/namespaces/team-a", {})
    within("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    within("POST", "secret/data/a", {"data": {"id": "of-team-a", "secret": "s"}})
    within("PUT", "sys/policies/acl/reader", {"policy": READ})
    within("POST", "sys/auth/approle", {"type": "approle"})
    within("POST", "auth/approle/role/r", {"token_policies": ["reader"]})
    (tmp_path / "role").write_text(within("GET", "auth/approle/role/r/role-id", None)["data"]["role_id"])
    (tmp_path / "secret").write_text(within("POST", "auth/approle/role/r/secret-id", {})["data"]["secret_id"])
    way = {"approle": {"role_id": "file:role", "secret_id": "file:secret"}}
    assert await read(bao, tmp_path, way, namespace="team-a") == "of-team-a"
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    assert await read(bao, tmp_path, {"token": "env:BAO_TOKEN"}) == "svc"


@pytest.fixture
def by_token(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    return {"token": "env:BAO_TOKEN"}


async def test_a_store_of_version_1_has_a_version_for_each_content(bao, tmp_path, by_token):
    bao.ask("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    bao.ask("POST", "old/legacy/a", {"id": "svc", "secret": "one"})
    spec = CredentialSpec(vault="v", engine="kv-v1", mount="old", path="legacy/a")
    async with opened(bao, tmp_path, by_token) as vault:
        credential = vault.source("a", spec)
        first = await credential.get()
        await asyncio.sleep(0.25)
        assert (await credential.get()).version == first.version
        bao.ask("POST", "old/legacy/a", {"id": "svc", "secret": "two"})
        await asyncio.sleep(0.25)
        second = await credential.get()
    assert (second.secret.reveal(), second.version != first.version) == (b"two", True)


async def test_engines_of_one_server_share_its_login(bao, tmp_path, by_token):
    bao.ask("POST", "sys/mounts/second", {"type": "kv", "options": {"version": "2"}})
    bao.ask("POST", "second/data/a", {"data": {"id": "other", "secret": "s"}})
    with structlog.testing.capture_logs() as logs:
        async with opened(bao, tmp_path, by_token) as vault:
            one = vault.source("one", CredentialSpec(vault="v", path="a"))
            two = vault.source("two", CredentialSpec(vault="v", path="a", mount="second"))
            assert [(await each.get()).id for each in (one, two)] == ["svc", "other"]
    assert [entry["event"] for entry in logs].count("logged in to the vault") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"engine": "database", "path": "config/main"},
        {"engine": "pki", "path": "sign/role"},
        {"engine": "kv-v1", "version": 2},
        {"parameters": {"common_name": "x"}},
    ],
)
async def test_what_an_engine_cannot_do_stops_the_start(bao, tmp_path, by_token, wrong):
    async with opened(bao, tmp_path, by_token) as vault:
        with pytest.raises(ConfigError):
            vault.source("a", CredentialSpec(vault="v", **wrong))
