"""Does a WebSocket on a stream of HTTP/2 pass after authorization, and nothing else in its shadow (RFC 8441)?

The gateway runs as its operators run it. Callers are h2 with the `websockets` library, nghttp2 as Node has it, and
Chromium; the upstream is the `websockets` library, and speaks HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from h2.errors import ErrorCodes
from tests.support.http2_caller import Http2Caller
from tests.support.http2_socket import begin, speaking
from tests.support.tunnels import AGREE, SWITCH, World, take_up, tunnels

pytestmark = pytest.mark.integration
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with tunnels(tmp_path) as one:
        one.raw.answer = AGREE
        yield one


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Http2Caller]:
    async with speaking(world.gateway.port, world.tls()) as one:
        yield one


async def logged(world: World, count: int = 1) -> list[dict[str, object]]:
    """Return the lines of the log, once there are so many."""
    async with asyncio.timeout(5):
        while len(lines := world.gateway.access()) < count:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.05)
    return lines


async def test_messages_pass_both_ways_and_the_upstream_knows_who_speaks(world, caller):
    socket = await begin(caller, "/chat/a?b=c")
    assert socket.open
    assert not {b"sec-websocket-accept", b"content-length", b"upgrade"} & set(socket.head)
    for message in (b"hello", b"\x00\xff", b"", bytes(500_000)):
        await socket.send(message)
        assert await socket.receive() == message
    (head,) = world.heads
    assert head["x-subject"].startswith("spiffe://example.com/")
    assert (head["upgrade"], head["connection"], head["host"]) == ("websocket", "Upgrade", "localhost")
    assert head["origin"] == "https://localhost"


async def test_many_share_a_connection_with_each_other_and_with_requests(world, caller):
    world.raw.answer = OK
    sockets = [await begin(caller, f"/chat/{number}") for number in range(8)]
    plain = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/raw/")]
    assert await caller.answer(caller.ask(plain)) == (200, b"ok")
    for number, socket in enumerate(sockets):
        await socket.send(b"%d" % number)
    for number, socket in enumerate(sockets):
        assert await socket.receive() == b"%d" % number


async def test_a_caller_who_closes_is_answered_and_has_one_line_in_the_log(world, caller):
    socket = await begin(caller, "/chat/a")
    await socket.send(b"hello")
    assert await socket.receive() == b"hello"
    socket.close(3000)
    await socket.gone()
    assert (socket.ended, socket.reset, socket.closed[0]) == (True, None, 3000)
    [line] = await logged(world)
    assert (line["method"], line["status"], line["decision"], line["reason"]) == ("CONNECT", 200, "allow", "allowed")
    assert line["route"] == "chat"


async def test_an_upstream_that_closes_is_heard_with_its_reason(world):
    async with speaking(world.gateway.port, world.tls()) as caller:
        socket = await begin(caller, "/chat/a")
        await socket.send(b"bye", text=True)
        await socket.gone()
    assert socket.closed == (4000, "as you wish")
    assert socket.ended


async def test_an_end_without_a_farewell_reaches_the_upstream(world, caller):
    socket = await begin(caller, "/raw/")
    await socket.send(b"hello")
    socket.end()
    await asyncio.wait_for(world.raw.gone.wait(), 5)
    await socket.gone()
    assert (socket.ended, socket.reset) == (True, None)


async def test_a_reset_takes_the_upstream_connection_along(world, caller):
    socket = await begin(caller, "/raw/")
    caller.h2.reset_stream(socket.number, ErrorCodes.CANCEL)
    caller.say()
    await asyncio.wait_for(world.raw.gone.wait(), 5)
    assert [line["reason"] for line in await logged(world)] == ["allowed"]


async def test_silence_ends_a_tunnel(world, caller):
    socket = await begin(caller, "/chat/a")
    await socket.gone()
    assert socket.reset is ErrorCodes.CANCEL
    assert [line["reason"] for line in await logged(world)] == ["upstream.timeout"]


async def test_a_reload_ends_no_tunnel_and_a_stop_does_when_it_has_waited(world, caller):
    text = "drain_timeout: 300ms\n" + world.gateway._file.read_text().replace("idle: 2s", "idle: 60s")
    await take_up(world, text, 1)
    socket = await begin(caller, "/chat/a")
    for count, subject in enumerate(("{principal.subject}-2", "{principal.subject}-3"), 2):
        await take_up(world, text.replace("{principal.subject}", subject), count)
    await asyncio.sleep(0.5)
    await socket.send(b"after")
    assert await socket.receive() == b"after"
    other = await begin(caller, "/chat/b")
    await other.send(b"new")
    assert await other.receive() == b"new"
    first, second = (head["x-subject"] for head in world.heads)
    assert second == f"{first}-3"
    world.gateway.signal()
    assert await world.gateway.ended() == 0


async def test_a_large_message_waits_for_whoever_reads_slowly(world, caller):
    socket = await begin(caller, "/chat/a")
    message = bytes(3_000_000)
    await socket.send(message)
    await asyncio.sleep(0.3)
    assert await socket.receive() == message


async def test_nobody_begins_one_without_being_let_in(world):
    async with speaking(world.gateway.port, world.tls(certificate=False)) as caller:
        socket = await begin(caller, "/chat/a")
        await socket.gone()
    assert socket.head[b":status"] == b"401"
    assert json.loads(socket.refused)["reason"] == "certificate.missing"
    assert world.heads == []


async def test_a_route_passes_on_only_what_it_names(world, caller):
    socket = await begin(caller, "/plain/a")
    await socket.gone()
    assert socket.head[b":status"] == b"400"
    assert json.loads(socket.refused)["reason"] == "upgrade.unsupported"


async def test_an_upstream_that_has_not_understood_is_no_other_end(world, caller):
    """A 200 would be a tunnel to the caller, and every octet that he says a request to the upstream."""
    key = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    answers = (
        *(OK, b"HTTP/1.1 204 No Content\r\n\r\n", SWITCH, AGREE.replace(b"websocket", b"h2c")),
        *(AGREE.replace(b"ACCEPT", b"ACCEPTx"), AGREE.replace(b"ACCEPT", key)),
    )
    for count, world.raw.answer in enumerate(answers, 1):
        world.raw.heard = b""
        socket = await begin(caller, "/raw/")
        assert socket.head[b":status"] == b"502", world.raw.answer
        assert [line["reason"] for line in await logged(world, count)] == ["upstream.invalid"] * count


async def test_what_is_said_before_the_tunnel_is_open_is_no_request_to_an_upstream_that_declines(world, caller):
    world.raw.answer = b""
    fields = [
        *((b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"https"), (b":path", b"/raw/")),
        (b":authority", b"localhost"),
    ]
    number = caller.ask(fields, end=False)
    caller.h2.send_data(number, b"GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n")
    caller.say()
    await asyncio.sleep(0.3)
    caller.h2.reset_stream(number, ErrorCodes.CANCEL)
    caller.say()
    await asyncio.wait_for(world.raw.gone.wait(), 5)
    assert b"/raw/" in world.raw.heard
    assert b"/admin" not in world.raw.heard


# --- other people's clients ------------------------------------------------------------------------


async def test_node_speaks_through_a_tunnel_by_nghttp2(world):
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not installed")
    files = (world.folder / name for name in ("ca.pem", "client.pem", "client.key"))
    script = Path(__file__).parents[1] / "support" / "websocket_node.mjs"
    process = await asyncio.create_subprocess_exec(
        *(node, script, str(world.gateway.port), "/chat/a", *files), stdout=PIPE, stderr=PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err
    said = json.loads(out)
    assert (said["setting"], said["status"], said["accept"], said["code"]) == (True, 200, None, 0)
    assert bytes.fromhex(said["octets"]) == b"\x81\x05hello\x88\x00"


PAGE = b"""<!doctype html><title>tunnel</title><script>
const tell = (what) => fetch("/raw/told?" + encodeURIComponent(what), {method: "POST"});
const socket = new WebSocket("wss://" + location.host + "/open/a");
socket.onopen = () => { socket.send("hello"); };
socket.onmessage = ({data}) => { tell("heard " + data); socket.send("bye"); };
socket.onclose = ({code, reason}) => { tell("closed " + code + " " + reason); };
</script>"""


@asynccontextmanager
async def browsing(world: World) -> AsyncIterator[None]:
    """A browser looks at the page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is needed")
    quiet = ("--headless=new", "--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage")
    alone = (
        "--disable-background-networking",
        "--disable-component-update",
        "--no-proxy-server",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
        "--ignore-certificate-errors",
        f"--user-data-dir={world.folder / 'profile'}",
        "--remote-debugging-port=0",  # it stays until it is ended
    )
    url = f"https://localhost:{world.gateway.port}/raw/page"
    process = await asyncio.create_subprocess_exec(browser, *quiet, *alone, url, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


@pytest.mark.distant
async def test_a_browser_opens_its_socket_on_the_connection_that_its_page_came_by(tmp_path):
    """It is asked for a certificate, has none, and shows none."""
    async with tunnels(tmp_path) as world, browsing(world):
        world.raw.answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
            % (len(PAGE), PAGE)
        )
        async with asyncio.timeout(60):
            while world.raw.heard.count(b"POST /raw/told?") < 2:  # noqa: ASYNC110 - it says when
                await asyncio.sleep(0.1)
    told = [unquote(line.split()[1].decode()) for line in world.raw.heard.splitlines() if line.startswith(b"POST ")]
    assert told == ["/raw/told?heard hello", "/raw/told?closed 4000 as you wish"]
    [line] = [line for line in world.gateway.access() if line["route"] == "open"]
    assert (line["method"], line["status"], line["reason"]) == ("CONNECT", 200, "allowed")
