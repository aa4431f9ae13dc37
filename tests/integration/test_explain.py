"""Does the gateway that runs explain itself, alone and as several workers?"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.support.admin import Administered, administered
from tests.support.edges import world
from tests.support.gateway_process import gateway_process
from tests.support.neighbours import free_port

from ostiary.cli.run import run

pytestmark = pytest.mark.integration

TOKEN = "canary-of-the-admin-0123456789abcdef"


@pytest.fixture(autouse=True)
def _curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")


Explain = Callable[..., Awaitable[tuple[int, dict[str, Any], str]]]


@pytest.fixture
def explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Explain:
    """Run the command; return its exit code, its document and all that it has written."""

    async def asked(port: int, *arguments: str | Path, token: str = "") -> tuple[int, dict[str, Any], str]:
        monkeypatch.setenv("OSTIARY_ADMIN", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OSTIARY_ADMIN_TOKEN", token)
        code = await asyncio.to_thread(run, ["explain", *map(str, arguments), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out), out + err

    return asked


def request(gateway: Administered, token: str, path: str = "/both/a") -> list[str | Path]:
    (gateway.world.folder / "token").write_text(token)
    shown = ("--cert", gateway.world.pki.client, "--token", gateway.world.folder / "token")
    return [f"https://localhost:{gateway.process.port}{path}", *shown]


async def _quiet(gateway: Administered) -> list[dict[str, Any]]:
    """Return the lines of the access log once no more come: they are written a moment after the answer."""
    before: list[dict[str, Any]] = []
    while not before or len(before) != len(gateway.process.access()):
        before = gateway.process.access()
        await asyncio.sleep(0.3)
    return before


async def test_it_says_what_it_does(tmp_path: Path, explain: Explain) -> None:
    async with administered(tmp_path) as gateway:
        for claims, path in (({}, "/both/a"), ({"permissions": {}}, "/both/a"), ({"exp": 1}, "/both/a"), ({}, "/no")):
            token = gateway.token(**claims)
            happened = await gateway.call(path, token=token)
            code, told, written = await explain(gateway.port, *request(gateway, token, path))
            assert code == 0, written
            assert (told["status"] or 200) == happened.status, told
            for secret in (token, token.split(".")[2], *(one.decode() for one in gateway.secrets)):
                assert secret not in written
        for secret in gateway.secrets:
            assert secret not in gateway.process.said()
        lines = await _quiet(gateway)
        assert len(lines) == 4, "what was only talked about is in no log, and went nowhere"


async def test_it_explains_requests_that_were_from_what_it_knows_of_them(tmp_path: Path, explain: Explain) -> None:
    async with administered(tmp_path) as gateway:
        refused = await gateway.call("/both/a", token=gateway.token(permissions={}))
        (line,) = [one for one in gateway.process.access() if one["status"] == 403] or [{}]
        request_id = line.get("id") or json.loads(refused.content.read_bytes())["request_id"]
        code, told, _ = await explain(gateway.port, "--request-id", request_id)
        assert code == 0
        assert told["request"]["reason"] == "permission.missing"
        assert told["to_allow"]
        assert (await explain(gateway.port, "--request-id", "nobody"))[0] == 3
        took = []
        async with httpx2.AsyncClient() as client:
            for _ in range(100):
                begun = time.perf_counter()
                answer = await client.get(f"http://127.0.0.1:{gateway.port}/decisions/{request_id}")
                took.append(time.perf_counter() - begun)
                assert answer.json()["id"] == request_id
        assert statistics.median(took) < 0.05, "and that on a busy machine"


async def test_nobody_is_told_who_does_not_show_the_token(tmp_path: Path, explain: Explain) -> None:
    (tmp_path / "admin.token").write_text(TOKEN)
    admin = f"{{bind: 127.0.0.1:0, token: 'file:{tmp_path / 'admin.token'}'}}"
    (tmp_path / "admin.token").chmod(0o600)
    async with administered(tmp_path, admin) as gateway:
        asked = request(gateway, gateway.token())
        for token in ("", "another"):
            code, told, written = await explain(gateway.port, *asked, token=token)
            assert (code, told["error"]["code"]) == (3, "explain.admin")
            assert TOKEN not in written
        code, told, written = await explain(gateway.port, *asked, token=TOKEN)
        assert (code, told["verdict"]) == (0, "allow")
        assert TOKEN not in written


async def test_several_workers_answer_as_one(tmp_path: Path, explain: Explain) -> None:
    async with world(tmp_path) as one:
        one.file.write_text(
            one.file.read_text().replace("127.0.0.1:0", f"127.0.0.1:{free_port()}") + "admin: {bind: 127.0.0.1:0}\n"
        )
        async with gateway_process(one.file, "--workers", "2", ready="workers ready") as process:
            gateway = Administered(one, process)
            token = gateway.token()
            for _ in range(4):
                assert (await gateway.call("/both/a", token=token)).status == 200
            code, told, written = await explain(gateway.port, *request(gateway, token))
            assert (code, told["verdict"]) == (0, "allow"), written
            for _ in range(100):  # the log is written now and then
                if len(process.access()) == 4:
                    break
                await asyncio.sleep(0.1)
            async with httpx2.AsyncClient() as client:
                for line in process.access():
                    answer = await client.get(f"http://127.0.0.1:{gateway.port}/decisions/{line['id']}")
                    assert answer.json()["reason"] == "allowed"


async def test_where_nobody_listens_it_cannot_be_found_out(explain: Explain) -> None:
    code, told, _ = await explain(1, "https://localhost/x")
    assert (code, told["error"]["code"]) == (3, "explain.admin")
