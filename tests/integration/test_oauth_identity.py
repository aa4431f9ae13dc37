"""Does a client of OAuth prove itself by the certificate of a key, or one that a vault issues, and by the next one too?"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.integration.test_shown_keys import World
from tests.support.gateway_process import gateway_process
from tests.support.openbao import GENERATE, ROOT, Bao, bao  # noqa: F401 - a fixture

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:0"}}}}
vaults:
  local: {{type: local, path: vault.db, master_key: file:master}}
  {vault}
credentials: {{made: {{vault: corporate, engine: pki, path: issue/gateway, parameters: {{common_name: made.example}}}}}}
keys: {{partner: {{type: local, vault: local, publish_before: 1s}}}}
upstreams: {{echo: {{endpoints: ["http://127.0.0.1:{echo}"]}}}}
routes:
  - name: key
    match: {{path: /key}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - oauth2:
          token_url: "https://localhost:{port}/token"
          client: {{certificate: {{client_id: gateway, identity: partner}}}}
          authorities: [file:ca.pem]
          lifetime: 1s
    upstream: echo
  - name: issued
    match: {{path: /issued}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject:
      - oauth2:
          token_url: "https://localhost:{port}/token"
          client: {{certificate: {{client_id: gateway, credential: made}}}}
          authorities: [file:ca.pem]
          lifetime: 1s
    upstream: echo
"""


async def issuer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give a token that says whose certificate asked for it, and keep the connection."""
    with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        name = dict(pair for (pair,) in writer.get_extra_info("peercert")["subject"])["commonName"]
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            form = await reader.readexactly(length)
            assert b"client_id=gateway" in form
            body = json.dumps({"access_token": f"for-{name}", "token_type": "Bearer", "expires_in": 1}).encode()
            kind = b"Content-Type: application/json\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (kind, len(body), body))
    writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what one was authorized by."""
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            said = next((line for line in head.split(b"\r\n") if line.startswith(b"Authorization:")), b"")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
    writer.close()


@asynccontextmanager
async def neighbours(world: World, vault: str) -> AsyncIterator[Path]:
    """An issuer and an upstream, and the configuration that names them."""
    tls = world.tls
    tls.load_verify_locations(world.folder / "also.pem")
    asked = await asyncio.start_server(issuer, "localhost", 0, ssl=tls, family=2)
    behind = await asyncio.start_server(echo, "127.0.0.1", 0)
    ports = [one.sockets[0].getsockname()[1] for one in (asked, behind)]
    (world.folder / "gateway.yaml").write_text(FILE.format(port=ports[0], echo=ports[1], vault=vault))
    async with asked, behind:
        yield world.folder / "gateway.yaml"


def server_of(bao: Bao, folder: Path) -> str:  # noqa: F811 - the fixture's value
    """Have OpenBao issue certificates; return its block."""
    bao.ask("POST", "sys/mounts/pki", {"type": "pki"})
    made: Any = bao.ask("POST", f"pki/{GENERATE}", {"common_name": "Vault", "ttl": "1h"})
    bao.ask("POST", "pki/roles/gateway", {"allow_any_name": True, "max_ttl": "10m", "key_type": "ec", "key_bits": 256})
    (folder / "also.pem").write_text(made["data"]["certificate"])
    (folder / "token").write_text(ROOT)
    (folder / "token").chmod(0o600)
    return f'corporate: {{type: hashicorp, address: "{bao.address}", auth: {{token: "file:token"}}}}'


async def test_the_certificate_of_a_key_and_its_successor_prove_the_gateway_and_so_does_one_that_a_vault_issues(
    tmp_path: Path,
    bao: Bao,  # noqa: F811
) -> None:
    world = World(tmp_path)
    async with neighbours(world, server_of(bao, tmp_path)) as file:
        await world.show("first")
        async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=15) as client:

            async def ask(path: str) -> str:
                reply = await client.get(f"http://127.0.0.1:{gateway.port}/{path}")
                assert reply.status_code == 200, reply.text
                return str(reply.text).removeprefix("Authorization: Bearer ")

            assert await ask("key") == "for-first"
            assert await ask("issued") == "for-made.example"
            await world.show("second", "--now")
            seen = set()
            async with asyncio.timeout(20):
                while "for-second" not in seen:
                    seen.add(await ask("key"))
                    await asyncio.sleep(0.1)
            assert seen <= {"for-first", "for-second"}
