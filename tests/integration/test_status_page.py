"""Does a browser show the status page, as it is and without complaint?"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.admin import Administered, administered
from tests.unit.admin.test_page import Seen

from ostiary.cli.documents import schema_of

pytestmark = pytest.mark.integration
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Administered]:
    if shutil.which("curl") is None:
        pytest.skip("curl is needed")
    async with administered(tmp_path) as one:
        yield one


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is needed")
    return found


async def shown(chromium: str, url: str, folder: Path, *options: str) -> tuple[str, str]:
    """What a browser makes of a page: its document, and what it complains about."""
    profile = folder / f"profile-{os.urandom(4).hex()}"
    quiet = ("--headless=new", "--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage")
    offline = (
        "--disable-background-networking",
        "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    )
    process = await asyncio.create_subprocess_exec(
        *(chromium, *quiet, *offline, f"--user-data-dir={profile}", "--enable-logging=stderr", *options, url),
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    complaints = "\n".join(line for line in err.decode(errors="replace").splitlines() if "CONSOLE" in line)
    return out.decode(), complaints


async def test_what_curl_gets_is_a_whole_page_under_a_strict_policy(gateway: Administered):
    assert (await gateway.call("/both/a", token=gateway.token())).status == 200
    reply = await gateway.look("/")
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert reply.headers["content-type"].startswith("text/html")
    seen = Seen(reply.content.read_text())
    assert {"both", "bank", "legacy-accounts", "accounts"} <= set(seen.of("td"))
    assert seen.of("dd")[0] == "1"
    for secret in gateway.secrets:
        assert secret not in reply.content.read_bytes()
    assert (await gateway.json("/status.json"))["requests"]["allow"] == 1


async def test_the_terminal_is_told_the_same_as_its_schema_says(gateway: Administered):
    assert (await gateway.call("/both/a", token=gateway.token())).status == 200
    command = (sys.executable, "-m", "ostiary", "status", "--admin", f"http://127.0.0.1:{gateway.port}")
    for more in ((), ("--json",)):
        process = await asyncio.create_subprocess_exec(*command, *more, stdout=PIPE, stderr=PIPE)
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, err) == (0, b"")
        assert not any(secret in out for secret in gateway.secrets)
    document = json.loads(out)
    Draft202012Validator(schema_of("status")).validate(document)
    assert document["requests"]["allow"] == 1


async def test_it_is_for_those_who_show_the_token_where_there_is_one(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ADMIN_TOKEN", "let-me-see-more-than-thirty-two-characters")
    async with administered(tmp_path, "{bind: 127.0.0.1:0, token: env:ADMIN_TOKEN}") as gateway:
        for page in ("/", "/status.json"):
            assert (await gateway.look(page)).status == 401
            shown = await gateway.look(page, "-H", "Authorization: Bearer let-me-see-more-than-thirty-two-characters")
            assert shown.status == 200


@pytest.mark.distant
async def test_a_browser_shows_it_with_its_style_and_complains_about_nothing(gateway, chromium, tmp_path):
    assert (await gateway.call("/both/a", token=gateway.token())).status == 200
    url = f"http://127.0.0.1:{gateway.port}/"
    document, complaints = await shown(chromium, url, tmp_path, "--dump-dom")
    assert complaints == ""
    assert "<caption>Routes</caption>" in document
    picture = tmp_path / "page.png"
    await shown(chromium, url, tmp_path, f"--screenshot={picture}", "--window-size=1200,1400")
    assert picture.read_bytes().startswith(PNG)
