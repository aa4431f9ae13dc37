"""Is the caller behind a real proxy known by its certificate, and nobody else, however hard they try?"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.origin import Origin, ok, origin
from tests.support.pki import expired
from tests.support.proxies import front

from ostiary.pki.authority import Authority
from ostiary.pki.dialect import DIALECTS, Shown
from ostiary.pki.files import write_certificates, write_crl, write_identity

pytestmark = pytest.mark.integration

DIALECT = {one: one for one in ("nginx", "haproxy", "envoy", "apache", "caddy")}
FILE = """
version: 1
listeners:
  behind:
    bind: 127.0.0.1:0
    {tls}
    forwarded:
      dialect: {dialect}
      {whom}
      client:
        mode: optional
        authorities: [file:ca.pem]
        revocation: {{crls: [file:ca.crl]}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}}}
    authorize: anyone
    inject:
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
      - certificate: {{dialect: {out}}}
    upstream: old
  - name: open
    match: {{path: /open}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
"""
TLS = "tls: {certificate: file:server.pem, private_key: file:server.key, client: {mode: optional, authorities: [file:ca.pem]}}"
NETWORK = "networks: [127.0.0.1/32]"
PROXY = "proxy: {match: {san.dns: proxy.example}}"


@dataclass
class Scene:
    """Callers, a gateway, an upstream."""

    folder: Path
    authority: Authority
    upstream: Origin
    gateway: GatewayProcess

    async def ask(
        self, port: int, path: str = "/who", *options: str, shown: str | None = "john", scheme: str = "https"
    ) -> Reply:
        pair = ("--cert", f"{shown}.pem", "--key", f"{shown}.key") if shown else ()
        files = [self.folder / one if one.endswith((".pem", ".key")) else one for one in pair]
        url = f"{scheme}://localhost:{port}{path}"
        resolve = ("--resolve", f"localhost:{port}:127.0.0.1")
        return await curl(self.folder, url, "--cacert", self.folder / "ca.pem", *resolve, *files, *options)

    def seen(self) -> dict[str, str]:
        """The fields that the upstream saw last."""
        lines = self.upstream.heads[-1].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}

    async def reason(self) -> str:
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        return self.gateway.access()[-1]["reason"]


@asynccontextmanager
async def scene(
    folder: Path, dialect: str, *, out: str = "rfc9440", tls: bool = False, whom: str = NETWORK
) -> AsyncIterator[Scene]:
    authority = Authority.create("Bank CA")
    people = {
        "john": authority.issue_client(cn="john", uris=["spiffe://example.com/bank/john"]),
        "mallory": authority.issue_client(cn="mallory", uris=["spiffe://example.com/elsewhere/mallory"]),
        "late": expired(authority),
        "stranger": Authority.create("Bank CA").issue_client(cn="x", uris=["spiffe://example.com/bank/x"]),
        "fired": authority.issue_client(cn="fired", uris=["spiffe://example.com/bank/fired"]),
        "server": authority.issue_server("localhost"),
    }
    for name, identity in people.items():
        write_identity(folder / f"{name}.pem", folder / f"{name}.key", identity)
    authority.revoke(people["fired"].certificate)
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_crl(folder / "ca.crl", authority.crl())
    async with origin() as upstream:
        upstream.answers = {"/who": ok(b"hello"), "/open": ok(b"hello")}
        text = FILE.format(dialect=dialect, out=out, upstream=upstream.port, tls=TLS if tls else "", whom=whom)
        (folder / "gateway.yaml").write_text(text)
        async with gateway_process(folder / "gateway.yaml") as gateway:
            yield Scene(folder, authority, upstream, gateway)


def der(folder: Path, name: str) -> bytes:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("proxy", DIALECT)
async def test_the_caller_is_known_by_name_and_the_upstream_gets_the_certificate_in_its_own_dialect(tmp_path, proxy):
    async with scene(tmp_path, DIALECT[proxy]) as world:
        with front(proxy, tmp_path / "front", world.authority, world.gateway.port) as before:
            reply = await world.ask(before.port)

    assert reply.status == 200
    seen = world.seen()
    assert seen["x-subject"] == "spiffe://example.com/bank/john"
    assert seen["client-cert"] == f":{base64.b64encode(der(tmp_path, 'john')).decode()}:"
    assert DIALECTS[DIALECT[proxy]].header.lower() not in seen


@pytest.mark.attack(43)
@pytest.mark.parametrize("proxy", DIALECT)
async def test_who_may_not_is_told_apart_although_the_proxy_let_everybody_in(tmp_path, proxy):
    """The proxies here verify nothing, so that it is seen who does."""
    expected = {
        None: "certificate.missing",
        "mallory": "certificate.name-not-allowed",
        "late": "certificate.expired",
        "stranger": "certificate.untrusted",
        "fired": "certificate.revoked",
        "server": "certificate.unsuitable",
    }
    if proxy in ("nginx", "apache"):  # `optional_no_ca` forgives unknown authorities, and nothing else
        expected |= dict.fromkeys(("late", "server"), "refused by the proxy")
    told = {}
    async with scene(tmp_path, DIALECT[proxy]) as world:
        with front(proxy, tmp_path / "front", world.authority, world.gateway.port) as before:
            for name in expected:
                reply = await world.ask(before.port, shown=name)
                assert reply.status in (0, 400, 401)
                told[name] = await world.reason() if reply.status == 401 else "refused by the proxy"
    assert told == expected
    assert world.upstream.heads == []


@pytest.mark.attack(43)
@pytest.mark.parametrize("proxy", DIALECT)
async def test_a_caller_who_writes_the_header_itself_is_still_only_who_it_is(tmp_path, proxy):
    style = DIALECTS[DIALECT[proxy]]
    async with scene(tmp_path, DIALECT[proxy]) as world:
        forged = style.write(Shown(der(tmp_path, "john"))).decode()
        names = (style.header, style.header.replace("-", "_"), style.header.lower())
        options = [word for name in names for word in ("-H", f"{name}: {forged}")]
        with front(proxy, tmp_path / "front", world.authority, world.gateway.port) as before:
            with_own = await world.ask(before.port, "/who", *options, shown="mallory")
            without = await world.ask(before.port, "/who", *options, shown=None)
            let_in = await world.ask(before.port, "/open", *options, shown="mallory")

    assert {with_own.status, without.status} <= {400, 401}
    assert world.upstream.asked["/who"] == 0
    if let_in.status == 200:
        assert not any("client" in name and "cert" in name for name in world.seen())


@pytest.mark.attack(43)
async def test_another_spelling_that_envoy_lets_pass_is_not_envoys(tmp_path):
    async with scene(tmp_path, "envoy") as world:
        forged = DIALECTS["envoy"].write(Shown(der(tmp_path, "john"))).decode()
        with front("envoy", tmp_path / "front", world.authority, world.gateway.port) as before:
            reply = await world.ask(before.port, "/who", "-H", f"X_Forwarded_Client_Cert: {forged}", shown=None)
        why = await world.reason()

    assert (reply.status, why) == (400, "request.ambiguous")


@pytest.mark.attack(43)
@pytest.mark.parametrize("spelling", ["SSL-Client-Cert", "ssl_client_cert", "SSL_CLIENT_CERT", "Ssl.Client.Cert"])
async def test_whoever_comes_from_elsewhere_is_not_believed_in_any_spelling(tmp_path, spelling):
    async with scene(tmp_path, "nginx", whom="networks: [192.0.2.0/24]") as world:
        forged = f"{spelling}: {quote((tmp_path / 'john.pem').read_text(), safe='')}"
        refused = await world.ask(world.gateway.port, "/who", "-H", forged, shown=None, scheme="http")
        passed = await world.ask(world.gateway.port, "/open", "-H", forged, shown=None, scheme="http")

    assert (refused.status, passed.status) == (401, 200)
    assert not any("cert" in name for name in world.seen())


@pytest.mark.attack(43)
async def test_twice_is_refused_and_pem_where_rfc_9440_is_spoken_too(tmp_path):
    async with scene(tmp_path, "rfc9440", out="nginx") as world:
        pem = quote((tmp_path / "john.pem").read_text(), safe="")
        good = f"Client-Cert: :{base64.b64encode(der(tmp_path, 'john')).decode()}:"
        port = world.gateway.port
        once = await world.ask(port, "/who", "-H", good, shown=None, scheme="http")
        twice = await world.ask(port, "/who", "-H", good, "-H", good.replace("-", "_"), shown=None, scheme="http")
        wrong = await world.ask(port, "/who", "-H", f"Client-Cert: {pem}", shown=None, scheme="http")
        why = await world.reason()

    assert (once.status, twice.status, wrong.status, why) == (200, 400, 401, "certificate.unreadable")
    assert world.seen()["ssl-client-cert"].startswith("-----BEGIN%20CERTIFICATE-----%0A")


@pytest.mark.attack(43)
@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
async def test_a_proxy_that_shows_its_own_certificate_is_known_by_it_and_is_never_the_caller(tmp_path, proxy):
    async with scene(tmp_path, DIALECT[proxy], tls=True, whom=PROXY) as world:
        with front(proxy, tmp_path / "front", world.authority, world.gateway.port, tls=True) as before:
            through = await world.ask(before.port)
            nobody = await world.ask(before.port, shown=None)
            why = await world.reason()
        style = DIALECTS[DIALECT[proxy]]
        forged = f"{style.header}: {style.write(Shown(der(tmp_path, 'john'))).decode()}"
        direct = await world.ask(world.gateway.port, "/who", "-H", forged, shown="mallory")
        itself = await world.ask(world.gateway.port, "/who", shown="john")

    assert (through.status, nobody.status, why) == (200, 401, "certificate.missing")
    assert (direct.status, itself.status) == (401, 200)
