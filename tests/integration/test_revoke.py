"""Is what is revoked refused at every gateway, and on connections that live?"""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from tests.integration.test_shared_replay import BANK, ISSUER, ask, bearer, claims, gateways, said
from tests.support.gateway_process import GatewayProcess
from tests.support.redis_server import RedisServer, redis  # noqa: F401 - a fixture

from ostiary.cli.documents import schema_of
from ostiary.cli.run import run

pytestmark = pytest.mark.integration


async def command(folder: Path, *words: str) -> Any:
    """Run `ostiary revoke`, and hold what it prints against its schema."""
    told = io.StringIO()
    line = ["revoke", *words, "--config", str(folder / "first" / "gateway.yaml"), "--json"]
    with redirect_stdout(told):
        code = await asyncio.to_thread(run, line)
    assert code == 0, told.getvalue()
    document = json.loads(told.getvalue())
    Draft202012Validator(schema_of(f"revoke {words[0]}")).validate(document)
    assert "canary" not in told.getvalue()
    return document


async def becomes(gateway: GatewayProcess, head: dict[str, str], wanted: str) -> None:
    for _ in range(100):
        if (got := said(await ask(gateway, "/plain", head))) == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(got)


async def test_whatever_is_revoked_is_refused_everywhere_until_it_is_taken_back(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    shared = {**redis.block(), "revocation": {"poll": "100ms", "max_stale": "3s"}}
    async with gateways(tmp_path, shared) as (first, second):
        token = BANK.token(claims(jti="canary-1"))
        shown = {"Authorization": f"Bearer {token.decode()}"}
        url = f"http://127.0.0.1:{second.port}/plain"
        async with httpx2.AsyncClient() as living:
            assert (await living.get(url, headers=shown)).status_code == 200
            (tmp_path / "token").write_bytes(token)
            entry = await command(tmp_path, "token", str(tmp_path / "token"))
            await becomes(first, shown, "401 token.revoked")
            await becomes(second, shown, "401 token.revoked")
            assert said(await living.get(url, headers=shown)) == "401 token.revoked"
            assert said(await living.get(url, headers=bearer("another"))) == "allowed"

            redis.kill()  # which forgets the list
            assert said(await living.get(url, headers=shown)) == "401 token.revoked"
            await becomes(second, bearer("another"), "503 revocation.unknown")
            redis.start()
            await becomes(second, bearer("another"), "allowed")
            assert said(await living.get(url, headers=shown)) == "401 token.revoked"
            assert [one["id"] for one in await listed(tmp_path, 1)] == [entry["id"]]

        await command(tmp_path, "undo", entry["id"])
        await becomes(first, shown, "allowed")
        await command(tmp_path, "subject", "alice", "--issuer", ISSUER, "--note", "left")
        await becomes(first, shown, "401 subject.revoked")
        await becomes(second, shown, "401 subject.revoked")
        assert [one["note"] for one in await listed(tmp_path, 1)] == ["left"]
        events = [event for event in second.events() if event["event"] == "revocations taken up"]
        assert events[0]["added"] == [entry["id"]]
        for gateway in (first, second):
            assert b"canary" not in gateway.said()
            await gateway.stop()


async def listed(folder: Path, count: int) -> Any:
    """Return the list, once it is as long as that."""
    for _ in range(20):
        if len(found := await command(folder, "list")) == count:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(found)
