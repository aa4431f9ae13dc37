"""Whom does a reader keep waiting who takes his time, and a writer?"""

from __future__ import annotations

from h2.settings import SettingCodes
from tests.support.http2_upstream import OK, Http2Server, upstream
from tests.support.wire import Content, pooling, request, send

from ostiary.http2.wire import STREAM_WINDOW

PIECE = bytes(16_000)


async def test_a_caller_who_reads_slowly_keeps_only_his_own_answer_waiting() -> None:
    async with upstream(Http2Server(answering=False)) as server, pooling(server.port, protocol="h2") as pool:
        slow, quick = await send(pool, request()), await send(pool, request())
        peer = await server.peer()
        one, other = await peer.request(), await peer.request()
        peer.head(one)
        await slow.started.wait()
        assert slow.source is not None
        slow.source.pause()
        while peer.h2.local_flow_control_window(one) >= len(PIECE):
            peer.data(one, PIECE)
        peer.head(other)
        for _ in range(100):  # more than the window of the connection, all in all
            await peer.until(lambda: peer.h2.local_flow_control_window(other) >= len(PIECE))
            peer.data(other, PIECE)
        peer.data(other, b"", end=True)
        await quick.end()
        assert len(quick.content) == 100 * len(PIECE)
        assert STREAM_WINDOW - len(PIECE) < len(slow.content) <= STREAM_WINDOW
        slow.source.resume()
        await peer.until(lambda: peer.h2.local_flow_control_window(one) >= len(PIECE))
        peer.data(one, b"end", end=True)
        assert (await slow.end()).content.endswith(b"end")


async def test_an_upstream_that_reads_slowly_pauses_the_caller_and_no_other() -> None:
    server = Http2Server(answering=False, reading=False)
    async with upstream(server), pooling(server.port, protocol="h2") as pool:
        large = Content(*[PIECE] * 20, length=None, complete=False)
        await send(pool, request("POST", body=large))
        peer = await server.peer()
        stream = await peer.request(ended=False)
        assert large.paused
        await peer.until(lambda: len(peer.bodies[stream]) >= 65_535)
        assert len(peer.bodies[stream]) == 65_535  # the window of every connection at its start
        told = await send(pool, request())
        other = await peer.request()
        peer.answer(other)
        assert (await told.end()).content == b"ok"
        for _ in range(10):
            peer.h2.increment_flow_control_window(2 * len(PIECE), stream)
            peer.h2.increment_flow_control_window(2 * len(PIECE))
        peer.flush()
        await peer.until(lambda: len(peer.bodies[stream]) == 20 * len(PIECE))
        assert not large.paused
        assert large.sink is not None
        large.sink.finish()
        await peer.until(lambda: stream in peer.ended)


async def test_a_window_that_is_made_smaller_is_kept() -> None:
    server = Http2Server(answering=False, reading=False, settings={SettingCodes.INITIAL_WINDOW_SIZE: 10})
    async with upstream(server), pooling(server.port, protocol="h2") as pool:
        told = await send(pool, request("POST", body=Content(b"0123456789abcdef", length=16)))
        peer = await server.peer()
        stream = await peer.request(ended=False)
        await peer.until(lambda: len(peer.bodies[stream]) == 10)
        peer.h2.increment_flow_control_window(6, stream)
        peer.flush()
        await peer.until(lambda: stream in peer.ended)
        peer.head(stream, OK, end=True)
        assert (await told.end()).status == 200
