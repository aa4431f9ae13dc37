"""Is what is revoked refused at every gateway, and on connections that live?"""

from __future__ import annotations

import asyncio
import io
import json
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from tests.integration.test_shared_replay import BANK, ISSUER, ask, bearer, claims, document, gateways, said
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.origin import ok, origin
from tests.support.redis_server import RedisServer, redis  # noqa: F401 - a fixture
from tests.support.tokens import key_set

from ostiary.cli.documents import schema_of
from ostiary.cli.run import run
from ostiary.config.shared import SharedSpec
from ostiary.errors import InvalidCertificate
from ostiary.model import Principal
from ostiary.pki.authority import Authority
from ostiary.pki.certificate import describe
from ostiary.pki.files import write_certificates
from ostiary.shared import compile_shared
from ostiary.shared.entry import Entry
from ostiary.shared.tracking import Tracker

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


async def test_what_is_revoked_counts_at_once_and_after_a_start_without_redis(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    shared = {**redis.block(), "revocation": {"poll": "10m", "keep": True}}
    async with origin() as upstream:
        upstream.answers["/plain"] = ok(b"fine")
        file = tmp_path / "first" / "gateway.yaml"
        file.parent.mkdir()
        (file.parent / "keys.json").write_bytes(key_set(BANK))
        file.write_text(json.dumps({**document(upstream.url(), shared), "state": "state"}))
        async with gateway_process(file) as gateway:
            shown = bearer("canary-1")
            assert said(await ask(gateway, "/plain", shown)) == "allowed"
            (tmp_path / "token").write_text(shown["Authorization"].removeprefix("Bearer "))
            await command(tmp_path, "token", str(tmp_path / "token"))
            await becomes(gateway, shown, "401 token.revoked")  # ten minutes before it would be looked at
            await gateway.stop()
        redis.kill()
        async with gateway_process(file) as gateway:
            assert said(await ask(gateway, "/plain", shown)) == "401 token.revoked"
            assert said(await ask(gateway, "/plain", bearer("another"))) == "allowed"
            assert b"canary" not in gateway.said()
            await gateway.stop()
        for kept in (file.parent / "state").glob("revoked-*"):
            assert b"canary" not in kept.read_bytes()
            kept.unlink()
        async with gateway_process(file) as gateway:
            assert said(await ask(gateway, "/plain", bearer("another"))) == "503 revocation.unknown"
            await gateway.stop()


async def listed(folder: Path, count: int) -> Any:
    """Return the list, once it is as long as that."""
    for _ in range(20):
        if len(found := await command(folder, "list")) == count:
            return found
        await asyncio.sleep(0.2)
    raise AssertionError(found)


async def test_a_certificate_is_refused_and_what_is_not_on_the_list_cannot_be_taken_back(
    tmp_path: Path,
    redis: RedisServer,  # noqa: F811 - the fixture
) -> None:
    (tmp_path / "first").mkdir()
    shared = {**redis.block(), "revocation": {"poll": "50ms"}}
    written = tmp_path / "first" / "gateway.yaml"
    written.write_text(json.dumps(document("http://127.0.0.1:9", shared)))
    made = Authority.create("CA").issue_client(cn="john")
    write_certificates(tmp_path / "john.pem", [made.certificate])
    known = compile_shared(SharedSpec.model_validate(shared), {}, Path("/"))
    copy = known.revocations
    assert copy is not None
    await known.link.start()
    await copy.start()
    try:
        john = Principal("john", "CN=CA", "mtls", certificate=describe(made.certificate))
        copy.check(john, None)
        entry = await command(tmp_path, "certificate", str(tmp_path / "john.pem"), "--note", "lost")
        for _ in range(100):
            if len(copy) == 1:
                break
            await asyncio.sleep(0.05)
        with pytest.raises(InvalidCertificate, match=entry["id"]):
            copy.check(john, None)
        with redirect_stdout(io.StringIO()):
            line = ["revoke", "undo", "token-nobody", "--config", str(written), "--json"]
            assert await asyncio.to_thread(run, line) == 1
    finally:
        await copy.aclose()
        await known.link.aclose()


async def test_a_server_that_is_silent_is_heard_all_the_same_and_one_that_hangs_is_noticed(
    redis: RedisServer,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ostiary.shared.subscriptions._SILENT", 0.05)
    shared = compile_shared(SharedSpec.model_validate({**redis.block(), "revocation": {"poll": "10m"}}), {}, Path("/"))
    copy = shared.revocations
    assert copy is not None
    assert copy.tracker is not None
    await shared.link.start()
    await copy.start()
    try:
        await listens(copy.tracker, wanted=True)
        await asyncio.sleep(0.5)  # ten silences, each of which is asked about
        assert copy.tracker.open
        await copy.shelf.put(Entry("token", "m" * 40, 1.0, time.time() + 60))
        await copy.shelf.advance()
        for _ in range(100):
            if len(copy) == 1:
                break
            await asyncio.sleep(0.02)
        assert len(copy) == 1
        redis.hang()
        await listens(copy.tracker, wanted=False)
        redis.go_on()
        await listens(copy.tracker, wanted=True)
    finally:
        await shared.aclose()


async def listens(tracker: Tracker, *, wanted: bool) -> None:
    for _ in range(400):
        if tracker.open is wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(tracker.open)
