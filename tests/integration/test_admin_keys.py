"""Can our keys be fetched from the admin listener, of one process and of several?"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2
import jwt
import pytest
from tests.support.gateway_process import gateway_process, ostiary
from tests.support.legacy_nginx import free_port

from ostiary.vault.local import new_key_text

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:{public}"}}
admin: {{bind: "127.0.0.1:{admin}", token: file:token}}
vaults:
  local: {{type: local, path: vault.db, master_key: file:master}}
keys:
  identity: {{type: local, vault: local}}
publication:
  issuer: https://gateway.example.com/tenant
  keys: [identity]
upstreams:
  nobody: {{endpoints: ["http://127.0.0.1:9"]}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    upstream: nobody
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    for name, text in (("master", new_key_text()), ("token", "canary-admin-token")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one process", "two workers"])
async def test_the_key_set_is_given_to_anybody_and_nothing_else_is(folder: Path, options: tuple[str, ...]) -> None:
    file, admin = folder / "gateway.yaml", free_port()
    file.write_text(FILE.format(public=free_port(), admin=admin))
    await ostiary("keys", "generate", "identity", "--config", file)
    async with gateway_process(file, *options), httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        base = f"http://127.0.0.1:{admin}"
        reply = await client.get(f"{base}/.well-known/jwks.json")
        assert reply.status_code == 200, reply.text
        assert reply.headers.get_list("cache-control") == ["public, max-age=300"]
        (key,) = jwt.PyJWKSet.from_dict(reply.json()).keys
        told = json.loads(await ostiary("keys", "jwks", "--config", file))
        assert told == reply.json()
        assert key.key_id == told["keys"][0]["kid"]
        again = await client.get(f"{base}/.well-known/jwks.json", headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        discovery = (await client.get(f"{base}/.well-known/openid-configuration")).json()
        assert discovery["jwks_uri"] == "https://gateway.example.com/tenant/.well-known/jwks.json"
        assert (await client.get(f"{base}/.well-known/other")).status_code == 401
        assert (await client.get(f"{base}/config")).status_code == 401
        assert (
            await client.get(f"{base}/config", headers={"Authorization": "Bearer canary-admin-token"})
        ).status_code == 200
        await ostiary("keys", "destroy", "identity", "--all", "--yes", "--config", file)
        async with asyncio.timeout(15):
            while (gone := await client.get(f"{base}/.well-known/jwks.json")).status_code != 503:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert gone.headers["cache-control"] == "no-store"
