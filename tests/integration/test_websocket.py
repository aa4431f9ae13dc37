"""Does another protocol pass after authorization, and nothing else in its shadow?

The gateway runs as its operators run it; the WebSockets on both sides are those of the `websockets` library.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.tunnels import ASK, SWITCH, World, take_up, tunnels
from websockets.exceptions import ConnectionClosed, InvalidStatus

pytestmark = pytest.mark.integration


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with tunnels(tmp_path) as one:
        yield one


async def test_messages_pass_both_ways_and_the_upstream_knows_who_speaks(world):
    async with world.chatting() as socket:
        for message in ("hello", b"\x00\xff", "x" * 300_000):
            await socket.send(message)
            assert await socket.recv() == message
    (head,) = world.heads
    assert head["x-subject"].startswith("spiffe://example.com/")
    assert (head["upgrade"], head["connection"]) == ("websocket", "Upgrade")


async def test_a_reload_ends_no_tunnel_however_long_it_lives_and_the_next_one_is_of_the_new_file(world):
    text = "drain_timeout: 300ms\n" + world.gateway._file.read_text().replace("idle: 2s", "idle: 60s")
    await take_up(world, text, 1)
    async with world.chatting() as socket:
        await socket.send("before")
        assert await socket.recv() == "before"
        for number, subject in enumerate(("{principal.subject}-2", "{principal.subject}-3"), 2):
            await take_up(world, text.replace("{principal.subject}", subject), number)
        await asyncio.sleep(1)
        await socket.send("after")
        assert await socket.recv() == "after"
        async with world.chatting() as other:
            await other.send("new")
            assert await other.recv() == "new"
    first, second = (head["x-subject"] for head in world.heads)
    assert second == f"{first}-3"


async def test_a_large_message_waits_for_whoever_reads_slowly(world):
    message = bytes(20_000_000)
    async with world.chatting() as socket:
        await socket.send(message)
        await asyncio.sleep(0.5)
        assert await socket.recv() == message


async def test_the_end_passes_with_its_reason(world):
    async with world.chatting() as socket:
        await socket.send("bye")
        with pytest.raises(ConnectionClosed) as caught:
            await socket.recv()
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4000, "as you wish")


async def test_a_caller_who_leaves_takes_the_upstream_connection_along(world):
    assert (await world.speak(ASK, b"\x81\x00")).startswith(b"HTTP/1.1 101")
    await asyncio.wait_for(world.raw.gone.wait(), 5)
    assert world.raw.heard.endswith(b"\r\n\r\n\x81\x00")


async def test_silence_ends_a_tunnel_and_any_message_prolongs_it(world):
    async with world.chatting() as socket:
        for _ in range(3):
            await asyncio.sleep(1.2)
            await socket.send("still here")
            assert await socket.recv() == "still here"
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 6)


@pytest.mark.attack(49)
async def test_nobody_changes_the_protocol_without_being_let_in(world):
    with pytest.raises(InvalidStatus) as caught:
        async with world.chatting(certificate=False):
            pass
    assert caught.value.response.status_code == 401
    assert world.heads == []


async def test_a_route_passes_on_only_what_it_names(world):
    with pytest.raises(InvalidStatus) as caught:
        async with world.chatting("/plain/"):
            pass
    assert caught.value.response.status_code == 400
    other = ASK.replace(b"websocket", b"h2c")
    assert (await world.speak(other)).startswith(b"HTTP/1.1 400")
    assert {line["reason"] for line in world.gateway.access()} == {"upgrade.unsupported"}
    assert world.raw.connections == 0


@pytest.mark.attack(49)
async def test_an_upstream_that_declines_ends_the_connection_and_nothing_is_smuggled(world):
    """What follows a declined upgrade would be a request of its own to the upstream."""
    world.raw.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    heard = await world.speak(ASK, b"GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert heard.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in heard.lower()
    assert b"/admin" not in world.raw.heard


@pytest.mark.attack(49)
@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_octets_before_the_answer_are_refused(world, pause):
    world.raw.answer = b""  # it takes its time
    hidden = b"GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    pieces = (ASK + hidden,) if not pause else (ASK, hidden)
    heard = await world.speak(*pieces, pause=pause)
    assert heard.startswith(b"HTTP/1.1 400")
    assert b"/admin" not in world.raw.heard


@pytest.mark.attack(49)
@pytest.mark.parametrize(
    "answer",
    [
        SWITCH.replace(b"websocket", b"h2c"),
        SWITCH.replace(b"Upgrade: websocket\r\n", b""),
        SWITCH.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n"),
        SWITCH.replace(b"\r\n\r\n", b"\r\nUpgrade: h2c\r\n\r\n"),
    ],
)
async def test_an_upstream_changes_to_what_was_asked_for_or_to_nothing(world, answer):
    world.raw.answer = answer
    assert (await world.speak(ASK)).startswith(b"HTTP/1.1 502")


async def test_what_the_upstream_says_with_its_answer_is_not_lost(world):
    world.raw.answer = SWITCH + b"\x81\x05hello"
    heard = await world.speak(ASK)
    assert heard.endswith(b"\r\n\r\n\x81\x05hello")


@pytest.mark.attack(49)
@pytest.mark.parametrize(
    "request_",
    [
        ASK.replace(b"GET", b"POST"),
        ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nok"),
        ASK.replace(b"Upgrade: websocket", b"Upgrade: websocket, h2c"),
        ASK.replace(b"Upgrade: websocket", b"Upgrade: websocket\r\nUpgrade: h2c"),
        b"GET /raw/ HTTP/1.1\r\nHost: localhost\r\n\r\n" + ASK,
    ],
    ids=["POST", "a body", "a list", "two fields", "behind another"],
)
async def test_an_upgrade_in_another_shape_is_refused(world, request_):
    world.raw.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert b"HTTP/1.1 400" in await world.speak(request_)
    assert b"h2c" not in world.raw.heard


async def test_an_upgrade_without_connection_is_no_upgrade(world):
    world.raw.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    heard = await world.speak(ASK.replace(b"Connection: Upgrade\r\n", b""))
    assert heard.startswith(b"HTTP/1.1 200")
    assert b"pgrade" not in world.raw.heard


async def test_a_tunnel_has_one_line_in_the_log(world):
    async with world.chatting() as socket:
        await socket.send("hello")
        await socket.recv()
    await asyncio.sleep(0.2)
    (line,) = [line for line in world.gateway.access() if line["route"] == "chat"]
    assert (line["status"], line["reason"], line["decision"]) == (101, "allowed", "allow")
    assert line["sent"] > 0
