"""Which connection carries a request, what is sent again, and how long may it all take?"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, PingReceived
from h2.settings import SettingCodes
from tests.support.http2_upstream import Http2Server, Peer, upstream
from tests.support.wire import Content, Told, Wire, ask, pooling, request, send, serving

from ostiary.errors import BadRequest, Overloaded, UpstreamTimeout, UpstreamUnreachable
from ostiary.pki.development import write_development_pki
from ostiary.reasons import Reason
from ostiary.upstream import AnyPool

CALL = (b"content-type", b"application/grpc")
ONE = {SettingCodes.MAX_CONCURRENT_STREAMS: 1}


async def heard(server: Http2Server, pool: AnyPool, asked: object = None, peer: int = 0) -> tuple[Peer, int, Told]:
    told = await send(pool, asked or request())
    one = await server.peer(peer)
    return one, await one.request(ended=False), told


# --- connections -----------------------------------------------------------------------------------


async def test_many_requests_share_a_connection() -> None:
    async with upstream(Http2Server()) as server, pooling(server.port, protocol="h2") as pool:
        tolds = await asyncio.gather(*(ask(pool) for _ in range(100)))
        assert [state.idle for state in pool.endpoints(0.0)] == [1]
    assert [bytes(told.content) for told in tolds] == [b"ok"] * 100
    assert len(server.peers) == 1


async def test_more_than_an_upstream_takes_at_a_time_go_over_further_connections() -> None:
    async with (
        upstream(Http2Server(answering=False, settings=ONE)) as server,
        pooling(server.port, protocol="h2") as pool,
    ):
        for number in range(3):
            await heard(server, pool, peer=number)
    assert [len(peer.heads) for peer in server.peers] == [1, 1, 1]


async def test_who_finds_no_place_waits_in_line() -> None:
    async with (
        upstream(Http2Server(settings=ONE)) as server,
        pooling(server.port, protocol="h2", connections=2) as pool,
    ):
        tolds = await asyncio.gather(*(ask(pool) for _ in range(20)))
    assert [bytes(told.content) for told in tolds] == [b"ok"] * 20
    assert len(server.peers) == 2


async def test_who_waits_in_vain_is_told_that_the_gateway_is_busy() -> None:
    server = Http2Server(answering=False, settings=ONE)
    async with (
        upstream(server),
        pooling(server.port, protocol="h2", connections=1, timeouts={"connect": "200ms"}) as pool,
    ):
        await heard(server, pool)
        with pytest.raises(Overloaded):
            await ask(pool)
        assert pool.waiting == 0


async def test_those_who_wait_get_the_places_of_a_new_connection_when_the_old_one_is_lost() -> None:
    server = Http2Server(answering=False, settings=ONE)
    async with upstream(server), pooling(server.port, protocol="h2", connections=1) as pool:
        peer, _, first = await heard(server, pool)
        second = asyncio.ensure_future(ask(pool))
        await asyncio.sleep(0.05)
        server.answering = True
        peer.transport.abort()
        assert (await second).content == b"ok"
        assert isinstance((await first.end()).error, UpstreamUnreachable)


async def test_endpoints_are_used_in_turn() -> None:
    async with (
        upstream(Http2Server()) as one,
        upstream(Http2Server()) as two,
        pooling(one.port, two.port, protocol="h2") as pool,
    ):
        for _ in range(6):
            await ask(pool)
    assert (len(one.peers[0].heads), len(two.peers[0].heads)) == (3, 3)


async def test_an_endpoint_that_is_not_there_is_passed_over() -> None:
    async with upstream(Http2Server()) as server, pooling(1, server.port, protocol="h2") as pool:
        for _ in range(3):
            assert (await ask(pool)).content == b"ok"
    async with pooling(1, protocol="h2") as pool:
        with pytest.raises(UpstreamUnreachable):
            await ask(pool)


async def test_who_does_not_speak_http_2_is_not_spoken_to() -> None:
    async with serving(Wire(script=_http1)) as wire, pooling(wire.port, protocol="h2") as pool:
        with pytest.raises(UpstreamUnreachable, match="HTTP/2"):
            await ask(pool)


async def _http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def _mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_a_server_that_makes_way_for_its_successor_is_asked_for_a_connection_once_more() -> None:
    async with upstream(Http2Server(leaving=1)) as server, pooling(server.port, protocol="h2") as pool:
        assert (await ask(pool)).content == b"ok"
    assert len(server.peers) == 2


async def test_who_ends_new_connections_at_once_is_asked_for_two_and_then_rests() -> None:
    async with upstream(Http2Server(leaving=9)) as server, pooling(server.port, protocol="h2") as pool:
        with pytest.raises(UpstreamUnreachable, match="ends new connections at once"):
            await ask(pool)
        assert not pool.endpoints(asyncio.get_running_loop().time())[0].up
    assert len(server.peers) == 2


async def test_who_says_nothing_is_not_waited_for() -> None:
    timeouts = {"connect": "200ms"}
    async with serving(Wire(script=_mute)) as wire, pooling(wire.port, protocol="h2", timeouts=timeouts) as pool:
        with pytest.raises(UpstreamTimeout):
            await ask(pool)


@pytest.mark.parametrize("alpn", [["h2"], ["http/1.1"], []])
async def test_over_tls_the_handshake_has_to_choose_it(tmp_path: Path, alpn: list[str]) -> None:
    pki = write_development_pki(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.server, pki.server_key)
    if alpn:
        context.set_alpn_protocols(alpn)
    tls = {"trusted": [f"file:{pki.ca}"], "server_name": "localhost"}
    async with (
        upstream(Http2Server(), context) as server,
        pooling(server.port, scheme="https", protocol="h2", tls=tls) as pool,
    ):
        if alpn == ["h2"]:
            assert (await ask(pool)).content == b"ok"
            assert server.peers[0].heads[1][b":scheme"] == b"https"
        else:
            with pytest.raises(UpstreamUnreachable):
                await ask(pool)


async def test_a_connection_that_is_not_used_is_closed_with_a_word() -> None:
    timeouts = {"keep_alive": "200ms"}
    async with upstream(Http2Server()) as server, pooling(server.port, protocol="h2", timeouts=timeouts) as pool:
        await ask(pool)
        assert (await server.peers[0].happened(ConnectionTerminated)).error_code is ErrorCodes.NO_ERROR
        assert (await ask(pool)).content == b"ok"
    assert len(server.peers) == 2


async def test_a_gateway_that_stops_says_so_to_who_waits() -> None:
    async with upstream(Http2Server(answering=False)) as server:
        async with pooling(server.port, protocol="h2") as pool:
            _, _, told = await heard(server, pool)
        assert (await told.end()).error.reason is Reason.STOPPING  # type: ignore[union-attr]
        with pytest.raises(Overloaded):
            await ask(pool)


async def test_a_gateway_that_stops_while_it_connects_says_so_too() -> None:
    async with serving(Wire(script=_mute)) as wire:
        async with pooling(wire.port, protocol="h2") as pool:
            asks = [asyncio.ensure_future(ask(pool)) for _ in range(3)]
            await asyncio.sleep(0.1)
        for one in asks:
            with pytest.raises(Overloaded):
                await one


async def test_one_who_leaves_while_others_wait_for_the_same_connection_takes_nothing_from_them() -> None:
    async with upstream(Http2Server()) as server, pooling(server.port, protocol="h2") as pool:
        asks = [asyncio.ensure_future(ask(pool)) for _ in range(3)]
        await asyncio.sleep(0)
        asks[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asks[0]
        assert [(await one).content for one in asks[1:]] == [b"ok"] * 2
        assert len(server.peers) == 1


# --- what is sent again ----------------------------------------------------------------------------


async def test_what_an_upstream_has_not_worked_on_is_sent_again_elsewhere_and_the_rest_is_answered() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        old, first, kept = await heard(server, pool)
        _, _, again = await heard(server, pool, request("POST", CALL, body=Content(b"hello", length=None)))
        old.goaway(first)
        new = await server.peer(1)
        new.answer(await new.request(), b"anew")
        assert (await again.end()).content == b"anew"
        assert new.bodies[1] == b"hello"
        old.answer(first, b"still")
        assert (await kept.end()).content == b"still"
        await old.until(lambda: old.gone)
        assert pool.repeated == 1


async def test_a_refused_stream_is_sent_again_with_all_that_came_of_its_body() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        body = Content(b"one", length=None, complete=False)
        peer, stream, told = await heard(server, pool, request("POST", body=body))
        await peer.until(lambda: peer.bodies[stream])
        peer.reset(stream, ErrorCodes.REFUSED_STREAM)
        second = await peer.request(ended=False)
        assert body.sink is not None
        body.sink.feed(b"two")
        body.sink.finish()
        await peer.until(lambda: second in peer.ended)
        assert peer.bodies[second] == b"onetwo"
        peer.answer(second)
        assert (await told.end()).content == b"ok"


async def test_what_is_refused_three_times_or_is_too_large_to_be_kept_is_unreachable() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, stream, told = await heard(server, pool)
        for _ in range(2):
            peer.reset(stream, ErrorCodes.REFUSED_STREAM)
            stream = await peer.request()
        peer.reset(stream, ErrorCodes.REFUSED_STREAM)
        assert isinstance((await told.end()).error, UpstreamUnreachable)
        large = Content(*[bytes(16_000)] * 5, length=None, complete=False)
        peer, stream, told = await heard(server, pool, request("POST", body=large))
        peer.reset(stream, ErrorCodes.REFUSED_STREAM)
        assert isinstance((await told.end()).error, UpstreamUnreachable)


async def test_an_answer_that_has_begun_is_never_asked_for_again() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, stream, told = await heard(server, pool)
        peer.head(stream)
        peer.reset(stream, ErrorCodes.REFUSED_STREAM)
        assert (await told.end()).error is not None
        assert pool.repeated == 0


@pytest.mark.parametrize(("method", "repeated"), [("GET", 1), ("POST", 0)])
async def test_only_what_can_be_done_twice_is_sent_again_when_a_kept_connection_breaks(method, repeated) -> None:
    async with upstream(Http2Server()) as server, pooling(server.port, protocol="h2") as pool:
        await ask(pool)
        server.answering = False
        peer, _, told = await heard(server, pool, request(method))
        server.answering = True
        peer.transport.abort()
        await told.end()
        assert (told.status, pool.repeated) == ((200, 1) if repeated else (0, 0))


# --- time ------------------------------------------------------------------------------------------


async def test_an_answer_has_to_begin_in_time_and_to_go_on() -> None:
    timeouts = {"response": "200ms", "idle": "300ms"}
    async with (
        upstream(Http2Server(answering=False)) as server,
        pooling(server.port, protocol="h2", timeouts=timeouts) as pool,
    ):
        peer, stream, told = await heard(server, pool)
        assert isinstance((await told.end()).error, UpstreamTimeout)
        peer, stream, told = await heard(server, pool)
        peer.head(stream)
        for _ in range(5):
            await asyncio.sleep(0.1)
            peer.data(stream, b"x")
        assert not told.ends
        assert isinstance((await told.end()).error, UpstreamTimeout)
        await peer.until(lambda: len(peer.resets) == 2)


async def test_a_call_may_be_silent_for_longer() -> None:
    timeouts = {"response": "100ms", "idle": "100ms", "silence": "800ms"}
    async with (
        upstream(Http2Server(answering=False)) as server,
        pooling(server.port, protocol="h2", timeouts=timeouts) as pool,
    ):
        peer, stream, told = await heard(server, pool, request("POST", CALL, body=Content(b"x", length=None)))
        await asyncio.sleep(0.3)
        peer.head(stream)
        await asyncio.sleep(0.3)
        assert not told.ends
        assert isinstance((await told.end()).error, UpstreamTimeout)


async def test_a_call_takes_no_longer_than_its_caller_says() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        asked = request("POST", CALL, (b"grpc-timeout", b"300m"), body=Content(b"x", length=None))
        asked.record.started = asyncio.get_running_loop().time()
        peer, stream, told = await heard(server, pool, asked)
        value = peer.heads[stream][b"grpc-timeout"]
        assert value.endswith(b"u")
        assert 0 < int(value[:-1]) < 300_000
        assert isinstance((await told.end()).error, UpstreamTimeout)
        await peer.until(lambda: peer.resets)
        assert peer.resets == {stream: ErrorCodes.CANCEL}


@pytest.mark.parametrize("value", [b"1", b"S", b"123456789S", b"-1S", b"1s", b""])
async def test_a_time_that_is_none_is_the_callers_mistake(value) -> None:
    async with pooling(1, protocol="h2") as pool:
        with pytest.raises(BadRequest):
            await send(pool, request("POST", CALL, (b"grpc-timeout", value)))


async def test_a_silent_connection_is_asked_whether_it_lives_and_left_when_it_does_not() -> None:
    timeouts = {"ping": "200ms", "connect": "300ms", "response": "30s"}
    async with (
        upstream(Http2Server(answering=False)) as server,
        pooling(server.port, protocol="h2", timeouts=timeouts) as pool,
    ):
        peer, _, told = await heard(server, pool)
        await peer.happened(PingReceived)  # which h2 answers
        await asyncio.sleep(0.5)
        assert not told.ends
        peer.transport.pause_reading()
        assert isinstance((await told.end()).error, UpstreamTimeout)
