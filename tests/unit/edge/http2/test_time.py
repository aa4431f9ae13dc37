"""How long does an HTTP/2 connection wait for its caller?"""

from __future__ import annotations

from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, StreamReset
from h2.settings import SettingCodes
from hpack import Encoder
from tests.support.http2 import GET, POST

HEAD = Encoder().encode(GET)
HEADERS_BEGIN = len(HEAD).to_bytes(3, "big") + b"\1\5\0\0\0\1" + HEAD[:3]


async def test_a_caller_that_asks_nothing_is_let_go_after_the_patience_for_a_head(line):
    line.wait(9)
    assert not line.pipe.closing
    line.wait(11)
    assert (line.pipe.closing, line.pipe.aborted) == (True, False)
    await line.turn()
    assert line.heard(ConnectionTerminated)[0].error_code is ErrorCodes.NO_ERROR


async def test_pings_keep_no_idle_connection(line):
    (await line.ask()).whole()
    await line.turn()
    line.caller.ping(b"12345678")
    await line.turn()
    line.wait(74)
    assert not line.pipe.closing
    line.wait(76)
    assert line.pipe.closing


async def test_while_a_request_is_under_way_a_connection_is_not_idle(line):
    await line.ask()
    line.wait(1000)
    assert not line.pipe.closing


async def test_a_head_that_does_not_end_is_not_waited_for(line):
    await line.turn()
    line.say(HEADERS_BEGIN)
    line.wait(9)
    assert not line.heard(ConnectionTerminated)
    line.wait(11)
    await line.turn()
    assert line.heard(ConnectionTerminated)
    assert line.gateway.lines()[0]["reason"] == "request.timeout"


async def test_a_block_of_fields_that_does_not_end_is_not_waited_for(line):
    await line.turn()
    line.say((3).to_bytes(3, "big") + b"\1\1\0\0\0\1" + HEAD[:3])
    line.wait(11)
    await line.turn()
    assert line.heard(ConnectionTerminated)


async def test_octets_that_drip_in_do_not_lengthen_it(line):
    await line.turn()
    for at in range(5):
        line.say(HEADERS_BEGIN[at : at + 1])
    assert 0 < line.edge._head_by <= line.loop.time() + 10
    before = line.edge._head_by
    line.say(HEADERS_BEGIN[5:])
    assert line.edge._head_by == before


async def test_a_body_that_stops_is_a_timeout(line):
    asked = await line.ask(POST, end=False)
    line.wait(29)
    assert asked.sink.abandoned == 0
    line.wait(31)
    await line.turn()
    assert (line.status(), asked.sink.abandoned) == ("408", 1)
    assert line.gateway.lines()[0]["reason"] == "request.timeout"


async def test_a_body_that_the_upstream_does_not_take_is_waited_for(line):
    asked = await line.ask(POST, end=False)
    asked.request.body.pause()
    line.wait(1000)
    assert asked.sink.abandoned == 0
    asked.request.body.resume()
    line.wait(31)
    assert asked.sink.abandoned == 1


async def test_where_whoever_takes_a_body_watches_the_time_its_caller_may_be_silent_until_he_has_his_answer(line):
    asked = await line.ask(POST, end=False)
    asked.sink.patient = True
    asked.request.body.flow_to(asked.sink)
    line.wait(1000)
    assert asked.sink.abandoned == 0
    asked.whole()
    await line.turn()
    line.wait(31)
    await line.turn()
    assert line.heard(StreamReset)[0].error_code is ErrorCodes.NO_ERROR


async def test_a_piece_of_a_frame_of_the_body_counts(line):
    await line.ask(POST, end=False)
    stream = line.edge.streams[1]
    stream._read_by = 1.0
    line.say(b"\0\1\0\0\0\0\0\0\1x")
    assert stream._read_by > 1.0
    assert line.edge._head_by == 0.0


async def test_a_caller_that_opens_no_window_is_given_up(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(100_000))
    await line.turn()
    line.wait(59)
    assert line.heard(StreamReset) == []
    line.wait(61)
    await line.turn()
    assert line.heard(StreamReset)[0].error_code is ErrorCodes.CANCEL
    assert asked.sink.abandoned == 1
    assert line.gateway.lines()[0]["reason"] == "request.abandoned"


async def test_a_whole_answer_that_nobody_takes_is_given_up_as_well(line):
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    await line.turn()
    (await line.ask()).whole()
    await line.turn()
    line.wait(61)
    assert line.edge.streams == {}


async def test_a_caller_that_takes_some_now_and_then_is_not(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(bytes(100_000))
    await line.turn()
    stream = line.edge.streams[1]
    stream._send_by = 1.0
    line.caller.increment_flow_control_window(10, 1)
    line.caller.increment_flow_control_window(10)
    await line.turn()
    assert stream._send_by > 1.0


async def test_a_transport_that_takes_nothing_is_cut(line):
    await line.ask()
    line.edge.pause_writing()
    line.wait(59)
    assert not line.pipe.aborted
    line.wait(61)
    assert line.pipe.aborted


async def test_the_rest_of_a_request_is_not_waited_for_when_it_is_answered(line):
    asked = await line.ask(POST, end=False)
    asked.whole()
    await line.turn()
    line.wait(31)
    await line.turn()
    assert line.heard(StreamReset)[0].error_code is ErrorCodes.NO_ERROR
    assert len(line.gateway.lines()) == 1
