"""Who gets which connection, and how long may it take?"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.support.wire import OK, Content, Wire, ask, pooling, request, send, serving

from ostiary.config.schema import UpstreamSpec
from ostiary.errors import ConfigError, Overloaded, UpstreamTimeout, UpstreamUnreachable
from ostiary.reasons import Reason
from ostiary.upstream import compile_upstream

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n"
SIZE = 50 << 20


def nobody() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


async def _mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_endpoints_are_used_in_turn() -> None:
    async with serving(Wire()) as one, serving(Wire()) as two, pooling(one.port, two.port) as pool:
        for _ in range(6):
            await ask(pool)
    assert (len(one.heads), len(two.heads)) == (3, 3)


async def test_an_endpoint_that_is_not_there_is_passed_over() -> None:
    async with serving(Wire()) as wire, pooling(nobody(), wire.port) as pool:
        for _ in range(4):
            assert (await ask(pool)).content == b"ok"


async def test_when_no_endpoint_is_there_the_upstream_is_unreachable() -> None:
    async with pooling(nobody(), nobody()) as pool:
        with pytest.raises(UpstreamUnreachable):
            await ask(pool)


async def test_who_finds_every_connection_busy_waits_in_line() -> None:
    async with serving(Wire()) as wire, pooling(wire.port, connections=2) as pool:
        tolds = await asyncio.gather(*(ask(pool) for _ in range(20)))
    assert [bytes(told.content) for told in tolds] == [b"ok"] * 20
    assert wire.connections == 2


async def test_a_place_that_comes_free_goes_to_who_waits() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    async with serving(Wire(*[closing] * 5)) as wire, pooling(wire.port, connections=1) as pool:
        tolds = await asyncio.gather(*(ask(pool) for _ in range(5)))
    assert all(told.content == b"ok" for told in tolds)
    assert wire.connections == 5


async def test_an_upstream_that_closes_without_saying_so_costs_nobody_an_answer() -> None:
    async with serving(Wire(close=True)) as wire, pooling(wire.port, connections=1) as pool:
        tolds = await asyncio.gather(*(ask(pool) for _ in range(8)))
    assert all(told.content == b"ok" for told in tolds)


async def test_who_waits_in_vain_is_told_that_the_gateway_is_busy() -> None:
    async with (
        serving(Wire(script=_mute)) as wire,
        pooling(wire.port, connections=1, timeouts={"connect": "100ms"}) as pool,
    ):
        await send(pool, request())
        with pytest.raises(Overloaded):
            await ask(pool)
    assert wire.connections == 1


async def test_who_leaves_while_waiting_loses_nothing_for_the_others() -> None:
    async with serving(Wire()) as wire, pooling(wire.port, connections=1) as pool:
        tasks = [asyncio.ensure_future(ask(pool)) for _ in range(12)]
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await ask(pool)).content == b"ok"


async def test_an_answer_that_does_not_come_times_out() -> None:
    async with serving(Wire(script=_mute)) as wire, pooling(wire.port, timeouts={"response": "100ms"}) as pool:
        told = await ask(pool)
        assert isinstance(told.error, UpstreamTimeout)
        assert told.error.reason is Reason.UPSTREAM_TIMEOUT
    assert wire.connections == 1


async def test_patience_with_the_answer_begins_when_the_request_is_whole() -> None:
    body = Content(b"half", length=8, complete=False)
    async with serving(Wire()) as wire, pooling(wire.port, timeouts={"response": "100ms"}) as pool:
        told = await send(pool, request("POST", body=body))
        await asyncio.sleep(0.3)
        assert body.sink is not None
        body.sink.feed(b"rest")
        body.sink.finish()
        assert (await told.end()).content == b"ok"
    assert wire.bodies == [b"halfrest"]


async def test_a_pause_within_the_answer_times_out() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    async with serving(Wire(answer)) as wire, pooling(wire.port, timeouts={"idle": "100ms"}) as pool:
        told = await ask(pool)
    assert isinstance(told.error, UpstreamTimeout)
    assert told.content == b"half"


async def test_the_time_that_the_caller_takes_is_not_the_upstreams() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok"
    async with serving(Wire(answer)) as wire, pooling(wire.port, timeouts={"idle": "100ms"}) as pool:
        told = await send(pool, request())
        await told.started.wait()
        assert told.source is not None
        told.source.pause()
        await asyncio.sleep(0.3)
        assert told.ends == 0
        told.source.resume()
        assert isinstance((await told.end()).error, UpstreamTimeout)


async def test_a_connection_that_idles_too_long_is_closed() -> None:
    async with serving(Wire()) as wire, pooling(wire.port, timeouts={"keep_alive": "100ms"}) as pool:
        await ask(pool)
        await asyncio.sleep(0.3)
        await ask(pool)
    assert wire.connections == 2


async def test_when_the_pool_closes_nobody_is_left_waiting() -> None:
    async with serving(Wire(script=_mute)) as wire, pooling(wire.port, connections=1) as pool:
        busy = await send(pool, request())
        waiting = asyncio.ensure_future(ask(pool))
        await asyncio.sleep(0.05)
        await pool.aclose()
        assert busy.error is not None
        assert busy.error.reason is Reason.STOPPING
        with pytest.raises(Overloaded):
            await waiting
        with pytest.raises(Overloaded):
            await ask(pool)


async def test_a_caller_who_reads_slowly_holds_the_upstream_back() -> None:
    written = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await wire.read(reader)
        writer.write(HEAD)
        for _ in range(SIZE >> 16):
            writer.write(bytes(1 << 16))
            await writer.drain()
            written += 1 << 16
        await reader.read()

    wire = Wire(script=script)
    async with serving(wire), pooling(wire.port) as pool:
        told = await send(pool, request())
        await told.started.wait()
        assert told.source is not None
        told.source.pause()
        await asyncio.sleep(0.3)
        held = len(told.content)
        assert held < 2 << 20
        assert written < 20 << 20  # what kernel buffers take, no more
        await asyncio.sleep(0.1)
        assert len(told.content) == held
        told.source.resume()
        await told.end()
    assert (len(told.content), told.error) == (SIZE, None)


async def test_an_upstream_that_reads_slowly_holds_the_caller_back() -> None:
    go = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await wire.read(reader)
        writer.write(OK)
        await reader.read()

    wire = Wire(script=script)
    async with serving(wire), pooling(wire.port) as pool:
        body = Content(length=SIZE, complete=False)
        told = await send(pool, request("PUT", body=body))
        fed = 0
        for _ in range(200):
            while not body.paused and fed < SIZE:
                body.sink.feed(bytes(1 << 16))  # type: ignore[union-attr]
                fed += 1 << 16
            await asyncio.sleep(0)
        assert fed < 20 << 20
        go.set()
        while fed < SIZE:
            if not body.paused:
                body.sink.feed(bytes(1 << 16))  # type: ignore[union-attr]
                fed += 1 << 16
            await asyncio.sleep(0)
        body.sink.finish()  # type: ignore[union-attr]
        assert (await told.end()).content == b"ok"
    assert len(wire.bodies[0]) == SIZE


async def test_an_upstream_that_takes_no_more_of_a_request_times_out() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)

    async with serving(Wire(script=script)) as wire, pooling(wire.port, timeouts={"idle": "150ms"}) as pool:
        body = Content(length=SIZE, complete=False)
        told = await send(pool, request("PUT", body=body))
        for _ in range(100):
            while not body.paused:
                body.sink.feed(bytes(1 << 16))  # type: ignore[union-attr]
            await asyncio.sleep(0.001)
        assert isinstance((await told.end()).error, UpstreamTimeout)
        assert not body.paused  # the edge may read on


def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    spec = UpstreamSpec.model_validate({"endpoints": ["https://legacy.example"], "tls": {"trusted": ["file:none.pem"]}})
    with pytest.raises(ConfigError):
        compile_upstream("legacy", spec, tmp_path)


async def test_what_is_known_of_the_connections_can_be_asked() -> None:
    async with serving(Wire()) as wire, pooling(wire.port, nobody(), connections=2) as pool:
        await ask(pool)
        await ask(pool)
        now = asyncio.get_running_loop().time()
        one, two = pool.endpoints(now)
    assert (one.up, one.idle, one.busy, one.connecting) == (True, 1, 0, 0)
    assert (two.up, two.idle, two.busy, two.connecting) == (False, 0, 0, 0)
    assert two.name.startswith("http://127.0.0.1:")


async def test_who_waits_for_a_connection_is_counted() -> None:
    async with serving(Wire(script=_mute)) as wire, pooling(wire.port, connections=1) as pool:
        await send(pool, request())
        waits = asyncio.create_task(send(pool, request()))
        await asyncio.sleep(0.02)
        assert pool.waiting == 1
        assert pool.endpoints(0.0)[0].busy == 1
        waits.cancel()


async def test_what_is_sent_once_more_is_counted() -> None:
    async def forgetful(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        writer.write(OK)
        await wire.read(reader)  # and nothing comes of it: the connection ends

    wire = Wire(script=forgetful)
    async with serving(wire), pooling(wire.port, connections=1) as pool:
        for _ in range(2):
            assert (await ask(pool)).content == b"ok"
        assert pool.repeated == 1
