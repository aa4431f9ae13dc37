"""Which requests reach the gateway over HTTP/2, and how do the others end?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, InformationalResponseReceived, StreamReset
from tests.support.http2 import GET, PEER, POST

from ostiary.config.schema import ListenerLimits
from ostiary.errors import InvalidCertificate
from ostiary.model import Peer
from ostiary.reasons import Reason


def replaced(name: bytes, value: bytes) -> list[tuple[bytes, bytes]]:
    return [(found, value if found == name else said) for found, said in GET]


async def test_a_request_arrives_as_over_any_edge(line):
    asked = await line.ask([*replaced(b":path", b"/a/b?c=%20d"), (b"accept", b"*/*")])
    request = asked.request
    assert (request.method, request.target, request.path) == ("GET", b"/a/b?c=%20d", "/a/b")
    assert (request.host, request.authority, request.scheme) == ("a.example", b"a.example", "https")
    assert (request.peer, request.body.length) == (PEER, 0)
    assert request.headers.get(b"accept") == b"*/*"
    assert asked.sink.finished == 1


async def test_a_body_of_known_length_says_so(line):
    asked = await line.ask([*POST, (b"content-length", b"5")], end=False)
    assert asked.request.body.length == 5
    line.caller.send_data(1, b"hello", end_stream=True)
    await line.turn()
    assert (bytes(asked.sink.data), asked.sink.finished) == (b"hello", 1)


async def test_a_body_of_unknown_length_flows_until_the_stream_ends(line):
    asked = await line.ask(POST, end=False)
    assert asked.request.body.length is None
    line.caller.send_data(1, b"one")
    await line.turn()
    line.caller.send_data(1, b" two", pad_length=9)
    await line.turn()
    assert (bytes(asked.sink.data), asked.sink.finished) == (b"one two", 0)
    line.caller.end_stream(1)
    await line.turn()
    assert asked.sink.finished == 1


async def test_a_body_waits_until_somebody_wants_it(line):
    line.gateway.flowing = False
    asked = await line.ask(POST, end=False)
    line.caller.send_data(1, b"hello", end_stream=True)
    await line.turn()
    asked.request.body.flow_to(asked.sink)
    assert (bytes(asked.sink.data), asked.sink.finished) == (b"hello", 1)


async def test_trailers_end_the_body_and_are_handed_on_apart_from_the_head(line):
    asked = await line.ask(POST, end=False)
    line.caller.send_data(1, b"hello")
    line.caller.send_headers(1, [(b"x-sum", b"1")], end_stream=True)
    await line.turn()
    assert (bytes(asked.sink.data), asked.sink.finished) == (b"hello", 1)
    assert list(asked.sink.trailers) == [(b"x-sum", b"1")]
    assert asked.request.headers.get(b"x-sum") is None


async def test_trailers_that_came_before_anybody_wanted_the_body_are_kept_with_it(line):
    line.gateway.flowing = False
    asked = await line.ask(POST, end=False)
    line.caller.send_headers(1, [(b"x-sum", b"1")], end_stream=True)
    await line.turn()
    asked.request.body.flow_to(asked.sink)
    assert list(asked.sink.trailers) == [(b"x-sum", b"1")]


async def test_malformed_trailers_end_the_request(line):
    asked = await line.ask(POST, end=False)
    line.caller.send_headers(1, [(b":path", b"/admin")], end_stream=True)
    await line.turn()
    assert (asked.sink.finished, asked.sink.abandoned) == (0, 1)
    assert line.status() == "400"


async def test_a_caller_that_waits_to_be_asked_for_the_body_is_asked_when_it_is_wanted(line):
    line.gateway.flowing = False
    asked = await line.ask([*POST, (b"expect", b"100-continue")], end=False)
    assert line.heard(InformationalResponseReceived) == []
    asked.request.body.flow_to(asked.sink)
    await line.turn()
    [event] = line.heard(InformationalResponseReceived)
    assert event.headers == [(b":status", b"100")]


async def test_streams_are_served_side_by_side(line):
    first, second = await line.ask(), await line.ask()
    second.whole(b"second")
    await line.turn()
    first.whole(b"first")
    await line.turn()
    assert line.content() == b"secondfirst"
    assert [one["status"] for one in line.gateway.lines()] == [200, 200]


REFUSED = {
    "an upper case name": ([*GET, (b"X-A", b"1")], "400", Reason.REQUEST_MALFORMED),
    "transfer-encoding": ([*POST, (b"transfer-encoding", b"chunked")], "400", Reason.REQUEST_AMBIGUOUS),
    "another spelling of a framing field": ([*GET, (b"content_length", b"1")], "400", Reason.REQUEST_AMBIGUOUS),
    "two tokens": ([*GET, (b"authorization", b"a"), (b"authorization", b"b")], "400", Reason.REQUEST_AMBIGUOUS),
    "a line end in a value": ([*GET, (b"x", b"1\r\nx-subject: root")], "400", Reason.REQUEST_MALFORMED),
    "a NUL in a value": ([*GET, (b"x", b"1\0")], "400", Reason.REQUEST_MALFORMED),
    "a space in the path": (replaced(b":path", b"/a b"), "400", Reason.PATH_INVALID),
    "a line end in the path": (replaced(b":path", b"/a HTTP/1.1\r\nx: y"), "400", Reason.PATH_INVALID),
    "a fragment": (replaced(b":path", b"/a#b"), "400", Reason.PATH_INVALID),
    "a path without a slash": (replaced(b":path", b"a"), "400", Reason.PATH_INVALID),
    "an empty path": (replaced(b":path", b""), "400", Reason.PATH_INVALID),
    "a whole URL": (replaced(b":path", b"https://a.example/a"), "400", Reason.PATH_INVALID),
    "an asterisk": (replaced(b":path", b"*"), "400", Reason.PATH_INVALID),
    "dot segments": (replaced(b":path", b"/a/../b"), "400", Reason.PATH_AMBIGUOUS),
    "userinfo": (replaced(b":authority", b"a@a.example"), "400", Reason.HOST_INVALID),
    "no authority": (GET[:2] + GET[3:], "400", Reason.HOST_INVALID),
    "two hosts": ([*GET[:2], GET[3], (b"host", b"a"), (b"host", b"a")], "400", Reason.REQUEST_AMBIGUOUS),
    "an authority that differs from Host": ([*GET, (b"host", b"b.example")], "400", Reason.HOST_INVALID),
    "another host than the connection's": (replaced(b":authority", b"b.example"), "421", Reason.REQUEST_MISDIRECTED),
    "TRACE": (replaced(b":method", b"TRACE"), "405", Reason.METHOD_NOT_ALLOWED),
    "CONNECT": ([(b":method", b"CONNECT"), (b":authority", b"a.example:443")], "405", Reason.METHOD_NOT_ALLOWED),
    "an unknown expectation": ([*GET, (b"expect", b"miracles")], "400", Reason.REQUEST_MALFORMED),
    "a length without content": ([*POST, (b"content-length", b"5")], "400", Reason.REQUEST_AMBIGUOUS),
    "too many fields": ([*GET, *[(b"x", b"1")] * 100], "431", Reason.REQUEST_HEADERS_TOO_LARGE),
    "fields that are too large": ([*GET, (b"x", b"1" * 33_000)], "431", Reason.REQUEST_HEADERS_TOO_LARGE),
    "fields that nobody keeps": ([*GET, (b"x", b"1" * 120_000)], "431", Reason.REQUEST_HEADERS_TOO_LARGE),
}


@pytest.mark.attack(52)
@pytest.mark.parametrize(("fields", "status", "reason"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_passed_on_is_refused_and_the_next_request_served(line, fields, status, reason):
    await line.open(fields)
    await line.turn()
    assert line.gateway.asked == []
    assert line.status() == status
    assert b'"reason": "%b"' % str(reason).encode() in line.content()
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"]) == (int(status), str(reason))
    (await line.ask()).whole()
    await line.turn()
    assert line.status() == "200"


async def test_a_malformed_request_is_a_stream_error_behind_its_answer(line):
    """RFC 9113, section 8.1.1."""
    await line.open([*GET, (b"X-A", b"1")])
    await line.turn()
    assert line.status() == "400"
    [reset] = line.heard(StreamReset)
    assert reset.error_code is ErrorCodes.PROTOCOL_ERROR
    assert len(line.gateway.lines()) == 1


async def test_a_request_that_is_only_refused_is_none(line):
    await line.open(replaced(b":path", b"/a/../b"))
    await line.turn()
    assert line.status() == "400"
    assert line.heard(StreamReset) == []


BREAKING = {
    "more content than announced": ([*POST, (b"content-length", b"3")], b"four", Reason.REQUEST_AMBIGUOUS),
    "less content than announced": ([*POST, (b"content-length", b"5")], b"four", Reason.REQUEST_AMBIGUOUS),
    "a length that is no number": ([*POST, (b"content-length", b"+4")], b"four", Reason.REQUEST_MALFORMED),
    "two lengths": ([*POST, (b"content-length", b"4"), (b"content-length", b"5")], b"four", Reason.REQUEST_MALFORMED),
}


@pytest.mark.parametrize(("fields", "content", "reason"), BREAKING.values(), ids=BREAKING.keys())
async def test_a_body_that_is_not_as_announced_ends_the_connection_and_never_looks_complete(
    line, fields, content, reason
):
    number = line.caller.get_next_available_stream_id()
    line.caller.send_headers(number, fields)
    line.caller.send_data(number, content, end_stream=True)
    await line.turn()
    assert not any(asked.sink.finished for asked in line.gateway.asked)
    assert line.heard(ConnectionTerminated)[0].error_code is ErrorCodes.PROTOCOL_ERROR
    assert line.gateway.lines()[0]["reason"] == str(reason)


async def test_a_body_beyond_the_limit_is_refused_when_it_is_announced(connect):
    line = connect(ListenerLimits.model_validate({"body": "10B"}))
    await line.open([*POST, (b"content-length", b"11")], end=False)
    await line.turn()
    assert (line.status(), line.gateway.asked) == ("413", [])


async def test_a_body_beyond_the_limit_is_refused_when_it_comes(connect):
    line = connect(ListenerLimits.model_validate({"body": "10B"}))
    asked = await line.ask(POST, end=False)
    line.caller.send_data(1, b"12345678901")
    await line.turn()
    assert (line.status(), asked.sink.abandoned) == ("413", 1)


def prove_nobody(_: object) -> Peer:
    raise InvalidCertificate("revoked", reason=Reason.CERTIFICATE_REVOKED)


async def test_whoever_shows_a_certificate_that_proves_nobody_is_told_so_and_his_connection_ends(connect):
    line = connect()
    line.listening.prove = prove_nobody  # a reload exchanges it while the connection lives
    await line.open()
    await line.turn()
    assert (line.status(), line.gateway.asked) == ("401", [])
    assert line.gateway.lines()[0]["reason"] == "certificate.revoked"
    [ended] = line.heard(ConnectionTerminated)
    assert (ended.error_code, ended.last_stream_id) == (ErrorCodes.NO_ERROR, 1)
    assert line.pipe.closing


async def test_what_was_asked_before_a_certificate_was_revoked_is_answered_before_the_end(connect):
    line = connect()
    asked = await line.ask()
    line.listening.prove = prove_nobody
    for _ in range(2):
        await line.open()
        await line.turn()
        assert line.status() == "401"
    assert line.heard(ConnectionTerminated) == []
    asked.whole()
    await line.turn()
    assert line.status() == "200"
    assert line.heard(ConnectionTerminated)[0].last_stream_id == 5
    assert line.pipe.closing


async def test_whoever_was_revoked_and_asks_nothing_is_sent_away_at_once(connect):
    line = connect()
    (await line.ask()).whole()
    await line.turn()
    line.listening.prove = prove_nobody
    line.wait(0)
    assert line.pipe.closing
    await line.turn()
    [ended] = line.heard(ConnectionTerminated)
    assert (ended.error_code, ended.last_stream_id) == (ErrorCodes.NO_ERROR, 1)


async def test_whoever_was_revoked_while_he_is_answered_is_told_at_once_and_asks_nothing_more(connect):
    line = connect()
    asked = await line.ask()
    line.listening.prove = prove_nobody
    line.wait(0)
    goaway, asks_again = await line.frames(), line.caller.get_next_available_stream_id()
    line.wait(0)  # he is told once
    assert [(kind, payload) for kind, *_, payload in goaway] == [(7, b"\0\0\0\x01" + bytes(4))]
    line.caller.send_headers(asks_again, GET, end_stream=True)
    [(kind, _, number, code)] = await line.frames()
    assert (kind, number, code) == (3, asks_again, ErrorCodes.REFUSED_STREAM.to_bytes(4, "big"))
    assert line.gateway.lines()[0]["reason"] == "certificate.revoked"
    asked.whole()
    *_, last = await line.frames()
    assert line.gateway.lines()[1]["status"] == 200
    assert last[0] == 7
    assert line.pipe.closing


async def test_whoever_still_proves_the_same_notices_nothing(connect):
    line = connect()
    line.listening.prove = lambda _: PEER
    line.wait(0)
    (await line.ask()).whole()
    await line.turn()
    assert (line.status(), line.heard(ConnectionTerminated)) == ("200", [])


async def test_the_streams_that_are_announced_are_served_and_one_more_is_refused(line):
    numbers = [line.caller.get_next_available_stream_id() + 2 * n for n in range(101)]
    line.caller.remote_settings.acknowledge()
    line.caller.remote_settings.max_concurrent_streams = 1000
    line.caller.remote_settings.acknowledge()
    for number in numbers:
        line.caller.send_headers(number, GET, end_stream=True)
    await line.turn()
    assert len(line.gateway.asked) == 100
    [reset] = line.heard(StreamReset)
    assert (reset.stream_id, reset.error_code) == (numbers[-1], ErrorCodes.REFUSED_STREAM)
    assert line.gateway.lines()[0]["reason"] == "gateway.overloaded"
