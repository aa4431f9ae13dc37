"""Does an audit log of a running gateway say everything, stay whole, and keep the door when it cannot be written?"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.support.admin import Administered, administered
from tests.support.gateway_process import ostiary

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_identity

pytestmark = pytest.mark.integration
AUDIT = "audit: {path: audit.jsonl}"


@pytest.fixture(autouse=True)
def _curl() -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_bytes().splitlines()]


def actions(folder: Path) -> list[str]:
    return [event["event.action"] for event in events(folder)]


async def verdict(folder: Path) -> dict[str, Any]:
    return json.loads(await ostiary("audit", "verify", folder / "audit.jsonl", "--json"))


async def test_every_request_has_one_line_whatever_became_of_it(tmp_path: Path):
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", AUDIT) as gateway:
        token = gateway.token()
        assert (await gateway.call("/both/a?secret=canary", token=token)).status == 200
        assert (await gateway.call("/both/a", token=gateway.token(permissions={}))).status == 403
        assert (await gateway.call("/both/%2e%2e/a", "--path-as-is")).status == 400
        assert (await gateway.look("/config")).status == 200
        assert await gateway.process.stop() == 0
    told = events(tmp_path)
    requests = [event for event in told if event["event.action"].startswith("request-")]
    assert [(one["event.action"], one["event.reason"]) for one in requests] == [
        ("request-allowed", "allowed"),
        ("request-denied", "permission.missing"),
        ("request-denied", "path.ambiguous"),
    ]
    assert (requests[0]["user.id"], requests[0]["ostiary.credential"]) == ("alice", "legacy-accounts")
    assert {"service-started", "keys-changed", "credential-changed", "admin-access", "service-stopping"} <= set(
        actions(tmp_path)
    )
    content = (tmp_path / "audit.jsonl").read_bytes()
    for secret in (*gateway.secrets, token.encode(), b"canary"):
        assert secret not in content
    assert (await verdict(tmp_path))["whole"]


async def test_a_client_that_was_refused_in_the_handshake_has_a_line_too(tmp_path: Path):
    stranger = Authority.create("stranger").issue_client(cn="nobody")
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", AUDIT) as gateway:
        certificate, key = tmp_path / "stranger.pem", tmp_path / "stranger.key"
        write_identity(certificate, key, stranger)
        shown = ("--cert", certificate, "--key", key)
        assert (await gateway.call("/both/a", *shown, shown=False)).status == 0
        assert await gateway.process.stop() == 0
        (refused,) = [event for event in events(tmp_path) if event["event.action"] == "connection-refused"]
    assert (refused["event.outcome"], refused["event.reason"]) == ("failure", "certificate.untrusted")
    assert (refused["source.ip"], refused["ostiary.listener"]) == ("127.0.0.1", "public")


async def test_a_reload_is_told_and_so_is_one_that_was_refused(tmp_path: Path):
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", AUDIT) as gateway:
        good = gateway.world.file.read_text()
        before = (await gateway.json("/config"))["digest"]
        gateway.world.file.write_text(good.replace("/both/**", "/twice/**"))
        await _until(tmp_path, "configuration-changed")
        gateway.world.file.write_text("version: 2\n")
        await _until(tmp_path, "configuration-refused")
        await gateway.call("/twice/a")
        assert await gateway.process.stop() == 0
    last = next(event for event in reversed(events(tmp_path)) if event["event.action"] == "request-denied")
    assert last["ostiary.config"] != before
    assert (await verdict(tmp_path))["whole"]


async def _until(folder: Path, action: str) -> None:
    async with asyncio.timeout(15):
        while action not in actions(folder):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("words", "status"), [("", 503), (", on_failure: continue", 200)])
async def test_a_disk_that_is_full_keeps_the_door_shut_unless_the_file_says_otherwise(tmp_path: Path, words, status):
    """No file of the process may grow: that is what a full disk looks like."""
    audit = f"audit: {{path: audit.jsonl{words}}}"
    async with administered(tmp_path, "{bind: 127.0.0.1:0}", audit) as gateway:
        token = gateway.token()
        assert (await gateway.call("/both/a", token=token)).status == 200
        await _until(tmp_path, "request-allowed")
        _, hard = _limit(gateway, 1)
        await gateway.call("/both/seen-too-late", token=token)
        await asyncio.sleep(0.3)
        reply = await gateway.call("/both/b", token=token)
        assert reply.status == status
        if status == 503:
            assert reply.headers["retry-after"] == "1"
            assert json.loads(reply.content.read_bytes())["reason"] == "audit.unavailable"
        _limit(gateway, hard)
        await asyncio.sleep(1)
        assert (await gateway.call("/both/c", token=token)).status == 200
        await gateway.process.stop()
    assert [event["url.path"] for event in events(tmp_path) if event["event.action"].startswith("request-")] == [
        "/both/a",
        "/both/seen-too-late",
        "/both/b",
        "/both/c",
    ]
    assert (await verdict(tmp_path))["whole"]


def _limit(gateway: Administered, size: int) -> tuple[int, int]:
    """Let no file of the process become larger."""
    assert gateway.process._process is not None
    pid = gateway.process._process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    return before
