"""How does an answer come back over HTTP/2?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from tests.support.http2 import GET, POST

from ostiary.errors import Forbidden, InternalError, UpstreamTimeout
from ostiary.model import Headers

HEAD = [(b":method", b"HEAD"), *GET[1:]]


async def test_names_are_in_lower_case_and_the_request_id_is_the_gateways(line):
    asked = await line.ask()
    asked.whole(b"hello", 200, (b"Content-Type", b"text/plain"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"))
    await line.turn()
    [event] = line.heard(ResponseReceived)
    assert event.headers == [
        (b":status", b"200"), (b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"),
        (b"x-request-id", asked.request.id.encode()), (b"content-length", b"5"),
    ]  # fmt: skip
    assert line.content() == b"hello"
    assert len(line.heard(StreamEnded)) == 1


async def test_an_answer_comes_in_pieces_as_it_is_made(line):
    asked = await line.ask()
    asked.start()
    await line.turn()
    assert line.status() == "200"
    for piece in (b"one", b"two"):
        asked.answer.write(piece)
        await line.turn()
    assert line.heard(StreamEnded) == []
    asked.answer.finish()
    await line.turn()
    assert line.content() == b"onetwo"
    assert len(line.heard(StreamEnded)) == 1


async def test_trailers_follow_the_content(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(b"hello")
    asked.answer.finish(Headers.of([(b"X-Sum", b"1")]))
    await line.turn()
    assert line.heard(TrailersReceived)[0].headers == [(b"x-sum", b"1")]
    assert len(line.heard(StreamEnded)) == 1


async def test_informational_responses_come_before(line):
    asked = await line.ask()
    asked.answer.inform(103, Headers.of([(b"Link", b"</a>")]))
    asked.whole()
    asked.answer.inform(103, Headers())
    await line.turn()
    [event] = line.heard(InformationalResponseReceived)
    assert event.headers == [(b":status", b"103"), (b"link", b"</a>")]


@pytest.mark.parametrize(("fields", "status", "length"), [(HEAD, 200, [b"5"]), (GET, 304, [b"5"]), (GET, 204, [])])
async def test_answers_without_content_have_none(line, fields, status, length):
    asked = await line.ask(fields)
    asked.whole(b"hello", status)
    events = await line.turn()
    assert [type(event) for event in events] == [ResponseReceived, StreamEnded]
    assert [value for name, value in events[0].headers if name == b"content-length"] == length
    assert line.gateway.lines()[0]["sent"] == 0


async def test_a_refusal_is_a_problem_document(line):
    line.gateway.error = Forbidden("no such right")
    await line.open()
    await line.turn()
    assert line.status() == "403"
    assert b"permission.missing" in line.content()
    assert b"no such right" not in line.content()
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"], logged["detail"]) == (403, "permission.missing", "no such right")


async def test_a_problem_for_head_has_a_length_and_no_content(line):
    line.gateway.error = Forbidden()
    await line.open(HEAD)
    await line.turn()
    assert (line.status(), line.content()) == ("403", b"")


async def test_an_answer_that_fails_before_its_head_went_out_is_a_problem(line):
    asked = await line.ask()
    asked.start()
    asked.answer.write(b"half")
    asked.answer.fail(UpstreamTimeout())
    await line.turn()
    assert line.status() == "504"
    assert b"half" not in line.content()


async def test_an_answer_that_fails_later_is_a_reset(line):
    asked = await line.ask()
    asked.start(length=10)
    asked.answer.write(b"half")
    await line.turn()
    asked.answer.fail(InternalError("boom"))
    await line.turn()
    [reset] = line.heard(StreamReset)
    assert reset.error_code is ErrorCodes.INTERNAL_ERROR
    assert line.heard(StreamEnded) == []
    [logged] = line.gateway.lines()
    assert (logged["status"], logged["reason"]) == (200, "gateway.internal")


async def test_nothing_can_be_added_to_an_answer_that_has_ended(line):
    asked = await line.ask()
    asked.whole()
    await line.turn()
    asked.answer.write(b"more")
    asked.answer.finish()
    asked.answer.fail(InternalError())
    asked.start(500)
    assert await line.turn() == []
    assert len(line.gateway.lines()) == 1


async def test_an_answer_before_the_end_of_the_request_leaves_a_small_rest_to_come(line):
    asked = await line.ask(POST, end=False)
    asked.whole()
    await line.turn()
    line.caller.send_data(1, b"x" * 1000)
    await line.turn()
    line.caller.send_data(1, b"y", end_stream=True)
    await line.turn()
    assert line.heard(StreamReset) == []
    assert line.edge.streams == {}


async def test_an_answer_before_the_end_of_a_large_request_tells_the_caller_to_stop(line):
    asked = await line.ask(POST, end=False)
    asked.whole()
    await line.turn()
    for _ in range(5):
        line.caller.send_data(1, bytes(16_000))
    await line.turn()
    [reset] = line.heard(StreamReset)
    assert reset.error_code is ErrorCodes.NO_ERROR
    assert line.status() == "200"
    assert len(line.gateway.lines()) == 1


async def test_a_refusal_reaches_the_caller_before_he_is_told_to_stop(line):
    line.gateway.error = Forbidden()
    line.caller.send_headers(1, POST)
    for _ in range(5):
        line.caller.send_data(1, bytes(13_000))
    line.say(b"\0\1\0\0\0\0\0\0\1" + bytes(256))
    line.say(b"\0\1\0\0\0\0\0\0\1" + bytes(256) + b"\0\1\0\0\0\0\0\0\1" + bytes(256))
    await line.turn()
    assert line.status() == "403"
    kinds = [
        type(event) for event in line.events if getattr(event, "stream_id", 0) and type(event) is not WindowUpdated
    ]
    assert kinds == [ResponseReceived, DataReceived, StreamEnded, StreamReset]


@pytest.mark.parametrize("last", [True, False])
async def test_a_large_rest_may_end_where_the_caller_is_told_to_stop(line, last):
    asked = await line.ask(POST, end=False)
    asked.whole()
    await line.turn()
    for rest in (4, 3, 2, 1, 0):
        line.caller.send_data(1, bytes(14_000), end_stream=last and not rest)
    await line.turn()
    assert line.edge.streams == {}
    assert not line.pipe.closing
    (await line.ask()).whole()
    await line.turn()
    assert line.status() == "200"
