"""Does each tenant's own account reach the service, and do signatures hold where they are judged?"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.attack import Field, battlefield
from tests.support.openbao import Bao, bao, free_port  # noqa: F401 - a fixture
from tests.support.records import Record
from tests.support.tokens import Signer, key_set

pytestmark = pytest.mark.integration

SIGNER = Signer("ec-1")
NUMBERS = count()
READ = 'path "secret/data/tenants/*" { capabilities = ["read"] }'
TENANTS = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0"}}
issuers:
  bank: {{issuer: "https://id.example.com", jwks_file: file:keys.json, audiences: [accounts]}}
vaults:
  corporate:
    type: hashicorp
    address: {address}
    auth: {{approle: {{role_id: file:role, secret_id: file:secret}}}}
    cache: {{ttl: 300ms, max_stale: 60s}}
credentials:
  crm: {{vault: corporate, path: "tenants/{{principal.tenant}}/crm"}}
upstreams:
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: crm
    match: {{path: /**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: crm}}]
    upstream: canary
"""


@pytest.fixture
async def crm(bao: Bao, tmp_path: Path) -> AsyncIterator[Field]:  # noqa: F811
    role, secret = bao.approle("tenants", READ)
    (tmp_path / "role").write_text(role)
    (tmp_path / "secret").write_text(secret)
    (tmp_path / "keys.json").write_bytes(key_set(SIGNER))
    for tenant in ("north", "south"):
        bao.put(f"tenants/{tenant}/crm", id="svc", secret=f"of {tenant}")
    bao.put("others", id="svc", secret="nobody's")
    async with battlefield(tmp_path, text=TENANTS, address=bao.address) as field:
        yield field


async def ask(field: Field, **claims: Any) -> tuple[int, str]:
    """Ask as somebody; return the status and what the service was shown."""
    now = int(time.time())
    usual = {"iss": "https://id.example.com", "aud": "accounts", "sub": "alice", "iat": now, "exp": now + 300}
    token = SIGNER.token({**usual, **claims}).decode()
    path = f"/{next(NUMBERS)}"
    lines = (f"GET {path} HTTP/1.1", "Host: a", f"Authorization: Bearer {token}", "Connection: close", "", "")
    status = int((await field.send("\r\n".join(lines).encode())).split(b" ")[1])
    heads = [head.split(b"\r\n") for head in field.upstream.requests if head.startswith(f"GET {path} ".encode())]
    shown = [line[21:] for lines in heads for line in lines if line.startswith(b"Authorization: Basic")]
    return status, b64decode(b"".join(shown)).decode()


async def test_each_tenant_s_account_reaches_the_service_and_nobody_else_s(crm: Field, bao: Bao) -> None:  # noqa: F811
    tenants = ["north", "south", "north", "south"] * 5
    found = await asyncio.gather(*(ask(crm, tenantId=one) for one in tenants))
    assert found == [(200, f"svc:of {one}") for one in tenants]
    assert await ask(crm, tenantId="west") == (503, "")
    for wrong in ("../others", "..", "north/../south", "north/crm", "%2e%2e", "north\x00", "", None, 7, ["north"]):
        assert await ask(crm, tenantId=wrong) == (403, "")
    assert await ask(crm) == (403, "")
    bao.put("tenants/north/crm", id="svc", secret="rotated")
    async with asyncio.timeout(15):
        while (await ask(crm, tenantId="north"))[1] != "svc:rotated":  # noqa: ASYNC110 - nobody tells when it is seen
            await asyncio.sleep(0.05)
    assert await ask(crm, tenantId="south") == (200, "svc:of south")


# --- signatures for AWS, which moto recomputes from what it received -----------------------------------------

SIGNED = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0"}}
vaults:
  local: {{type: local, path: vault.db, master_key: env:NOWHERE}}
credentials:
  aws: {{vault: local}}
  wrong: {{vault: local}}
upstreams:
  s3: {{endpoints: ["{moto}"], host: endpoint}}
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: s3
    match: {{path: /**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [sigv4: {{credential: aws, region: us-east-1, service: s3, payload: unsigned}}]
    upstream: s3
  - name: read
    match: {{path: /**, methods: [GET, HEAD]}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [sigv4: {{credential: aws, region: us-east-1, service: s3}}]
    upstream: s3
  - name: wrong
    match: {{path: /bucket/wrong}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    inject: [sigv4: {{credential: wrong, region: us-east-1, service: s3, payload: unsigned}}]
    upstream: s3
"""
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def moto(tmp_path: Path) -> Iterator[str]:
    """An emulator that judges signatures after the first three actions, which make somebody who may."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        pytest.skip("moto is not installed")
    port = free_port()
    with (tmp_path / "moto.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log, stderr=log, env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "3"},
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            httpx2.get(f"{url}/moto-api/data.json", trust_env=False, timeout=1)
        except httpx2.HTTPError:
            assert time.monotonic() < end, "moto did not start"
            time.sleep(0.05)
        else:
            return


def somebody(url: str) -> tuple[str, str]:
    """Make a user of the emulator who may do everything; return the key."""
    usual = {"Version": "2010-05-08", "UserName": "gateway"}
    signed = "AWS4-HMAC-SHA256 Credential=a/20261123/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=a"

    def act(action: str, **more: str) -> str:
        form = {**usual, "Action": action, **more}
        reply = httpx2.post(url, data=form, headers={"Authorization": signed}, trust_env=False, timeout=20)
        assert reply.status_code == 200, reply.text
        return reply.text

    act("CreateUser")
    act("PutUserPolicy", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    made = act("CreateAccessKey")
    return tuple(made.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey"))  # type: ignore[return-value]


async def sent(field: Field, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    length = f"Content-Length: {len(body)}\r\n" if body or method == "PUT" else ""
    head = f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-Amz-Acl: public-read\r\n{length}Connection: close\r\n\r\n"
    said = await field.send(head.encode() + body)
    return int(said.split(b" ")[1]), said


async def test_an_emulator_of_aws_that_recomputes_signatures_accepts_them(tmp_path: Path, moto: str) -> None:
    name, secret = somebody(moto)
    given: Any = {"aws": Record("aws", name, secret), "wrong": Record("wrong", name, secret + "x")}
    async with battlefield(tmp_path, text=SIGNED, sources=given, moto=moto) as field:
        assert (await sent(field, "PUT", "/bucket"))[0] == 200
        assert (await sent(field, "PUT", "/bucket/a%20b/%C3%A9", b"content"))[0] == 200
        status, said = await sent(field, "GET", "/bucket/a%20b/%C3%A9")
        assert (status, said.partition(b"\r\n\r\n")[2]) == (200, b"content")
        status, said = await sent(field, "GET", "/bucket?list-type=2&prefix=a%20b%2F&max-keys=5")
        assert status == 200
        assert b"<KeyCount>1</KeyCount>" in said
        status, said = await sent(field, "PUT", "/bucket/wrong", b"content")
        assert (status, b"SignatureDoesNotMatch" in said) == (403, True)
