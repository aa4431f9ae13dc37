"""What do others on a connection notice of callers who give up, and of calls whose time is over?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from h2.settings import SettingCodes
from tests.support.http2_upstream import OK, Http2Server, Peer, upstream
from tests.support.wire import Content, Told, Wire, pooling, request, send, serving

from ostiary.config.schema import UpstreamSpec
from ostiary.errors import Overloaded, UpstreamTimeout
from ostiary.reasons import Reason
from ostiary.upstream import AnyPool, compile_upstream
from ostiary.upstream.http2.resets import AT_ONCE, PER_SECOND, Resets

CALL = (b"content-type", b"application/grpc")


async def begun(pool: AnyPool) -> tuple[Told, Content]:
    body = Content(length=None, complete=False)
    return await send(pool, request("POST", CALL, body=body)), body


def give_up(body: Content) -> None:
    assert body.sink is not None
    body.sink.abandon()


async def heard(server: Http2Server, pool: AnyPool, peer: int = 0) -> tuple[Peer, int, Told]:
    told = await send(pool, request())
    one = await server.peer(peer)
    return one, await one.request(), told


# --- how much may be given up on a connection --------------------------------------------------------


def test_a_few_resets_may_be_said_at_once_and_more_of_them_little_by_little() -> None:
    resets = Resets(100.0)
    assert [resets.may(100.0, 100) for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    assert [resets.may(101.0, 100) for _ in range(4)] == [True] * int(PER_SECOND) + [False]
    assert resets.said == AT_ONCE + PER_SECOND


def test_in_any_half_minute_there_are_fewer_than_netty_allows() -> None:
    resets, at = Resets(0.0), 0.0
    said = []
    while at < 90:
        said += [at] * resets.may(at, 100)
        at += 0.01
    assert max(sum(one <= other < one + 30 for other in said) for one in said) < 200


def test_an_upstream_that_takes_few_streams_at_a_time_is_told_as_few_resets() -> None:
    resets = Resets(0.0)
    assert [resets.may(0.0, 4) for _ in range(5)] == [True] * 4 + [False]
    assert Resets(0.0).may(0.0, 0)


def test_many_are_more_than_a_quarter_of_all_beyond_a_few() -> None:
    resets = Resets(0.0)
    for at in range(200):
        resets.may(float(at), 100)
    assert resets.said == 200
    assert resets.many(700)
    assert not resets.many(800)


# --- callers who give up -----------------------------------------------------------------------------


async def test_a_caller_who_gives_up_in_a_storm_costs_others_nothing() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, stream, other = await heard(server, pool)
        for _ in range(200):
            _, body = await begun(pool)
            await asyncio.sleep(0)
            give_up(body)
        peer.answer(stream)
        assert (await other.end()).content == b"ok"
        server.answering = True
        assert (await (await send(pool, request())).end()).content == b"ok"
        assert len(server.peers) > 5
        assert all(len(one.resets) <= AT_ONCE + PER_SECOND * 9 for one in server.peers)
        await peer.until(lambda: peer.gone)  # with its last exchange


async def test_what_is_given_up_beyond_that_is_told_later_while_others_go_on() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, stream, other = await heard(server, pool)
        bodies = [(await begun(pool))[1] for _ in range(AT_ONCE + 3)]
        await peer.until(lambda: len(peer.heads) == 1 + len(bodies))
        for body in bodies:
            give_up(body)
        await peer.until(lambda: len(peer.resets) == AT_ONCE)
        for late in sorted(peer.heads)[AT_ONCE + 1 :]:
            peer.answer(late, bytes(1000))  # nobody wants it
        await peer.until(lambda: len(peer.resets) == AT_ONCE + 3)
        assert set(peer.resets.values()) == {ErrorCodes.CANCEL}
        peer.answer(stream)
        assert (await other.end()).content == b"ok"


async def test_few_who_give_up_keep_their_connection() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, *_ = await heard(server, pool)
        for _ in range(AT_ONCE - 1):
            give_up((await begun(pool))[1])
        await peer.until(lambda: len(peer.resets) == AT_ONCE - 1)
        await heard(server, pool)
        assert len(server.peers) == 1


async def test_connections_that_are_left_do_not_become_more_and_more() -> None:
    server = Http2Server(answering=False, settings={SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    timeouts = {"connect": "200ms"}
    async with upstream(server), pooling(server.port, protocol="h2", connections=2, timeouts=timeouts) as pool:
        for _ in range(12):
            try:
                _, body = await begun(pool)
                await send(pool, request())
            except Overloaded:  # every place is taken
                break
            give_up(body)
        [state] = pool.endpoints(0.0)
        assert state.idle + state.busy <= 4


# --- connections that end ----------------------------------------------------------------------------


async def test_an_upstream_that_says_goodbye_and_then_nothing_is_not_waited_for() -> None:
    timeouts = {"response": "200ms"}
    server = Http2Server(answering=False)
    async with upstream(server), pooling(server.port, protocol="h2", timeouts=timeouts) as pool:
        peer, stream, told = await heard(server, pool)
        peer.goaway(stream)
        assert isinstance((await told.end()).error, UpstreamTimeout)
        await peer.until(lambda: peer.gone)


async def test_a_gateway_that_stops_says_so_to_those_on_a_connection_that_ends() -> None:
    async with upstream(Http2Server(answering=False)) as server:
        async with pooling(server.port, protocol="h2") as pool:
            peer, stream, told = await heard(server, pool)
            peer.goaway(stream)
            other, *_ = await heard(server, pool, 1)
            assert other is not peer
        assert (await told.end()).error.reason is Reason.STOPPING  # type: ignore[union-attr]


async def test_an_upstream_that_reads_nothing_is_sent_no_further_requests() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, *_ = await heard(server, pool)
        peer.transport.pause_reading()
        large = (b"x-large", b"a" * 60_000)
        while len(server.peers) == 1:
            await send(pool, request("GET", *[large] * 1))
            await asyncio.sleep(0)
        assert len(peer.heads) == 1
        server.answering = True
        assert (await (await send(pool, request())).end()).status == 200


async def test_what_comes_on_a_stream_that_was_reset_may_not_go_on_for_ever() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, _, other = await heard(server, pool)
        _, body = await begun(pool)
        stream = await peer.request(ended=False)
        peer.head(stream, OK)
        give_up(body)
        await peer.until(lambda: peer.resets)
        piece = b"\x00\x00\x01\x00\x00" + stream.to_bytes(4, "big") + b"x"
        peer.raw(piece * 900)
        await asyncio.sleep(0.05)
        assert not other.ends
        peer.raw(piece * 3000)
        assert (await peer.happened(ConnectionTerminated)).error_code is ErrorCodes.ENHANCE_YOUR_CALM


# --- calls whose time is over ------------------------------------------------------------------------


def timed(milliseconds: int) -> object:
    asked = request("POST", CALL, (b"grpc-timeout", b"%dm" % milliseconds), body=Content(b"x", length=None))
    asked.record.started = asyncio.get_running_loop().time()
    return asked


async def test_a_deadline_is_met_by_a_clock_of_its_own() -> None:
    """Nothing sweeps here: the pool was not started."""
    async with upstream(Http2Server(answering=False)) as server:
        spec = {"endpoints": [f"http://127.0.0.1:{server.port}"], "protocol": "h2"}
        pool = compile_upstream("calls", UpstreamSpec.model_validate(spec), Path.cwd())
        try:
            later, sooner, never = [await send(pool, timed(one)) for one in (200, 40, 60_000)]  # type: ignore[arg-type]
            assert isinstance((await sooner.end()).error, UpstreamTimeout)
            assert not later.ends
            assert isinstance((await later.end()).error, UpstreamTimeout)
            assert not never.ends
            last = await send(pool, timed(30))  # type: ignore[arg-type]
            assert isinstance((await last.end()).error, UpstreamTimeout)
        finally:
            await pool.aclose()


async def test_who_waits_for_a_place_waits_no_longer_than_he_said() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        serving(Wire(script=mute)) as wire,
        pooling(wire.port, protocol="h2", timeouts={"connect": "30s"}) as pool,
    ):
        with pytest.raises(UpstreamTimeout, match="waits no longer"):
            async with asyncio.timeout(5):
                await send(pool, timed(50))  # type: ignore[arg-type]


async def test_a_call_whose_time_is_over_before_it_begins_is_not_begun() -> None:
    async with upstream(Http2Server()) as server, pooling(server.port, protocol="h2") as pool:
        await (await send(pool, request())).end()
        late = timed(10)
        late.record.started -= 1  # type: ignore[attr-defined]
        with pytest.raises(UpstreamTimeout, match="waits no longer"):
            await send(pool, late)  # type: ignore[arg-type]
        assert len(server.peers[0].heads) == 1
        [state] = pool.endpoints(0.0)
        assert (state.idle, state.busy) == (1, 0)


# --- places that others took -------------------------------------------------------------------------


async def test_who_comes_when_the_places_of_a_new_connection_have_just_been_taken_gets_another() -> None:
    """In that turn of the loop the task that connects has ended, and nobody was told yet: it is not waited for."""
    server = Http2Server(settings={SettingCodes.MAX_CONCURRENT_STREAMS: 1}, answering=False)
    async with upstream(server), pooling(server.port, protocol="h2") as pool:
        await heard(server, pool)
        ended = asyncio.get_running_loop().create_task(asyncio.sleep(0))
        await ended
        pool._endpoints.each[0]._dialling = ended
        await heard(server, pool, 1)
