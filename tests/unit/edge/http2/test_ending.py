"""How does an HTTP/2 connection end, and what becomes of what was under way?"""

from __future__ import annotations

import asyncio

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, PingReceived, StreamReset
from tests.support.http2 import GET, POST

RST_STREAM, PING, GOAWAY = 3, 6, 7
LAST = 2**31 - 1


async def test_a_reset_abandons_the_exchange(line):
    asked = await line.ask(POST, end=False)
    line.caller.reset_stream(1, ErrorCodes.CANCEL)
    await line.turn()
    assert asked.sink.abandoned == 1
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"]) == (0, "request.abandoned")
    asked.whole()  # too late
    assert await line.turn() == []


async def test_a_reset_in_the_middle_of_the_answer_is_logged_with_its_status(line):
    asked = await line.ask()
    asked.start(length=10)
    asked.answer.write(b"half")
    await line.turn()
    line.caller.reset_stream(1)
    await line.turn()
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"], logged["sent"]) == (200, "request.abandoned", 4)


async def test_a_reset_ends_a_step_of_the_pipeline_that_waits(line):
    ended = asyncio.Event()

    async def wait(*_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    line.gateway.handle_more = wait
    await line.ask()
    line.caller.reset_stream(1)
    await line.turn()
    assert ended.is_set()


async def test_a_reset_of_one_stream_leaves_the_others(line):
    await line.ask()
    second = await line.ask()
    line.caller.reset_stream(1)
    second.whole()
    await line.turn()
    assert line.status() == "200"


async def test_a_connection_that_is_lost_abandons_every_exchange(line):
    first, second = await line.ask(), await line.ask(POST, end=False)
    line.edge.connection_lost(None)
    assert (first.sink.abandoned, second.sink.abandoned) == (1, 1)
    assert [one["reason"] for one in line.gateway.lines()] == ["request.abandoned"] * 2
    assert line.listening.connections == set()
    first.whole()  # nothing is written behind the end


async def test_a_caller_that_says_goodbye_gets_his_answers_first(line):
    asked = await line.ask()
    line.say(b"\0\0\x08\7\0\0\0\0\0" + bytes(8))
    await line.turn()
    assert not line.pipe.closing
    asked.whole()
    await line.turn()
    assert line.content() == b"hello"
    assert line.pipe.closing
    assert not line.pipe.aborted


async def test_an_idle_connection_closes_when_the_listener_stops(line):
    await line.turn()
    line.listening.stopping = True
    line.edge.shut_down()
    assert line.pipe.closing
    await line.turn()
    [goaway] = line.heard(ConnectionTerminated)
    assert (goaway.error_code, goaway.last_stream_id) == (ErrorCodes.NO_ERROR, 0)


async def stop(line):
    """Stop the listener; return what the caller is told."""
    line.listening.stopping = True
    line.edge.shut_down()
    return await line.frames()


def lasts(frames):
    """Return the last streams that GOAWAY frames name."""
    return [int.from_bytes(payload[:4], "big") for kind, _, _, payload in frames if kind == GOAWAY]


def ping_back(frames):
    """Return the answer to the PING among these frames."""
    [payload] = [payload for kind, _, _, payload in frames if kind == PING]
    return b"\0\0\x08\6\1\0\0\0\0" + payload


async def test_what_is_under_way_ends_first_when_the_listener_stops(line):
    asked = await line.ask()
    assert lasts(await stop(line)) == [LAST]
    assert not line.pipe.closing
    asked.whole()
    assert lasts(await line.frames()) == [1]
    assert line.pipe.closing


async def test_streams_that_were_on_their_way_when_the_listener_stopped_are_served(line):
    await line.ask()
    heard = await stop(line)
    line.caller.send_headers(3, GET, end_stream=True)
    await line.frames()
    assert len(line.gateway.asked) == 2
    line.edge.data_received(ping_back(heard))
    assert lasts(await line.frames()) == [3]


async def test_streams_behind_the_last_one_are_refused(line):
    await line.ask()
    heard = await stop(line)
    line.edge.data_received(ping_back(heard))
    line.caller.send_headers(3, GET, end_stream=True)
    [reset] = [one for one in await line.frames() if one[0] == RST_STREAM]
    assert reset == (RST_STREAM, 0, 3, ErrorCodes.REFUSED_STREAM.to_bytes(4, "big"))
    assert len(line.gateway.asked) == 1
    assert line.gateway.lines()[0]["reason"] == "gateway.stopping"


async def test_cutting_it_cuts_it(line):
    await line.ask()
    line.edge.abort()
    assert line.pipe.aborted


async def test_only_what_has_reached_the_gateway_is_under_way(line):
    assert list(line.edge.under_way()) == []
    asked = await line.ask(POST, end=False)
    [one] = line.edge.under_way()
    assert not one.answered
    asked.whole()
    await line.turn()
    assert one.answered
    assert list(line.edge.under_way()) == []


async def test_one_connection_too_many_is_cut(line, connect):
    other = connect()
    other.listening.limits = line.listening.limits.model_copy(update={"connections": 0})
    other.listening.connections.clear()
    other.edge.connection_made(other.pipe)
    assert other.pipe.aborted
    assert other.listening.refused == 1


@pytest.mark.parametrize("said", [b"12345678", b"ostiary."])
async def test_a_ping_is_answered_and_an_answer_that_nobody_asked_for_changes_nothing(line, said):
    await line.ask()
    line.caller.ping(said)
    line.say(b"\0\0\x08\6\1\0\0\0\0" + said)
    await line.turn()
    assert line.heard(PingReceived) == []
    assert line.heard(ConnectionTerminated) == []
    assert line.heard(StreamReset) == []
