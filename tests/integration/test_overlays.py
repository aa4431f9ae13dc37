"""Can one program with one file serve several environments, each with what is its own laid over?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.neighbours import free_port
from tests.support.origin import Origin, ok, origin
from tests.support.providers import AXINOM, ENVIRONMENT, GUID, SIGNER, plain_set
from tests.support.tokens import Signer

pytestmark = pytest.mark.integration

TEST = "33302f00-19e2-462b-885a-da5948eb50cb"
TEST_SIGNER = Signer("f9f9f9f9f9", "RS256")
BASE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:0", plaintext: accepted}}}}
issuers:
  mosaic: {{preset: axinom, auth_endpoint: "{url}", tenant: {tenant}, environment: {environment}}}
upstreams: {{films: {{endpoints: ["{url}"]}}}}
routes:
  - name: films
    match: {{path: /films/**}}
    authenticate: {{jwt: {{issuers: [mosaic]}}}}
    authorize:
      - permissions: {{myService: {{all: [read]}}}}
    upstream: films
"""


@pytest.fixture
async def web() -> AsyncIterator[Origin]:
    """The identity service, with a key set for each environment; and the service behind."""
    async with origin() as running:
        live, test = plain_set(), {"keys": [TEST_SIGNER.jwk()]}
        for environment, document in ((ENVIRONMENT, live), (TEST, test)):
            place = f"/{GUID}/{environment}/.well-known/jwks.json"
            running.answers[place] = ok(json.dumps(document).encode(), "Content-Type: application/json")
        running.answers["/films/1"] = ok(b"a film")
        yield running


async def status(gateway: GatewayProcess, token: bytes) -> tuple[int, str]:
    async with httpx2.AsyncClient() as client:
        url = f"http://127.0.0.1:{gateway.port}/films/1"
        answer = await client.get(url, headers={"Authorization": f"Bearer {token.decode()}"})
        return answer.status_code, "" if answer.status_code == 200 else answer.json()["reason"]


def of(environment: str) -> bytes:
    signer = TEST_SIGNER if environment == TEST else SIGNER
    now = int(time.time())
    return signer.token({**AXINOM.claims, "environmentId": environment, "iat": now - 10, "exp": now + 600})


async def test_each_deployment_takes_the_tokens_of_its_environment_and_no_others(web: Origin, tmp_path: Path) -> None:
    base, overlay = tmp_path / "base.yaml", tmp_path / "live.yaml"
    base.write_text(BASE.format(url=web.url(), tenant=GUID, environment=TEST))
    overlay.write_text(f"issuers: {{mosaic: {{environment: {ENVIRONMENT}}}}}\n")
    copy = tmp_path / "copy.yaml"
    copy.write_text(base.read_text())
    async with gateway_process(base) as test, gateway_process(copy, "--overlay", str(overlay)) as live:
        assert await status(test, of(TEST)) == (200, "")
        assert await status(live, of(ENVIRONMENT)) == (200, "")
        assert await status(test, of(ENVIRONMENT)) == (401, "environment.mismatch")
        assert await status(live, of(TEST)) == (401, "environment.mismatch")


async def test_each_of_several_workers_reads_what_is_laid_over(web: Origin, tmp_path: Path) -> None:
    port = free_port()
    base, overlay = tmp_path / "base.yaml", tmp_path / "live.yaml"
    base.write_text(
        BASE.format(url=web.url(), tenant=GUID, environment=TEST).replace("127.0.0.1:0", f"127.0.0.1:{port}")
    )
    overlay.write_text(f"issuers: {{mosaic: {{environment: {ENVIRONMENT}}}}}\n")
    options = ("--overlay", str(overlay), "--workers", "2")
    async with gateway_process(base, *options, ready="workers ready") as gateway:
        gateway.port = port
        assert {await status(gateway, of(ENVIRONMENT)) for _ in range(8)} == {(200, "")}
        assert {await status(gateway, of(TEST)) for _ in range(8)} == {(401, "environment.mismatch")}
        await gateway.stop()


async def test_a_change_of_what_is_laid_over_is_taken_up(web: Origin, tmp_path: Path) -> None:
    base, overlay = tmp_path / "base.yaml", tmp_path / "over.yaml"
    base.write_text(BASE.format(url=web.url(), tenant=GUID, environment=TEST))
    overlay.write_text("drain_timeout: 1s\n")
    async with gateway_process(base, "--overlay", str(overlay)) as gateway:
        assert await status(gateway, of(TEST)) == (200, "")
        overlay.write_text("# line\nroutes: [{name: films, authorise: anyone}]\n")
        refused = await told(gateway, "configuration refused, the one before serves on")
        assert refused["why"].startswith(f"{overlay}:2:"), refused
        overlay.write_text("routes: [{name: films, authorize: [{permissions: {myService: {all: [destroy]}}}]}]\n")
        await told(gateway, "configuration taken up")
        assert await status(gateway, of(TEST)) == (403, "permission.missing")


async def told(gateway: GatewayProcess, event: str) -> dict[str, str]:
    async with asyncio.timeout(15):
        while True:
            found = [one for one in gateway.events() if one["event"] == event]
            if found:
                return found[-1]
            await asyncio.sleep(0.05)
