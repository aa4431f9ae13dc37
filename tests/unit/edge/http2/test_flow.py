"""Does nobody have to take more than he can?"""

from __future__ import annotations

import pytest
from h2.events import DataReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from tests.support.http2 import GET, POST, Line

from ostiary.edge.http2.stream import HIGH_WATER
from ostiary.edge.http2.streams import BUFFERED
from ostiary.http2.wire import CONNECTION_WINDOW, STREAM_WINDOW
from ostiary.model import Headers

WINDOW = 65_535


def opened(line: Line, stream: int) -> None:
    """The caller opens his windows wide."""
    line.caller.increment_flow_control_window(1 << 20, stream)
    line.caller.increment_flow_control_window(1 << 20)


async def test_no_more_is_sent_than_the_window_allows_and_the_source_is_paused(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(WINDOW))
    await line.turn()
    assert not asked.source.paused
    asked.answer.write(bytes(HIGH_WATER + 1))
    assert asked.source.paused
    await line.turn()
    assert len(line.content()) == WINDOW


async def test_the_source_flows_again_when_little_is_waiting(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(WINDOW + HIGH_WATER + 1))
    await line.turn()
    assert asked.source.paused
    opened(line, 1)
    await line.turn()
    assert not asked.source.paused
    assert len(line.content()) == WINDOW + HIGH_WATER + 1
    assert line.edge.sender.buffered == 0


async def test_the_end_waits_for_the_content_before_it(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(WINDOW + 1))
    asked.answer.finish(Headers.of([(b"X-Sum", b"1")]))
    await line.turn()
    assert line.heard(StreamEnded) == []
    opened(line, 1)
    await line.turn()
    assert len(line.heard(StreamEnded)) == 1
    assert len(line.content()) == WINDOW + 1


async def test_a_caller_that_starts_with_closed_windows_gets_heads_only(line):
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    await line.turn()
    asked = await line.ask()
    asked.whole()
    await line.turn()
    assert (line.status(), line.content()) == ("200", b"")
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 3})
    await line.turn()
    assert line.content() == b"hel"
    line.caller.increment_flow_control_window(10, 1)
    await line.turn()
    assert line.content() == b"hello"


async def test_streams_take_turns(line):
    line.caller.increment_flow_control_window(1 << 20)
    first, second = await line.ask(), await line.ask()
    for asked in (first, second):
        asked.start()
        asked.answer.write(bytes(40_000))
    await line.turn()
    order = [event.stream_id for event in line.heard(DataReceived)]
    assert order == [1, 3, 1, 3, 1, 3]


async def test_a_stream_with_a_closed_window_holds_no_other_up(line):
    line.caller.increment_flow_control_window(1 << 20)
    first, second = await line.ask(), await line.ask()
    first.start()
    first.answer.write(bytes(200_000))
    second.whole()
    await line.turn()
    assert [event.stream_id for event in line.heard(StreamEnded)] == [3]


async def test_a_transport_that_takes_nothing_pauses_every_source_and_is_not_read(line):
    first, second = await line.ask(), await line.ask()
    first.start()
    line.edge.pause_writing()
    second.start()
    assert first.source.paused
    assert second.source.paused
    assert not line.pipe.reading
    await line.turn()
    second.answer.write(b"hello")
    line.edge.resume_writing()
    await line.turn()
    assert not first.source.paused
    assert line.pipe.reading
    assert line.content() == b"hello"


async def test_requests_wait_while_much_is_buffered(line):
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    await line.turn()
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(BUFFERED + 1))
    await line.open()
    assert len(line.gateway.asked) == 1
    line.caller.increment_flow_control_window(BUFFERED, 1)
    line.caller.increment_flow_control_window(BUFFERED)
    await line.turn()
    await line.turn()
    assert len(line.gateway.asked) == 2


async def test_a_request_that_waits_may_be_given_up(line):
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    await line.turn()
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(BUFFERED + 1))
    number = await line.open()
    line.caller.reset_stream(number)
    line.caller.reset_stream(1)
    await line.turn()
    assert len(line.gateway.asked) == 1
    assert line.edge.sender.buffered == 0
    assert [one["reason"] for one in line.gateway.lines()] == ["request.abandoned"] * 2


# --- the body of a request -------------------------------------------------------------------------


def fill(line: Line, stream: int) -> int:
    """Send all that the edge's windows allow."""
    sent = 0
    while room := min(line.caller.local_flow_control_window(stream), 16_384):
        line.caller.send_data(stream, bytes(room))
        sent += room
    return sent


async def test_a_body_that_nobody_wants_yet_fills_one_window_and_no_more(line):
    line.gateway.flowing = False
    asked = await line.ask(POST, end=False)
    assert fill(line, 1) == STREAM_WINDOW
    await line.turn()
    assert line.caller.local_flow_control_window(1) == 0
    asked.request.body.flow_to(asked.sink)
    await line.turn()
    assert len(asked.sink.data) == STREAM_WINDOW
    assert line.caller.local_flow_control_window(1) == STREAM_WINDOW


async def test_an_upstream_that_takes_no_more_stops_the_caller(line):
    asked = await line.ask(POST, end=False)
    asked.request.body.pause()
    fill(line, 1)
    await line.turn()
    assert line.caller.local_flow_control_window(1) == 0
    asked.request.body.resume()
    await line.turn()
    assert line.caller.local_flow_control_window(1) == STREAM_WINDOW


async def test_an_upload_many_times_as_large_as_the_windows_arrives(line):
    asked = await line.ask(POST, end=False)
    sent = 0
    while sent < 4 * CONNECTION_WINDOW:
        sent += fill(line, 1)
        await line.turn()
    line.caller.end_stream(1)
    await line.turn()
    assert len(asked.sink.data) == sent
    assert asked.sink.finished == 1


@pytest.mark.parametrize("end", ["answered", "abandoned"])
async def test_the_connections_window_is_whole_again_when_a_stream_has_ended(line, end):
    line.gateway.flowing = False
    for _ in range(3 * CONNECTION_WINDOW // STREAM_WINDOW):
        asked = await line.ask(POST, end=False)
        number = asked.request.body.number
        assert fill(line, number) == STREAM_WINDOW
        await line.turn()
        if end == "answered":
            asked.whole()
            line.caller.end_stream(number)
        else:
            line.caller.reset_stream(number)
        await line.turn()
    assert line.heard(StreamReset) == []
    assert line.edge.streams == {}


async def test_padding_is_given_back_as_well(line):
    asked = await line.ask(POST, end=False)
    for _ in range(3 * STREAM_WINDOW // 256):
        line.caller.send_data(1, b"x", pad_length=255)
        await line.turn()
    assert asked.sink.data == b"x" * (3 * STREAM_WINDOW // 256)


async def test_a_get_may_have_content_and_it_flows(line):
    asked = await line.ask(GET, end=False)
    assert asked.request.body.length is None
    line.caller.send_data(1, b"body", end_stream=True)
    await line.turn()
    assert bytes(asked.sink.data) == b"body"
