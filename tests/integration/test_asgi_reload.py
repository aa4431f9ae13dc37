"""Does the ASGI application follow its file?"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs
from tests.support.live import Live, furnished, put

from ostiary import asgi
from ostiary.observe.access import AccessLog

pytestmark = pytest.mark.integration
TAKEN, REFUSED = "configuration taken up", "configuration refused, the one before serves on"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    async with furnished(tmp_path) as one:
        yield one


@asynccontextmanager
async def asked(app: asgi.GatewayApp) -> AsyncIterator[httpx2.AsyncClient]:
    async with app, httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://localhost") as client:
        yield client


async def until(happened, seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - a list that somebody else fills
            await asyncio.sleep(0.02)


async def subject(client: httpx2.AsyncClient) -> str:
    return (await client.get("/")).headers["x-saw"]


def told(logs: list, event: str) -> list:
    return [one for one in logs if one["event"] == event]


async def test_a_new_file_is_taken_up(live: Live) -> None:
    async with asked(asgi.app(live.file, access=AccessLog())) as client:
        assert await subject(client) == "first"
        with capture_logs() as logs:
            live.write("second")
            await until(lambda: told(logs, TAKEN))
        assert await subject(client) == "second"


async def test_a_broken_file_changes_nothing(live: Live) -> None:
    async with asked(asgi.app(live.file, access=AccessLog())) as client:
        with capture_logs() as logs:
            put(live.file, live.file.read_bytes().replace(b"upstream: echo", b"upstream: eco"))
            await until(lambda: told(logs, REFUSED))
        assert await subject(client) == "first"


async def test_who_wants_none_of_it_keeps_the_file_of_the_start(live: Live) -> None:
    async with asked(asgi.app(live.file, access=AccessLog(), reload=False)) as client:
        live.write("second")
        await asyncio.sleep(1.6)
        assert await subject(client) == "first"


async def test_a_request_under_way_ends_with_the_configuration_that_it_began_with(live: Live) -> None:
    async with asked(asgi.app(live.file, access=AccessLog())) as client:
        slow = asyncio.create_task(client.get("/slow/3"))
        await until(lambda: live.echo.under_way)
        with capture_logs() as logs:
            live.write("second")
            await until(lambda: told(logs, TAKEN))
        assert await subject(client) == "second"
        assert ((await slow).headers["x-saw"], (await slow).content) == ("first", b"ok" * 10)


@pytest.fixture
def hangups() -> Iterator[None]:
    """Hang-ups are nobody's, as in a server: whoever runs the tests may have them ignored (nohup)."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups")
async def test_a_hangup_asks_for_it_and_is_nobodys_end(live: Live) -> None:
    async with asked(asgi.app(live.file, access=AccessLog())) as client:
        with capture_logs() as logs:
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: told(logs, TAKEN))
        assert await subject(client) == "first"
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


@pytest.mark.usefixtures("hangups")
async def test_a_hangup_that_somebody_else_listens_to_is_left_to_them(live: Live) -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, heard.set)
    try:
        async with asked(asgi.app(live.file, access=AccessLog())):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.wait_for(heard.wait(), 5)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def test_the_audit_log_is_kept_there_too(live: Live) -> None:
    live.text = "audit: {{path: audit.jsonl}}\n" + live.text.lstrip()
    live.write("first")
    async with asked(asgi.app(live.file, access=AccessLog())) as client:
        await client.get("/seen")
    assert b'"url.path":"/seen"' in (live.folder / "audit.jsonl").read_bytes()


async def test_under_hypercorn_a_new_certificate_is_shown_and_who_was_revoked_gets_no_further(live: Live) -> None:
    gone = live.client("gone")
    async with asgi.hypercorn(live.file, access=AccessLog(), drain=1) as server:
        live.port = server.sockets[0].getsockname()[1]
        caller = await live.call("gone")
        assert (await caller.get("/closed/a")).status == 200
        with capture_logs() as logs:
            renewed = live.identify()
            live.revoke(gone)
            await until(lambda: told(logs, TAKEN))
        after = await live.call()
        assert after.certificate == renewed.certificate
        assert (await after.get()).status == 200
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await (await live.call("gone")).get("/closed/a")
