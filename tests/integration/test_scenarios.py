"""Do the examples with certificates do on real parts what they say?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process, ostiary
from tests.support.origin import Origin, ok, origin
from tests.support.proxies import front

from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity
from ostiary.pki.dialect import DIALECTS
from ostiary.pki.files import write_certificates, write_crl, write_identity
from ostiary.pki.keys import generate
from ostiary.pki.subject import parse_subject

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Running:
    """An example that runs."""

    folder: Path
    gateway: GatewayProcess
    upstream: Origin

    async def ask(self, path: str, *options: str | Path, shown: str | None = None, port: int = 0) -> Reply:
        where = port or self.gateway.port
        files = ("--cert", self.folder / f"{shown}.crt", "--key", self.folder / f"{shown}.key") if shown else ()
        trust = ("--cacert", self.folder / "tls/ca.pem", "--resolve", f"localhost:{where}:127.0.0.1")
        return await curl(self.folder, f"https://localhost:{where}{path}", *trust, *files, *options)

    def seen(self, name: str) -> str | None:
        """A field that the upstream saw last."""
        lines = self.upstream.heads[-1].decode("latin-1").split("\r\n")[1:]
        return next((value for key, _, value in (line.partition(": ") for line in lines) if key.lower() == name), None)

    async def reason(self) -> str:
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        return self.gateway.access()[-1]["reason"]


@asynccontextmanager
async def example(name: str, folder: Path, paths: list[str], changes: dict[str, str]) -> AsyncIterator[Running]:
    """Run an example as it stands, but for addresses."""
    (folder / "tls").mkdir(exist_ok=True)
    web = Authority.create("web")
    write_certificates(folder / "tls/ca.pem", [web.certificate])
    write_identity(folder / "tls/server.pem", folder / "tls/server.key", web.issue_server("localhost"))
    async with origin() as upstream:
        upstream.answers = {path: ok(b"hello") for path in paths}
        text = (EXAMPLES / name).read_text()
        for old, new in {
            **changes,
            "http://127.0.0.1:9000": upstream.url(),
            "http://127.0.0.1:8080": upstream.url(),
        }.items():
            text = text.replace(old, new)
        (folder / name).write_text(text)
        async with gateway_process(folder / name) as gateway:
            yield Running(folder, gateway, upstream)


# --- a certificate and a key --------------------------------------------------------------------

CA = "/C=GB/O=Any Org/CN=sftofluid-prod-mtls"
JOHN = "/C=GB/O=Any Org/OU=Engineering/CN=John-Doe"


async def test_certificate_and_key_each_alone_fails_and_a_revoked_user_is_out(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("OSTIARY_MASTER_KEY", (await ostiary("vault", "key")).decode().strip())
    await ostiary("certs", "ca", CA, "--folder", tmp_path / "pki")
    await ostiary("certs", "request", JOHN, "--name", "johndoe", "--folder", tmp_path)
    await ostiary("certs", "sign", tmp_path / "johndoe.csr", "--ca", tmp_path / "pki", "--days", "730", "--yes")
    key = "QAvt9wRiNb4FbJ4xupng0o2T968jnA1t" + os.urandom(8).hex()
    digest = await ostiary("token", "digest", "--secret-stdin", given=key.encode())
    vault = (EXAMPLES / "certificate-and-key.yaml").read_text()
    (tmp_path / "var").mkdir(mode=0o700)
    (tmp_path / "vault.yaml").write_text(vault)
    await ostiary(
        "vault",
        "put",
        "johndoe",
        "-c",
        tmp_path / "vault.yaml",
        "--id",
        "johndoe",
        "--secret-stdin",
        given=digest.strip(),
    )
    bearer = ("-H", f"Authorization: Bearer {key}")
    path = "/api/khub/maps"

    async with example("certificate-and-key.yaml", tmp_path, [path], {"127.0.0.1:8443": "127.0.0.1:0"}) as running:
        both = await running.ask(path, *bearer, shown="johndoe")
        user = running.seen("x-user")
        passed_on = running.seen("authorization")
        without_key = await running.ask(path, shown="johndoe")
        without_certificate = await running.ask(path, *bearer)
        for form in ("Basic ", ""):  # keys are written with a scheme, or without
            written = await running.ask(path, "-H", f"Authorization: {form}{key}", shown="johndoe")
            assert written.status == 200, form
        wrong_key = await running.ask(path, "-H", "Authorization: Bearer x" + key, shown="johndoe")
        await ostiary("certs", "revoke", tmp_path / "johndoe.crt", "--ca", tmp_path / "pki")
        async with asyncio.timeout(10):
            while (await running.ask(path, *bearer, shown="johndoe")).status == 200:  # noqa: ASYNC110 - curl has no event
                await asyncio.sleep(0.2)

    assert (both.status, user, passed_on) == (200, "John-Doe", None)
    assert [reply.status for reply in (without_key, without_certificate, wrong_key)] == [401, 401, 401]
    assert key.encode() not in running.gateway.said()


# --- behind nginx -------------------------------------------------------------------------------


async def test_behind_nginx_the_caller_is_known_and_whoever_spoofs_is_not(tmp_path):
    bank = Authority.create("Bank CA")
    (tmp_path / "pki").mkdir()
    write_certificates(tmp_path / "pki/ca.pem", [bank.certificate])
    write_crl(tmp_path / "pki/ca.crl", bank.crl())
    for name, uri in (("john", "spiffe://example.com/bank/john"), ("mallory", "spiffe://example.com/else/mallory")):
        write_identity(tmp_path / f"{name}.crt", tmp_path / f"{name}.key", bank.issue_client(cn=name, uris=[uri]))
    path = "/accounts/1"

    async with example("behind-nginx.yaml", tmp_path, [path], {"bind: 127.0.0.1:8080": "bind: 127.0.0.1:0"}) as running:
        with front("nginx", tmp_path / "nginx", bank, running.gateway.port) as nginx:
            trust = ("--cacert", tmp_path / "nginx/ca.pem")
            john = await running.ask(path, *trust, shown="john", port=nginx.port)
            subject = running.seen("x-subject")
            pem = (tmp_path / "john.crt").read_text().replace("\n", "%0A").replace(" ", "%20").replace("+", "%2B")
            spoofs = [f"SSL-Client-Cert: {pem}", f"ssl_client_cert: {pem}", f"Client-Cert: {pem}"]
            forged = [await running.ask(path, *trust, "-H", one, shown="mallory", port=nginx.port) for one in spoofs]
            nobody = [await running.ask(path, *trust, "-H", one, port=nginx.port) for one in spoofs]

    assert (john.status, subject) == (200, "spiffe://example.com/bank/john")
    assert {reply.status for reply in (*forged, *nobody)} == {401}
    assert running.upstream.asked[path] == 1


# --- before Keycloak ----------------------------------------------------------------------------


def payments(by: Authority) -> Identity:
    """The same name, whoever issues it."""
    key = generate()
    named = parse_subject("CN=bank,OU=Payments,O=Bank")
    return Identity(by.issue(named, key.public_key(), extensions.leaf(extensions.CLIENT), days=30), key)


def der(file: Path) -> bytes:
    return x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("dialect", ["nginx", "haproxy", "apache", "rfc9440", "traefik", "envoy"])
async def test_before_keycloak_the_certificate_arrives_in_every_dialect_that_it_looks_up(tmp_path, dialect):
    """Keycloak itself is not here: what it reads is read back by the same rules."""
    north, south, west = (
        Authority.create(parse_subject(f"CN={name} CA,O=Bank")) for name in ("North", "South", "West")
    )
    (tmp_path / "pki").mkdir()
    write_certificates(tmp_path / "pki/ca.pem", [one.certificate for one in (north, south, west)])
    lists = b"".join(one.crl().public_bytes(Encoding.PEM) for one in (north, south, west))
    (tmp_path / "pki/ca.crl").write_bytes(lists)
    for name, by in (("north", north), ("south", south), ("west", west)):
        write_identity(tmp_path / f"{name}.crt", tmp_path / f"{name}.key", payments(by))
    path = "/realms/bank/protocol/openid-connect/token"
    changes = {"0.0.0.0:8443": "127.0.0.1:0", "dialect: nginx": f"dialect: {dialect}"}

    async with example("before-keycloak.yaml", tmp_path, [path], changes) as running:
        header = DIALECTS[dialect].header.lower()
        shown = {}
        for name in ("north", "south"):
            forged = ("-H", f"{header}: forged", "-H", f"{header.replace('-', '_')}: forged")
            reply = await running.ask(path, "-d", "grant_type=client_credentials", *forged, shown=name)
            assert reply.status == 200
            shown[name] = DIALECTS[dialect].read_both((running.seen(header) or "").encode(), None).leaf
        refused = await running.ask(path, "-d", "a=b", shown="west")
        async with asyncio.timeout(10):
            while len(running.gateway.access()) < 3:  # noqa: ASYNC110 - the log is another process's
                await asyncio.sleep(0.05)
        tenants = [line.get("tenant") for line in running.gateway.access()[:2]]

    assert refused.status == 401
    assert shown == {name: der(tmp_path / f"{name}.crt") for name in shown}
    assert tenants == ["north", "south"]
    assert b"forged" not in b"".join(running.upstream.heads)
