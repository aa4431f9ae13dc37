"""Does the gateway show upstreams the certificate that a vault issues, and the next one without a failed request?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.gateway_process import gateway_process
from tests.support.openbao import GENERATE, ROOT, Bao, bao  # noqa: F401 - a fixture
from tests.support.shown import ask, demanding, greeter, name_of

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:0"}}
vaults:
  corporate: {{type: hashicorp, address: "{vault}", auth: {{token: file:token}}}}
credentials:
  partner: {{vault: corporate, engine: pki, path: issue/gateway, parameters: {{common_name: gateway.example.com}}, start: require}}
upstreams:
  partner:
    endpoints: ["https://localhost:{port}"]
    tls: {{trusted: [file:ca.pem], credential: partner}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    upstream: partner
"""


def told(shown: dict[str, Any]) -> str:
    """The name and the serial number."""
    return f"{name_of(shown)} {shown['serialNumber']}"


@pytest.fixture
async def file(bao: Bao, tmp_path: Path) -> AsyncIterator[Path]:  # noqa: F811
    """A configuration, with an upstream that lets in whom the vault has given a certificate."""
    bao.ask("POST", "sys/mounts/pki", {"type": "pki"})
    made = bao.ask("POST", f"pki/{GENERATE}", {"common_name": "Partners", "ttl": "1h"})
    role = {"allow_any_name": True, "max_ttl": "9s", "key_type": "ec", "key_bits": 256}
    bao.ask("POST", "pki/roles/gateway", role)
    authority = Authority.create("Servers")
    write_certificates(tmp_path / "ca.pem", [authority.certificate])
    write_identity(tmp_path / "server.pem", tmp_path / "server.key", authority.issue_server("localhost"))
    (tmp_path / "token").write_text(ROOT)
    (tmp_path / "token").chmod(0o600)
    tls = demanding(tmp_path, cadata=made["data"]["certificate"])
    server = await asyncio.start_server(greeter(told), "localhost", 0, ssl=tls, family=2)
    written = tmp_path / "gateway.yaml"
    written.write_text(FILE.format(vault=bao.address, port=server.sockets[0].getsockname()[1]))
    yield written
    server.close()


async def test_the_certificate_is_shown_and_the_next_one_without_a_failed_request(file: Path) -> None:
    async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        seen: list[str] = []
        async with asyncio.timeout(40):
            while len(set(seen)) < 2:
                seen.append(await ask(client, gateway))
                await asyncio.sleep(0.1)
        said = gateway.said().decode()
    assert {one.split()[0] for one in seen} == {"gateway.example.com"}
    assert "certificate in use" in said
    assert "PRIVATE KEY" not in said
