"""Is a proof of possession good for one request, however many workers there are, and through a reload?"""

from __future__ import annotations

import asyncio
import hashlib
import json
import signal
import time
from collections import Counter
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import gateway_process
from tests.support.neighbours import free_port
from tests.support.origin import ok, origin
from tests.support.tokens import Signer, b64, key_set

from ostiary.jwks.jwk import read_key

pytestmark = pytest.mark.integration

BANK = Signer("bank")
MINE = Signer(None, "ES256")
FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:{port}", plaintext: accepted}}}}
issuers: {{bank: {{issuer: "https://id.example.com", jwks_file: "file:keys.json", audiences: [accounts]}}}}
upstreams: {{one: {{endpoints: ["{upstream}"]}}}}
routes:
  - name: bound
    match: {{path: /a}}
    authenticate: {{jwt: {{issuers: [bank], dpop: required, dpop_nonce: {nonce}}}}}
    authorize: anyone
    upstream: one
"""


def token() -> bytes:
    now = int(time.time())
    claims = {"iss": "https://id.example.com", "aud": "accounts", "sub": "alice", "iat": now, "exp": now + 600}
    return BANK.token({**claims, "cnf": {"jkt": read_key(MINE.jwk(), frozenset(("ES256",))).thumbprint}})


def fields(url: str, shown: bytes, identifier: str, **claims: str) -> dict[str, str]:
    said = {"jti": identifier, "htm": "GET", "htu": url, "iat": int(time.time()), **claims}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": MINE.jwk(kid=None, use=None, alg=None)}
    made = MINE.compact(json.dumps(head), json.dumps({**said, "ath": b64(hashlib.sha256(shown).digest())}))
    return {"Authorization": f"DPoP {shown.decode()}", "DPoP": made.decode()}


async def ask(url: str, head: dict[str, str]) -> httpx2.Response:
    """Ask on a connection of its own, so that any worker may be the one."""
    async with httpx2.AsyncClient() as client:
        return await client.get(url, headers=head)


async def test_a_proof_that_one_worker_has_seen_is_known_to_all_and_so_is_a_nonce(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(key_set(BANK))
    async with origin() as upstream:
        upstream.answers["/a"] = ok(b"fine")
        port = free_port()
        url = f"http://127.0.0.1:{port}/a"
        file = tmp_path / "gateway.yaml"
        file.write_text(FILE.format(port=port, upstream=upstream.url(), nonce="true"))
        async with gateway_process(file, "--workers", "2", ready="workers ready") as gateway:
            shown = token()
            asked = await ask(url, fields(url, shown, "first"))
            given = {"nonce": asked.headers["dpop-nonce"]}
            said: Counter[str] = Counter()
            for number in range(6):
                head = fields(url, shown, f"proof-{number}", **given)
                for _ in range(5):
                    answer = await ask(url, head)
                    said["200" if answer.status_code == 200 else answer.json()["reason"]] += 1
            assert said == {"200": 6, "proof.replayed": 24}
            assert upstream.asked["/a"] == 6
            await gateway.stop()


async def test_a_reload_forgets_no_proof(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(key_set(BANK))
    async with origin() as upstream:
        upstream.answers["/a"] = ok(b"fine")
        port = free_port()
        url = f"http://127.0.0.1:{port}/a"
        file = tmp_path / "gateway.yaml"
        file.write_text(FILE.format(port=port, upstream=upstream.url(), nonce="false"))
        async with gateway_process(file) as gateway:
            head = fields(url, token(), "once")
            assert (await ask(url, head)).status_code == 200
            gateway.signal(signal.SIGHUP)
            for _ in range(200):
                if any(event["event"] == "configuration taken up" for event in gateway.events()):
                    break
                await asyncio.sleep(0.05)
            assert (await ask(url, head)).json()["reason"] == "proof.replayed"
