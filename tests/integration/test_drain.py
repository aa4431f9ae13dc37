"""How does a gateway that is told to stop come to its end?"""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator

import pytest
from tests.support.gateway_process import gateway_process
from tests.support.legacy_nginx import free_port
from tests.support.live import FILE, Live, furnished

pytestmark = pytest.mark.integration


async def test_what_is_under_way_ends_and_nobody_else_is_let_in(live: Live) -> None:
    busy, idle = await live.call(), await live.call()
    await idle.get()
    await busy.send("/slow/2")
    await busy.head()

    live.gateway.signal()
    begin = time.monotonic()
    assert await idle.closed()
    with pytest.raises(ConnectionError):
        await live.call()
    assert time.monotonic() - begin < 0.5

    assert await busy.reader.readexactly(20) == b"ok" * 10
    assert await live.gateway.ended() == 0
    assert 1.5 < time.monotonic() - begin < 4


async def test_a_request_that_is_being_sent_is_answered_and_told_that_it_was_the_last(live: Live) -> None:
    caller = await live.call()
    await caller.send("/slow/1")
    await asyncio.sleep(0.2)
    await caller.send("/")
    live.gateway.signal()

    assert (await caller.answer()).status == 200
    assert await caller.closed()
    assert await live.gateway.ended() == 0


@pytest.fixture
async def hasty(tmp_path) -> AsyncIterator[Live]:
    """A gateway that gives what is under way one second."""
    async with furnished(tmp_path, "drain_timeout: 1s\n" + FILE.lstrip()) as one, gateway_process(one.file) as gateway:
        one.gateway = gateway
        yield one


async def test_what_takes_longer_than_it_may_is_cut_off(hasty: Live) -> None:
    caller = await hasty.call()
    await caller.send("/slow/20")
    await caller.head()
    begin = time.monotonic()
    hasty.gateway.signal()

    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(caller.reader.readexactly(20), 5)
    assert await hasty.gateway.ended() == 0
    assert 0.9 < time.monotonic() - begin < 4


async def test_a_second_signal_does_not_wait(live: Live) -> None:
    caller = await live.call()
    await caller.send("/slow/20")
    await caller.head()
    live.gateway.signal(signal.SIGINT)
    await live.until(lambda: live.told("stopping"))

    begin = time.monotonic()
    live.gateway.signal(signal.SIGINT)
    assert await live.gateway.ended() == 0
    assert time.monotonic() - begin < 2
    assert live.told("stopping at once")


async def test_a_gateway_that_was_replaced_shortly_before_is_waited_for_too(live: Live) -> None:
    caller = await live.call()
    await caller.send("/slow/3")
    await caller.head()
    live.write("second")
    await live.takes_up()
    live.gateway.signal()

    assert await caller.reader.readexactly(20) == b"ok" * 10
    assert await live.gateway.ended() == 0


async def test_a_lame_duck_is_not_ready_and_serves_on(tmp_path) -> None:
    port = free_port()
    text = f"lame_duck: 2s\nadmin:\n  bind: 127.0.0.1:{port}\n" + FILE.lstrip()
    async with furnished(tmp_path, text) as live, gateway_process(live.file) as live.gateway:
        before = await _readiness(port)
        begin = time.monotonic()
        live.gateway.signal()
        await live.until(lambda: live.told("stopping"))
        during = await _readiness(port)
        new = await (await live.call()).get()
        code = await live.gateway.ended()

        assert (before, during, new.status, code) == (200, 503, 200, 0)
        assert 1.9 < time.monotonic() - begin < 4


async def _readiness(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    head = await reader.readuntil(b"\r\n")
    await reader.read()
    writer.close()
    return int(head.split(b" ")[1])


async def test_a_caller_who_never_says_goodbye_is_not_waited_for(live: Live) -> None:
    """TLS asks the other end to confirm the end (RFC 8446, section 6.1); one that is asleep never does."""
    context = ssl.create_default_context(cafile=live.folder / "ca.pem")
    with (
        socket.create_connection(("localhost", live.gateway.port)) as line,
        context.wrap_socket(line, server_hostname="localhost"),
    ):
        await asyncio.sleep(0.2)
        begin = time.monotonic()
        live.gateway.signal()
        assert await live.gateway.ended() == 0
    assert time.monotonic() - begin < 2.5
