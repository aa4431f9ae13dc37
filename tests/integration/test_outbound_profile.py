"""Does a service that wants a certificate and an API key get both from the vault, and its caller neither?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import gateway_process
from tests.support.openbao import GENERATE, ROOT, Bao, bao  # noqa: F401 - a fixture
from tests.support.shown import demanding, name_of

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

KEY = "QAvt9wRiNb4FbJ4xupng0o2T968jnA1t"
FILE = """
version: 1
listeners:
  local: {{bind: "127.0.0.1:0"}}
vaults:
  corporate: {{type: hashicorp, address: "{vault}", auth: {{token: file:token}}, cache: {{ttl: 1s}}}}
credentials:
  topics-key: {{vault: corporate, path: fluid-topics, secret: key}}
  topics-certificate:
    {{vault: corporate, engine: pki, path: issue/gateway, parameters: {{common_name: sf-to-fluid}}, start: require}}
upstreams:
  topics:
    endpoints: ["https://localhost:{port}"]
    tls: {{trusted: [file:ca.pem], credential: topics-certificate}}
routes:
  - name: topics
    match: {{path: /api/khub/**}}
    authenticate: {{anonymous: {{subject: salesforce}}}}
    authorize: anyone
    inject: [{{bearer: {{credential: topics-key}}}}]
    upstream: topics
"""


@dataclass
class Topics:
    """The service: it wants a certificate of its customer's authority, and the key of the moment.

    Attributes:
        key: that key.
        seen: the subject and the Authorization field of each request.
    """

    key: str = KEY
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            shown = head.partition("uthorization: ")[2].partition("\r\n")[0]
            self.seen.append((name_of(writer.get_extra_info("peercert")), shown))
            status = "200 OK" if shown == f"Bearer {self.key}" and "authorization" in fields else "401 Unauthorized"
            writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]".encode())
            await writer.drain()
        writer.close()


@pytest.fixture
async def topics(bao: Bao, tmp_path: Path) -> AsyncIterator[Topics]:  # noqa: F811
    """The service, a vault that knows how to call it, and a gateway's file between."""
    bao.ask("POST", "sys/mounts/pki", {"type": "pki"})
    made = bao.ask("POST", f"pki/{GENERATE}", {"common_name": "Any Org", "ttl": "1h"})
    bao.ask("POST", "pki/roles/gateway", {"allow_any_name": True, "max_ttl": "30m", "key_type": "ec", "key_bits": 256})
    bao.put("fluid-topics", key=KEY)
    servers = Authority.create("Servers")
    write_certificates(tmp_path / "ca.pem", [servers.certificate])
    write_identity(tmp_path / "server.pem", tmp_path / "server.key", servers.issue_server("localhost"))
    (tmp_path / "token").write_text(ROOT)
    (tmp_path / "token").chmod(0o600)
    tls = demanding(tmp_path, cadata=made["data"]["certificate"])
    service = Topics()
    server = await asyncio.start_server(service.serve, "localhost", 0, ssl=tls, family=2)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "gateway.yaml").write_text(FILE.format(vault=bao.address, port=port))
    yield service
    server.close()


async def test_certificate_and_key_come_from_the_vault_and_a_new_key_is_used_when_the_old_one_is_gone(
    tmp_path: Path,
    topics: Topics,
    bao: Bao,  # noqa: F811
) -> None:
    async with (
        gateway_process(tmp_path / "gateway.yaml") as gateway,
        httpx2.AsyncClient(trust_env=False, timeout=15) as client,
    ):
        url = f"http://127.0.0.1:{gateway.port}/api/khub/maps"
        first = await client.get(url, headers={"Authorization": "Bearer of-the-caller"})
        topics.key = "another-key-of-the-service-0123456789"
        bao.put("fluid-topics", key=topics.key)
        async with asyncio.timeout(20):
            while (again := await client.get(url)).status_code != 200:  # noqa: ASYNC110 - a vault has no event
                await asyncio.sleep(0.2)
        said = gateway.said()

    assert (first.status_code, again.status_code) == (200, 200)
    assert {name for name, _ in topics.seen} == {"sf-to-fluid"}
    assert topics.seen[0][1] == f"Bearer {KEY}"
    assert "of-the-caller" not in {shown for _, shown in topics.seen}
    assert KEY.encode() not in said
    assert topics.key.encode() not in said
    assert b"PRIVATE KEY" not in said
