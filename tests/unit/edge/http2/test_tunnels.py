"""What becomes of a stream on which a caller begins a WebSocket (RFC 8441)?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from h2.events import RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from tests.support.http2 import GET, POST, Asked, Line, Tunnel, agree

from ostiary.config.schema import ListenerLimits
from ostiary.edge.http2.opening import accept_of
from ostiary.errors import Forbidden, UpstreamInvalid, UpstreamTimeout
from ostiary.model import Headers

PLAIN = [(b":method", b"CONNECT"), *GET[1:]]
CONNECT = [*PLAIN, (b":protocol", b"websocket"), (b"sec-websocket-version", b"13"), (b"origin", b"https://a.example")]


async def opened(line: Line) -> tuple[Asked, Tunnel]:
    asked = await line.ask(CONNECT, end=False)
    tunnel = agree(asked)
    await line.turn()
    assert line.status() == "200"
    return asked, tunnel


def resets(line: Line) -> list[ErrorCodes]:
    return [event.error_code for event in line.heard(StreamReset)]


# --- the opening -----------------------------------------------------------------------------------


async def test_callers_are_told_that_they_may(line):
    await line.turn()
    [settings] = line.heard(RemoteSettingsChanged)
    assert settings.changed_settings[SettingCodes.ENABLE_CONNECT_PROTOCOL].new_value == 1


async def test_to_the_gateway_it_is_what_a_websocket_over_http_1_1_is(line):
    request = (await line.ask(CONNECT, end=False)).request
    assert (request.method, request.target, request.host, request.scheme) == ("GET", b"/a", "a.example", "https")
    assert request.upgrade == b"websocket"
    assert request.body.length == 0
    assert [name for name, _ in request.headers] == [
        b"host", b"sec-websocket-version", b"origin", b"Sec-WebSocket-Key",
    ]  # fmt: skip


async def test_an_agreed_tunnel_is_a_200_without_a_key_or_a_length(line):
    asked = await line.ask(CONNECT, end=False)
    agree(asked, (b"Sec-WebSocket-Protocol", b"chat"))
    await line.turn()
    [event] = line.heard(ResponseReceived)
    assert event.headers == [
        (b":status", b"200"), (b"sec-websocket-protocol", b"chat"), (b"x-request-id", asked.request.id.encode()),
    ]  # fmt: skip
    assert line.heard(StreamEnded) == []
    [one] = line.edge.under_way()
    assert one.switched


async def test_a_refusal_is_an_answer_like_any_other(line):
    line.gateway.error = Forbidden()
    await line.open(CONNECT, end=False)
    await line.turn()
    assert line.status() == "403"
    assert b"permission.missing" in line.content()


async def test_an_upstream_that_declines_is_heard(line):
    asked = await line.ask(CONNECT, end=False)
    asked.whole(b"no such room", 404)
    await line.turn()
    assert (line.status(), line.content()) == ("404", b"no such room")
    assert len(line.heard(StreamEnded)) == 1


async def test_a_200_in_place_of_101_is_no_tunnel(line):
    asked = await line.ask(CONNECT, end=False)
    with pytest.raises(UpstreamInvalid) as refused:
        asked.whole()
    asked.answer.fail(refused.value)
    await line.turn()
    assert line.status() == "502"


async def test_an_upstream_that_has_not_understood_the_key_is_no_other_end(line):
    asked = await line.ask(CONNECT, end=False)
    headers = Headers.of([(b"Sec-WebSocket-Accept", accept_of(b"other"))])
    with pytest.raises(UpstreamInvalid) as refused:
        asked.answer.switch(b"websocket", headers, Tunnel())
    asked.answer.fail(refused.value)
    await line.turn()
    assert line.status() == "502"
    assert [one["reason"] for one in line.gateway.lines()] == ["upstream.invalid"]


@pytest.mark.attack(49)
@pytest.mark.parametrize(("fields", "status", "reset"), [
    (PLAIN, "405", None),
    ([(b":method", b"CONNECT"), GET[2]], "405", None),
    ([*GET, (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*POST, (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*PLAIN, (b":protocol", b"websocket"), (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([PLAIN[0], *PLAIN[2:], (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*PLAIN[:3], (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*PLAIN[:2], PLAIN[3], (b":protocol", b"websocket")], "400", None),
    ([*PLAIN, (b":protocol", b"connect-udp")], "400", None),
    ([*PLAIN, (b":protocol", b"")], "400", None),
    ([*CONNECT, (b"content-length", b"0")], "400", None),
    ([*CONNECT, (b"upgrade", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*CONNECT, (b"connection", b"upgrade")], "400", ErrorCodes.PROTOCOL_ERROR),
    ([*CONNECT, (b":protocol", b"websocket")], "400", ErrorCodes.PROTOCOL_ERROR),
])  # fmt: skip
async def test_what_is_none_never_reaches_the_gateway(line, fields, status, reset):
    await line.open(fields, end=False)
    await line.turn()
    assert line.status() == status
    assert resets(line) == ([] if reset is None else [reset])
    assert line.gateway.asked == []


async def test_a_tunnel_that_ends_with_its_head_is_none(line):
    await line.open(CONNECT, end=True)
    await line.turn()
    assert line.status() == "400"
    assert line.gateway.asked == []


async def test_where_nobody_was_told_of_it_it_is_an_unknown_field(connect):
    line = connect()
    line.listening.tunnels = False
    await line.open(CONNECT, end=False)
    await line.turn()
    assert line.status() == "400"
    assert resets(line) == [ErrorCodes.PROTOCOL_ERROR]
    assert line.gateway.asked == []


# --- octets ----------------------------------------------------------------------------------------


async def test_octets_go_both_ways_as_they_are(line):
    asked, tunnel = await opened(line)
    line.caller.send_data(1, b"\x81\x85maskHello")
    await line.turn()
    asked.answer.write(b"\x81\x05Hello")
    await line.turn()
    assert (bytes(tunnel.data), line.content()) == (b"\x81\x85maskHello", b"\x81\x05Hello")


async def test_what_is_said_before_the_tunnel_is_open_waits_until_it_is(line):
    asked = await line.ask(CONNECT, end=False)
    line.caller.send_data(1, b"GET /admin HTTP/1.1\r\n\r\n")
    await line.turn()
    assert (asked.sink.data, asked.sink.finished) == (b"", 0)
    tunnel = agree(asked)
    assert tunnel.data == b"GET /admin HTTP/1.1\r\n\r\n"


async def test_no_more_of_it_waits_than_one_window_holds(line):
    asked = await line.ask(CONNECT, end=False)
    await line.turn()
    before = line.caller.local_flow_control_window(1)
    for _ in range(5):
        line.caller.send_data(1, bytes(16_000))
        await line.turn()
    assert line.caller.local_flow_control_window(1) == before - 80_000
    tunnel = agree(asked)
    await line.turn()
    assert len(tunnel.data) == 80_000
    assert line.caller.local_flow_control_window(1) == before


async def test_nothing_of_it_reaches_an_upstream_that_declines(line):
    asked = await line.ask(CONNECT, end=False)
    line.caller.send_data(1, b"GET /admin HTTP/1.1\r\n\r\n")
    await line.turn()
    asked.whole(b"", 404)
    await line.turn()
    assert (asked.sink.data, asked.sink.finished) == (b"", 0)


async def test_bodies_may_be_bounded_and_tunnels_are_not(connect):
    line = connect(ListenerLimits(body="1KiB"))
    _, tunnel = await opened(line)
    for _ in range(4):
        line.caller.send_data(1, bytes(1000))
    await line.turn()
    assert len(tunnel.data) == 4000
    assert resets(line) == []


async def test_a_slow_upstream_stops_the_caller(line):
    asked, tunnel = await opened(line)
    asked.request.body.pause()
    before = line.caller.local_flow_control_window(1)
    for _ in range(6):
        line.caller.send_data(1, bytes(16_000))
        await line.turn()
    assert line.caller.local_flow_control_window(1) == before - 96_000
    asked.request.body.resume()
    await line.turn()
    assert line.caller.local_flow_control_window(1) == before
    assert len(tunnel.data) == 96_000


async def test_a_slow_caller_stops_the_upstream(line):
    asked, tunnel = await opened(line)
    for _ in range(10):
        asked.answer.write(bytes(16_000))
    await line.turn()
    assert tunnel.paused
    line.caller.increment_flow_control_window(1 << 20)
    line.caller.increment_flow_control_window(1 << 20, 1)
    await line.turn()
    assert not tunnel.paused


async def test_a_caller_who_is_sent_many_small_messages_may_open_his_windows_after_each(line):
    asked, _ = await opened(line)
    for _ in range(1500):
        asked.answer.write(b"\x81\x05hello")
        await line.turn()
        line.caller.increment_flow_control_window(7)
        line.caller.increment_flow_control_window(7, 1)
    await line.turn()
    assert not line.pipe.closing
    assert len(line.content()) == 7 * 1500


async def test_a_caller_who_has_them_cut_into_octets_may_not(line):
    line.caller.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})
    asked, tunnel = await opened(line)
    asked.answer.write(bytes(5000))
    for _ in range(1500):
        if line.pipe.closing:
            break
        line.say(b"\0\0\4\x08\0\0\0\0\1\0\0\0\1")
        await line.frames()
    assert line.pipe.closing or tunnel.abandoned


# --- the end ---------------------------------------------------------------------------------------


async def test_the_upstreams_end_is_the_streams(line):
    asked, _ = await opened(line)
    asked.answer.write(b"\x88\x00")
    asked.answer.finish()
    await line.turn()
    assert line.content() == b"\x88\x00"
    assert len(line.heard(StreamEnded)) == 1
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"], logged["method"], logged["sent"]) == (200, "allowed", "CONNECT", 2)
    line.caller.end_stream(1)
    await line.turn()
    assert line.edge.streams == {}


async def test_the_callers_end_is_told_and_the_upstream_may_still_speak(line):
    asked, tunnel = await opened(line)
    line.caller.send_data(1, b"\x88\x80mask", end_stream=True)
    await line.turn()
    assert (bytes(tunnel.data), tunnel.finished, tunnel.abandoned) == (b"\x88\x80mask", 1, 0)
    asked.answer.write(b"\x88\x00")
    asked.answer.finish()
    await line.turn()
    assert line.content() == b"\x88\x00"
    assert line.edge.streams == {}


async def test_an_end_before_the_tunnel_is_open_is_told_when_it_is(line):
    asked = await line.ask(CONNECT, end=False)
    line.caller.send_data(1, b"bye", end_stream=True)
    await line.turn()
    assert asked.sink.finished == 0
    tunnel = agree(asked)
    assert (bytes(tunnel.data), tunnel.finished) == (b"bye", 1)


async def test_a_reset_lets_the_upstream_go_and_is_how_a_tunnel_ends(line):
    _, tunnel = await opened(line)
    line.caller.reset_stream(1, ErrorCodes.CANCEL)
    await line.turn()
    assert (tunnel.abandoned, tunnel.finished) == (1, 0)
    assert [one["reason"] for one in line.gateway.lines()] == ["allowed"]


async def test_a_reset_before_the_tunnel_is_open_lets_the_upstream_go(line):
    asked = await line.ask(CONNECT, end=False)
    line.caller.reset_stream(1, ErrorCodes.CANCEL)
    await line.turn()
    assert asked.sink.abandoned == 1
    assert [one["reason"] for one in line.gateway.lines()] == ["request.abandoned"]
    asked.answer.switch(b"websocket", Headers(), Tunnel())
    assert line.edge.streams == {}


async def test_a_connection_that_breaks_takes_its_tunnels_along(line):
    _, tunnel = await opened(line)
    line.edge.connection_lost(None)
    assert tunnel.abandoned == 1
    assert [one["reason"] for one in line.gateway.lines()] == ["allowed"]


async def test_an_upstream_that_breaks_off_is_a_reset_that_says_cancel(line):
    asked, _ = await opened(line)
    asked.answer.fail(UpstreamTimeout())
    await line.turn()
    assert resets(line) == [ErrorCodes.CANCEL]
    assert [one["reason"] for one in line.gateway.lines()] == ["upstream.timeout"]


async def test_fields_behind_a_tunnel_end_it(line):
    _, tunnel = await opened(line)
    line.caller.send_headers(1, [(b"x", b"y")], end_stream=True)
    await line.turn()
    assert resets(line) == [ErrorCodes.PROTOCOL_ERROR]
    assert (tunnel.abandoned, tunnel.finished) == (1, 0)


# --- time ------------------------------------------------------------------------------------------


async def test_nobody_has_to_speak_in_a_tunnel(line):
    asked, tunnel = await opened(line)
    for _ in range(3):
        line.wait(3600)
        await line.turn()
    asked.request.body.pause()
    asked.request.body.resume()
    line.wait(3600)
    line.caller.send_data(1, b"hello")
    await line.turn()
    assert tunnel.data == b"hello"
    assert not line.pipe.closing


async def test_who_takes_nothing_of_it_is_not_waited_for(line):
    asked, tunnel = await opened(line)
    for _ in range(10):
        asked.answer.write(bytes(16_000))
    await line.turn()
    line.wait(61)
    await line.turn()
    assert resets(line) == [ErrorCodes.CANCEL]
    assert tunnel.abandoned == 1


async def test_a_caller_who_does_not_end_his_half_is_told_to(line):
    asked, _ = await opened(line)
    asked.answer.finish()
    await line.turn()
    line.wait(61)
    await line.turn()
    assert resets(line) == [ErrorCodes.NO_ERROR]
    assert line.edge.streams == {}


async def test_a_tunnel_outlives_the_listeners_wish_to_stop(line):
    asked, tunnel = await opened(line)
    line.listening.stopping = True
    line.edge.shut_down()
    await line.turn()
    line.edge.data_received(b"\0\0\2\0\0\0\0\0\1hi")
    assert (bytes(tunnel.data), line.pipe.closing) == (b"hi", False)
    asked.answer.finish()
    line.edge.data_received(b"\0\0\0\0\1\0\0\0\1")
    await line.frames()
    assert line.pipe.closing


async def test_many_tunnels_share_a_connection(line):
    tunnels = []
    for number in range(3):
        asked = await line.ask(CONNECT, end=False)
        tunnels.append(agree(asked))
        await line.turn()
        line.caller.send_data(2 * number + 1, b"%d" % number)
    await line.turn()
    assert [bytes(one.data) for one in tunnels] == [b"0", b"1", b"2"]
    line.caller.reset_stream(3)
    await line.turn()
    assert [one.abandoned for one in tunnels] == [0, 1, 0]
