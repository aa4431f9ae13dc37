"""How many may come in, and what becomes of the rest?"""

from __future__ import annotations

import asyncio
import json
import select
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.support.gateway_process import gateway_process
from tests.support.legacy_nginx import free_port
from tests.support.live import FILE, Caller, Live, furnished

pytestmark = pytest.mark.integration

Start = Callable[..., AbstractAsyncContextManager[Live]]
RESERVED = 16


@pytest.fixture
def limited(tmp_path: Path) -> Start:
    """Starts a gateway with limits and timeouts of its listener."""

    @asynccontextmanager
    async def start(limits: str = "", timeouts: str = "", most: int | None = None) -> AsyncIterator[Live]:
        more = f"    limits: {{{{{limits}}}}}\n    timeouts: {{{{{timeouts}}}}}\n"
        async with (
            furnished(tmp_path, FILE.replace("    tls:\n", f"{more}    tls:\n")) as live,
            gateway_process(live.file, descriptors=most) as live.gateway,
        ):
            yield live

    return start


async def turned_away(live: Live) -> bool:
    """Whether a new connection is closed before there is TLS on it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    try:
        return await asyncio.wait_for(reader.read(1), 0.5) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    finally:
        writer.close()


@pytest.mark.attack(61)
async def test_an_address_has_as_many_connections_as_it_may_have(limited: Start) -> None:
    async with limited("connections_per_address: 3") as live:
        callers = [await live.call() for _ in range(3)]
        assert await turned_away(live)
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await live.call()
        assert [(await caller.get()).status for caller in callers] == [200] * 3, "nobody else is disturbed"

        callers[0].close()
        await asyncio.sleep(0.2)
        assert (await (await live.call()).get()).status == 200
        assert live.told("connections refused: there are too many")[0]["limit"] == "limits.connections_per_address"
        assert len(live.told("connections refused: there are too many")) == 1, "a crowd does not fill the log"


async def test_handshakes_that_fail_are_no_connections_for_long(limited: Start) -> None:
    async with limited("connections_per_address: 2") as live:
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await reader.read()
            writer.close()
        assert (await (await live.call()).get()).status == 200


async def test_a_listener_has_as_many_connections_as_it_may_have(limited: Start) -> None:
    async with limited("connections: 2") as live:
        callers = [await live.call() for _ in range(2)]
        assert await turned_away(live)
        assert [(await caller.get()).status for caller in callers] == [200] * 2


async def test_a_handshake_that_stalls_is_ended(limited: Start) -> None:
    async with limited("connections: 4", "handshake: 500ms") as live:
        stalled = [await asyncio.open_connection("127.0.0.1", live.port) for _ in range(4)]
        assert await turned_away(live), "who shakes hands counts"
        begin = time.monotonic()
        await asyncio.gather(*(asyncio.wait_for(reader.read(), 5) for reader, _ in stalled), return_exceptions=True)
        assert time.monotonic() - begin < 2
        assert (await (await live.call()).get()).status == 200
        for _, writer in stalled:
            writer.close()


async def test_a_caller_who_is_late_with_a_head_and_says_no_goodbye_is_gone_within_the_bound(limited: Start) -> None:
    """Neither TLS's farewell nor the moment for octets on their way is waited for: he had his time."""
    async with limited(timeouts="headers: 500ms") as live:
        context = ssl.create_default_context(cafile=live.folder / "ca.pem")
        with (
            socket.create_connection(("localhost", live.port)) as line,
            context.wrap_socket(line, server_hostname="localhost") as caller,
        ):
            caller.send(b"GET / HTTP/1.1\r\n")
            watch = select.poll()
            watch.register(caller.fileno(), select.POLLRDHUP)
            begin = time.monotonic()
            assert await asyncio.to_thread(watch.poll, 10_000)
            assert 0.4 < time.monotonic() - begin < 3.5
            assert caller.recv(1 << 12).startswith(b"HTTP/1.1 408 "), "and what he was told has arrived"


async def test_an_idle_caller_of_http_2_who_says_no_goodbye_is_gone_as_soon(limited: Start) -> None:
    async with limited(timeouts="headers: 500ms") as live:  # until the first request, that is what idle means
        context = ssl.create_default_context(cafile=live.folder / "ca.pem")
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("localhost", live.port)) as line,
            context.wrap_socket(line, server_hostname="localhost") as caller,
        ):
            caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
            watch = select.poll()
            watch.register(caller.fileno(), select.POLLRDHUP)
            begin = time.monotonic()
            assert await asyncio.to_thread(watch.poll, 10_000)
            assert 0.4 < time.monotonic() - begin < 3.5


async def test_new_limits_hold_from_the_next_reload_on(limited: Start) -> None:
    async with limited("connections_per_address: 3") as live:
        kept = await live.call()
        live.text = live.text.replace("connections_per_address: 3", "connections_per_address: 2, target: 100B")
        live.write("second")
        await live.takes_up()
        other = await live.call()
        assert await turned_away(live)
        long = await kept.get("/" + "a" * 100)
        assert (long.status, json.loads(long.content)["title"]) == (414, "URI Too Long")
        assert (await other.get()).status == 200


@pytest.mark.attack(61)
async def test_when_descriptors_are_used_up_callers_wait_and_nobody_is_lost(limited: Start) -> None:
    """256 of them, and 300 callers: some wait in the kernel's queue until others have left."""
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    async with limited(most=256) as live:
        crowd = [await asyncio.open_connection("127.0.0.1", live.port) for _ in range(300)]
        await live.until(lambda: live.told("file descriptors are used up: callers wait"))
        pid = live.gateway.pid
        assert descriptors(pid) <= 256 - RESERVED, "the rest is for vaults, key sets and upstreams"
        before = cpu(pid)
        await asyncio.sleep(1)
        assert cpu(pid) - before < 0.2, "waiting costs nothing"

        late = asyncio.create_task(live.call())
        await asyncio.sleep(0.3)
        assert not late.done()
        for _, writer in crowd[:150]:
            writer.close()
        begin = time.monotonic()
        caller: Caller = await asyncio.wait_for(late, 5)
        assert (await caller.get()).status == 200
        assert time.monotonic() - begin < 2
        for _, writer in crowd[150:]:
            writer.close()


async def test_operators_are_answered_while_descriptors_are_used_up(tmp_path: Path) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    port = free_port()
    text = f"admin: {{{{bind: 127.0.0.1:{port}}}}}\n" + FILE.lstrip()
    async with furnished(tmp_path, text) as live, gateway_process(live.file, descriptors=256) as live.gateway:
        crowd = [await asyncio.open_connection("127.0.0.1", live.port) for _ in range(300)]
        await live.until(lambda: live.told("file descriptors are used up: callers wait"))
        for page in ("/livez", "/readyz?verbose", "/metrics"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            said = await asyncio.wait_for(reader.read(), 5)
            assert said.startswith(b"HTTP/1.1 200 "), page
            writer.close()
        for _, writer in crowd:
            writer.close()


@pytest.mark.parametrize("path", ["/", "/closed/a"])
async def test_who_wants_the_connection_closed_is_not_kept_waiting(limited: Start, path: str) -> None:
    async with limited() as live:
        caller = await live.call()
        caller.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        begin = time.monotonic()
        assert b"HTTP/1.1 " in await caller.reader.read()
        assert time.monotonic() - begin < 1.5


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def cpu(pid: int) -> float:
    """Seconds that a process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
