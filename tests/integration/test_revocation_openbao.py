"""Does a real OpenBao, as the authority, keep a revoked caller out: by its responder, and by its list?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, curl, gateway_process
from tests.support.openbao import Bao, bao  # noqa: F401 - a fixture
from tests.support.origin import ok, origin

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

GENERATE = "root/generate/internal"  # an authority whose key never leaves OpenBao
pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client:
        mode: optional
        authorities: [file:bao-ca.pem]
        revocation: {{{revocation}}}
upstreams:
  old: {{endpoints: ["{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}}}
    authorize: anyone
    upstream: old
"""


def authority(server: Bao, mount: str, folder: Path) -> None:
    """Make an authority in OpenBao that publishes where it can be asked."""
    here = f"{server.address}/v1/{mount}"
    server.ask("POST", f"sys/mounts/{mount}", {"type": "pki", "config": {"max_lease_ttl": "720h"}})
    urls = {"ocsp_servers": [f"{here}/ocsp"], "crl_distribution_points": [f"{here}/crl"]}
    server.ask("POST", f"{mount}/config/urls", urls)
    server.ask("POST", f"{mount}/config/crl", {"auto_rebuild": False})
    made = server.ask("POST", f"{mount}/{GENERATE}", {"common_name": "Bao CA", "key_type": "ec", "ttl": "700h"})
    (folder / "bao-ca.pem").write_text(made["data"]["certificate"] + "\n")
    role = {
        "allowed_uri_sans": "spiffe://example.com/bank/*",
        "require_cn": False,
        "client_flag": True,
        "server_flag": False,
        "key_type": "ec",
        "key_usage": ["DigitalSignature"],
    }
    server.ask("POST", f"{mount}/roles/client", role)


def issue(server: Bao, mount: str, folder: Path, name: str) -> str:
    """Issue a client certificate; return its serial number."""
    wish = {"uri_sans": f"spiffe://example.com/bank/{name}", "ttl": "1h"}
    made = server.ask("POST", f"{mount}/issue/client", wish)["data"]
    (folder / f"{name}.pem").write_text(made["certificate"] + "\n")
    (folder / f"{name}.key").write_text(made["private_key"] + "\n")
    return made["serial_number"]


@asynccontextmanager
async def gateway(folder: Path, revocation: str) -> AsyncIterator[GatewayProcess]:
    web = Authority.create("web")
    write_certificates(folder / "web-ca.pem", [web.certificate])
    write_identity(folder / "server.pem", folder / "server.key", web.issue_server("localhost"))
    async with origin() as upstream:
        upstream.answers = {"/who": ok(b"hello")}
        (folder / "gateway.yaml").write_text(FILE.format(revocation=revocation, upstream=upstream.url()))
        async with gateway_process(folder / "gateway.yaml") as running:
            yield running


async def ask(folder: Path, running: GatewayProcess, name: str) -> int:
    files = ("--cert", folder / f"{name}.pem", "--key", folder / f"{name}.key", "--cacert", folder / "web-ca.pem")
    resolve = ("--resolve", f"localhost:{running.port}:127.0.0.1")
    return (await curl(folder, f"https://localhost:{running.port}/who", *files, *resolve)).status


async def test_its_responder_is_found_in_the_certificate_and_asked(tmp_path, bao: Bao):  # noqa: F811
    authority(bao, "pki-asked", tmp_path)
    issue(bao, "pki-asked", tmp_path, "john")
    serial = issue(bao, "pki-asked", tmp_path, "fired")
    async with gateway(tmp_path, "ocsp: {}, refresh: 500ms") as running:
        before = [await ask(tmp_path, running, name) for name in ("john", "fired")]
        bao.ask("POST", "pki-asked/revoke", {"serial_number": serial})
        await asyncio.sleep(1)
        after = [await ask(tmp_path, running, name) for name in ("john", "fired")]
        await asyncio.sleep(0.5)

    assert (before, after) == ([200, 200], [200, 401])
    assert running.access()[-1]["reason"] == "certificate.revoked"


async def test_its_list_is_fetched_from_the_distribution_point(tmp_path, bao: Bao):  # noqa: F811
    authority(bao, "pki-listed", tmp_path)
    issue(bao, "pki-listed", tmp_path, "john")
    serial = issue(bao, "pki-listed", tmp_path, "fired")
    bao.ask("GET", "pki-listed/crl/rotate")
    async with gateway(tmp_path, f'urls: ["{bao.address}/v1/pki-listed/crl"], refresh: 500ms') as running:
        await asyncio.sleep(1)
        before = [await ask(tmp_path, running, name) for name in ("john", "fired")]
        bao.ask("POST", "pki-listed/revoke", {"serial_number": serial})
        bao.ask("GET", "pki-listed/crl/rotate")
        await asyncio.sleep(1.5)
        after = [await ask(tmp_path, running, name) for name in ("john", "fired")]

    assert (before, after) == ([200, 200], [200, 401])
