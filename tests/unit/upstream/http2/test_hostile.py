"""What may an upstream cost that does not keep to the protocol?"""

from __future__ import annotations

import asyncio

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from h2.settings import SettingCodes
from tests.support.http2_upstream import OK, Http2Server, Peer, upstream
from tests.support.wire import Content, Told, pooling, request, send

from ostiary.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from ostiary.upstream import AnyPool


async def heard(server: Http2Server, pool: AnyPool, peer: int = 0) -> tuple[Peer, int, Told]:
    told = await send(pool, request())
    one = await server.peer(peer)
    return one, await one.request(), told


def _frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


FLOODS = {
    "pings": _frame(6, bytes(8)) * 3000,
    "settings": _frame(4) * 300,
    "priorities": _frame(2, bytes(5), stream=1) * 3000,
    "unknown": _frame(99) * 3000,
    "continuations": _frame(1, b"", 0, 1) + _frame(9, b"\x0f\0" * 4000, 0, 1) * 40,
    "fields": _frame(1, b"\x88" + (b"\0\x01a\x7f\x81\x7e" + bytes(255 + 0)) * 1, 0, 1)
    + _frame(9, bytes(16_000), 0, 1) * 20,
    "fields without an end": _frame(1, b"\x88", 0, 1) + _frame(9, b"\0\x01a\x7f\xfd\x7c" + bytes(16_124), 0, 1) * 17,
    "push": _frame(5, bytes(4), 4, 1),
    "a stream of its own": _frame(1, b"\x88", 5, 2),
    "a stream that was never begun": _frame(1, b"\x88", 5, 99),
    "a frame too large": _frame(0, bytes(20_000), 0, 1),
    "a window too large": _frame(8, (2**31 - 1).to_bytes(4, "big")) * 2,
    "no block of fields": _frame(1, b"\xff\xff\xff\xff\xff", 4, 1),
    "a push allowed": _frame(4, b"\0\2\0\0\0\1"),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_who_breaks_the_protocol_loses_the_connection_and_the_next_is_a_new_one(flood) -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, _, told = await heard(server, pool)
        assert told.source is None
        peer.raw(FLOODS[flood])
        assert isinstance((await told.end()).error, UpstreamInvalid)
        assert (await peer.happened(ConnectionTerminated)).error_code is not ErrorCodes.NO_ERROR
        new, stream, well = await heard(server, pool, peer=1)
        new.head(stream, OK, end=True)
        assert (await well.end()).status == 200


async def test_more_content_than_the_window_ends_the_connection() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, stream, told = await heard(server, pool)
        peer.head(stream)
        await told.started.wait()
        assert told.source is not None
        told.source.pause()
        peer.raw(_frame(0, bytes(16_000), 0, stream) * 9)
        assert isinstance((await told.end()).error, UpstreamInvalid)
        assert (await peer.happened(ConnectionTerminated)).error_code is ErrorCodes.FLOW_CONTROL_ERROR


async def test_honest_upstreams_may_say_a_lot_while_much_is_moved() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, _, _ = await heard(server, pool)
        for _ in range(60):  # ten pings with each answer
            peer.raw(_frame(6, bytes(8)) * 10)
            _, stream, told = await heard(server, pool)
            peer.answer(stream)
            assert (await told.end()).content == b"ok"
        assert len(server.peers) == 1


@pytest.mark.parametrize("behind", [False, True], ids=["head", "trailers"])
async def test_an_answer_that_says_too_much_costs_no_other_caller_his(behind) -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        peer, _, other = await heard(server, pool)
        _, large, told = await heard(server, pool)
        if behind:
            peer.head(large)
        peer.h2.encoder.header_table_size = 0  # what is said of the table is kept, whatever becomes of the rest
        fields = [(b"x", b"%05d" % number + b"a" * 3000) for number in range(50)]  # 150 KiB, where 128 may be said
        peer.h2.send_headers(large, fields if behind else [*OK, *fields], end_stream=True)
        peer.flush()
        assert isinstance((await told.end()).error, UpstreamInvalid)
        peer.answer(1)
        assert (await other.end()).content == b"ok"
        assert peer.resets.get(large) in (None, ErrorCodes.CANCEL)  # it may have ended
        assert (await _next(server, pool)).content == b"ok"
        assert len(server.peers) == 1


async def _next(server: Http2Server, pool: AnyPool) -> Told:
    peer, stream, told = await heard(server, pool)
    peer.answer(stream)
    return await told.end()


async def test_an_upstream_that_takes_nothing_of_a_request_is_not_waited_for_longer_than_for_its_answer() -> None:
    server = Http2Server(answering=False, settings={SettingCodes.INITIAL_WINDOW_SIZE: 0})
    async with upstream(server), pooling(server.port, protocol="h2", timeouts={"response": "200ms"}) as pool:
        for length in (5, None):
            told = await send(pool, request("POST", body=Content(b"hello", length=length)))
            assert isinstance((await told.end()).error, UpstreamTimeout)


async def test_an_upstream_that_takes_a_request_slowly_has_its_time_from_the_last_of_it_on() -> None:
    server = Http2Server(answering=False, reading=False, settings={SettingCodes.INITIAL_WINDOW_SIZE: 0})
    async with upstream(server), pooling(server.port, protocol="h2", timeouts={"response": "400ms"}) as pool:
        told = await send(pool, request("POST", body=Content(b"hello", length=5)))
        peer = await server.peer()
        stream = await peer.request(ended=False)
        for _ in range(5):
            await asyncio.sleep(0.15)
            peer.h2.increment_flow_control_window(1, stream)
            peer.flush()
        await peer.until(lambda: stream in peer.ended)
        peer.answer(stream)
        assert (await told.end()).content == b"ok"


async def test_windows_that_grow_elsewhere_are_no_sign_that_a_request_is_taken() -> None:
    server = Http2Server(answering=False, settings={SettingCodes.INITIAL_WINDOW_SIZE: 0})
    async with upstream(server), pooling(server.port, protocol="h2", timeouts={"response": "200ms"}) as pool:
        told = await send(pool, request("POST", body=Content(b"hello", length=5)))
        peer = await server.peer()
        for _ in range(30):
            if told.ends:
                break
            await asyncio.sleep(0.05)
            peer.raw(_frame(8, (1).to_bytes(4, "big")))
        assert isinstance(told.error, UpstreamTimeout)


class Unwilling(Peer):
    """Says goodbye with its greeting."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.goaway(0)


async def test_an_upstream_that_dismisses_every_connection_with_its_greeting_is_unreachable() -> None:
    server = Http2Server()
    listener = await asyncio.get_running_loop().create_server(lambda: Unwilling(server), "127.0.0.1", 0)
    async with pooling(listener.sockets[0].getsockname()[1], protocol="h2") as pool:
        with pytest.raises(UpstreamUnreachable):
            async with asyncio.timeout(5):
                await send(pool, request())
        assert len(server.peers) < 3
    listener.close()
    await listener.wait_closed()


async def test_an_upstream_that_lets_nobody_begin_is_not_connected_to_again_and_again() -> None:
    server = Http2Server(settings={SettingCodes.MAX_CONCURRENT_STREAMS: 0})
    async with upstream(server), pooling(server.port, protocol="h2") as pool:
        with pytest.raises(UpstreamUnreachable):
            await send(pool, request())
        assert len(server.peers) == 1
