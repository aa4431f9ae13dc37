"""Does the example of a gateway inside an application do what it tells?"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from tests.support.inside import Policy
from tests.support.inside_servers import plain_uvicorn

from ostiary.asgi.testing import as_principal

pytestmark = pytest.mark.integration
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Policy:
    text = (EXAMPLES / "inside-fastapi.yaml").read_text()
    fetched = "jwks_url: https://id.example.com/realms/bank/certs"
    assert fetched in text
    policy = Policy(tmp_path, text.replace(fetched, "jwks_file: file:jwks.json"))
    monkeypatch.setenv("OSTIARY_CONFIG", str(policy.file))
    return policy


@pytest.fixture
def app(policy: Policy) -> Any:
    spec = importlib.util.spec_from_file_location("inside_fastapi", EXAMPLES / "inside_fastapi.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.fixture
def port(app: Any) -> Iterator[int]:
    with plain_uvicorn(app) as port:
        yield port


def token(policy: Policy, **claims: Any) -> dict[str, str]:
    name, value = policy.bearer(iss="https://id.example.com/realms/bank", **claims)
    return {name: value}


def test_operations_are_for_those_who_may(policy, port):
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        reader = token(policy, scope="accounts:read") | {"X-Subject": "admin"}
        assert client.get("/accounts/7", headers=reader).json() == {"number": "7", "caller": "alice", "header": "alice"}
        assert client.delete("/accounts/7", headers=reader).status_code == 403
        owner = token(policy, permissions={"accounts": ["read", "close"]})
        assert client.delete("/accounts/7", headers=owner).json() == {"closed": "7", "by": "alice"}
        refused = client.get("/accounts/7")
        assert (refused.status_code, refused.json()["reason"]) == (401, "token.missing")
        assert client.get("/health").json() == "well"
        assert client.get("/openapi.json").status_code == 404  # no route of the file is about it


async def test_the_feed_too(policy, port):
    url = f"ws://127.0.0.1:{port}/feed"
    async with websockets.connect(url, additional_headers=token(policy, scope="feed:read"), proxy=None) as socket:
        assert await socket.recv() == "welcome, alice"
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(url, additional_headers=token(policy), proxy=None):
            pass
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body)["reason"]) == (403, "scope.missing")


def test_it_is_documented_with_its_scopes(app):
    wanted = app.openapi()["paths"]["/accounts/{number}"]["delete"]["security"]
    assert wanted == [{"bearer": ["accounts:read", "accounts:close"]}]


async def test_and_can_be_tested_without_tokens(app):
    with as_principal(app, "bob", scopes=["accounts:read"]):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            said = await client.get("/accounts/7", headers={"X-Subject": "bob"})
    assert said.json()["caller"] == "bob"
