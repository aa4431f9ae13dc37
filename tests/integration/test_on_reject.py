"""What do callers see while a password changes: OpenBao has the record, and nginx asks for it?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.legacy_nginx import Legacy, legacy  # noqa: F401 - a fixture
from tests.support.openbao import ROOT, Bao, bao  # noqa: F401 - a fixture

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:0"}}
vaults:
  corporate: {{type: hashicorp, address: "{vault}", auth: {{token: file:token}}, cache: {{ttl: 1h, min_refetch: 300ms}}}}
credentials:
  legacy: {{vault: corporate}}
upstreams:
  legacy: {{endpoints: ["http://127.0.0.1:{port}"]}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject: [{{basic: {{credential: legacy, on_reject: replay}}}}]
    upstream: legacy
"""


class Operator:
    """Who changes the password: at the service, and in the vault."""

    def __init__(self, server: Bao, service: Legacy) -> None:
        self.server = server
        self.service = service
        self.number = 0

    def rotate(self, *, told: bool = True) -> None:
        self.number += 1
        self.service.allow(svc=f"password-{self.number}")
        if told:
            self.server.put("legacy", id="svc", secret=f"password-{self.number}")


@pytest.fixture
def operator(bao: Bao, legacy: Legacy) -> Operator:  # noqa: F811
    one = Operator(bao, legacy)
    one.rotate()
    legacy.serve("a", b"of the legacy service")
    (legacy.www / "put").mkdir(mode=0o777, exist_ok=True)
    (legacy.www / "put").chmod(0o777)
    return one


@pytest.fixture
async def gateway(operator: Operator, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    (tmp_path / "token").write_text(ROOT)
    (tmp_path / "token").chmod(0o600)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(vault=operator.server.address, port=operator.service.port))
    async with gateway_process(file) as running:
        yield running


@pytest.fixture
async def client(gateway: GatewayProcess) -> AsyncIterator[httpx2.AsyncClient]:
    base = f"http://127.0.0.1:{gateway.port}"
    async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=15) as one:
        yield one


async def test_nobody_notices_that_the_password_has_changed(operator, client):
    assert (await client.get("/a")).text == "of the legacy service"
    for _ in range(3):
        operator.rotate()
        assert (await client.get("/a")).text == "of the legacy service"
        operator.rotate()
        assert (await client.put("/put/short", content=b"x" * 2000)).status_code in (201, 204)
    assert (operator.service.www / "put/short").read_bytes() == b"x" * 2000


async def test_a_long_body_is_not_sent_again_and_soon_the_next_request_has_the_new_password(operator, client):
    await client.get("/a")
    operator.rotate()
    refused = await client.put("/put/long", content=b"x" * 300_000)
    assert (refused.status_code, refused.json()["reason"]) == (502, "credential.rejected")
    async with asyncio.timeout(10):
        while (await client.put("/put/long", content=b"x" * 300_000)).status_code not in (201, 204):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def test_a_password_that_the_vault_does_not_know_is_502_and_no_challenge(operator, gateway, client):
    await client.get("/a")
    operator.rotate(told=False)
    refused = [await client.get("/a") for _ in range(3)]
    assert {(one.status_code, one.json()["reason"]) for one in refused} == {(502, "credential.rejected")}
    assert not [one for one in refused if "www-authenticate" in one.headers]
    operator.rotate()
    await asyncio.sleep(0.4)  # the vault's word is believed for `min_refetch`
    assert (await client.get("/a")).status_code == 200
    await gateway.stop()
    reasons = [line["reason"] for line in gateway.access()]
    assert reasons == ["allowed", *["credential.rejected"] * 3, "allowed"]
