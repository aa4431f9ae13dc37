"""What does an upstream that speaks HTTP/2 hear of a request, and a caller of its answer?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from h2.errors import ErrorCodes
from h2.events import DataReceived
from hpack import NeverIndexedHeaderTuple
from tests.support.http2_upstream import OK, Http2Server, Peer, upstream
from tests.support.wire import PERMIT, Content, Told, pooling, request, send

from ostiary.errors import BadRequest, InternalError, UpstreamInvalid
from ostiary.model import Headers
from ostiary.reasons import Reason
from ostiary.upstream import AnyPool

CALL = (b"content-type", b"application/grpc+proto")


@pytest.fixture
async def server() -> AsyncIterator[Http2Server]:
    async with upstream(Http2Server(answering=False)) as one:
        yield one


@pytest.fixture
async def pool(server: Http2Server) -> AsyncIterator[AnyPool]:
    async with pooling(server.port, protocol="h2") as one:
        yield one


async def heard(
    server: Http2Server, pool: AnyPool, method: str = "GET", *fields: tuple[bytes, bytes], body: Content | None = None
) -> tuple[Peer, int, Told]:
    """Send a request; return who has heard it, on which stream, and who waits for the answer."""
    told = await send(pool, request(method, *fields, body=body))
    peer = await server.peer()
    return peer, await peer.request(ended=body is None or body.complete), told


# --- what the upstream hears -----------------------------------------------------------------------


async def test_a_request_has_its_pseudo_fields_first_and_says_who_calls(server, pool):
    peer, stream, _ = await heard(server, pool, "GET", (b"Accept", b"text/plain"))
    assert peer.fields[stream][:4] == [
        (b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"api.example.com:8443"), (b":path", b"/a?b=c"),
    ]  # fmt: skip
    head = peer.heads[stream]
    assert (head[b"accept"], head[b"x-forwarded-for"], head[b"x-request-id"]) == (b"text/plain", b"192.0.2.7", b"id-1")
    assert b"content-length" not in head


async def test_what_is_about_one_connection_stays_there(server, pool):
    fields = ((b"Connection", b"close, X-Own"), (b"X-Own", b"1"), (b"Keep-Alive", b"1"), (b"TE", b"gzip"))
    peer, stream, _ = await heard(server, pool, "GET", *fields, (b"X_Forwarded_For", b"10.0.0.1"))
    assert not {b"connection", b"x-own", b"keep-alive", b"te", b"x_forwarded_for"} & set(peer.heads[stream])


async def test_trailers_are_welcome_to_calls_and_to_callers_who_say_so(server, pool):
    peer, first, _ = await heard(server, pool, "POST", CALL, body=Content(b"x", length=None))
    _, second, _ = await heard(server, pool, "GET", (b"te", b"trailers"))
    assert peer.heads[first][b"te"] == peer.heads[second][b"te"] == b"trailers"


async def test_what_is_injected_enters_no_table(server):
    async with pooling(server.port, protocol="h2") as pool:
        route = pool.for_route(frozenset((b"x-key",)))
        for _ in range(2):
            asked = request()
            outbound = route.prepare(asked, PERMIT)
            outbound.headers.add(b"X-Key", b"secret")
            outbound.headers.add(b"Authorization", b"Basic c2VjcmV0")
            await route.forward(outbound, asked.body, Told())
        peer = await server.peer()
        await peer.request()
        fields = peer.fields[await peer.request()]
    kept = {field[0] for field in fields if isinstance(field, NeverIndexedHeaderTuple)}
    assert {b"x-key", b"authorization", b"x-forwarded-for"} <= kept


async def test_a_body_of_a_known_length_is_announced_and_sent(server, pool):
    peer, stream, _ = await heard(server, pool, "POST", body=Content(b"hel", b"lo", length=5))
    assert peer.heads[stream][b"content-length"] == b"5"
    assert peer.bodies[stream] == b"hello"


async def test_an_empty_body_of_a_post_is_announced(server, pool):
    peer, stream, _ = await heard(server, pool, "POST", body=Content())
    assert peer.heads[stream][b"content-length"] == b"0"


async def test_a_body_flows_while_it_comes(server, pool):
    body = Content(b"one", length=None, complete=False)
    peer, stream, told = await heard(server, pool, "POST", body=body)
    await peer.happened(DataReceived)
    peer.head(stream)
    await told.started.wait()
    assert body.sink is not None
    body.sink.feed(b"two")
    body.sink.finish()
    peer.data(stream, b"both", end=True)
    assert (await told.end()).content == b"both"


async def test_what_comes_behind_a_body_passes_unless_it_could_be_taken_for_a_head(server, pool):
    trailers = Headers.of([(b"X-Sum", b"3"), (b"Authorization", b"Basic x"), (b"Content-Length", b"9")])
    peer, stream, _ = await heard(server, pool, "POST", body=Content(b"abc", length=None, trailers=trailers))
    assert peer.trailers[stream] == [(b"x-sum", b"3")]


async def test_a_body_that_is_shorter_or_longer_than_announced_is_given_up(server, pool):
    for body in (Content(b"abc", length=4), Content(b"abcde", length=4)):
        await send(pool, request("POST", body=body))
    peer = await server.peer()
    await peer.until(lambda: len(peer.resets) == 2)
    assert set(peer.resets.values()) == {ErrorCodes.CANCEL}


async def test_a_caller_who_leaves_takes_his_stream_along_and_no_other(server, pool):
    body = Content(b"x", length=None, complete=False)
    peer, stream, told = await heard(server, pool, "POST", body=body)
    _, other, stays = await heard(server, pool)
    assert body.sink is not None
    body.sink.abandon()
    peer.answer(other)
    assert (await stays.end()).content == b"ok"
    await peer.until(lambda: peer.resets)
    assert peer.resets == {stream: ErrorCodes.CANCEL}
    assert not told.ends


async def test_what_would_break_a_line_is_not_sent(server, pool):
    route = pool.for_route(frozenset())
    for name, value in ((b"X-A", b"1\r\nX-B: 2"), (b"X A", b"1")):
        asked = request()
        outbound = route.prepare(asked, PERMIT)
        outbound.headers.add(name, value)
        with pytest.raises(InternalError):
            await route.forward(outbound, asked.body, Told())
    peer, stream, _ = await heard(server, pool)
    assert list(peer.heads) == [stream]


async def test_there_is_no_change_of_protocols(pool):
    route = pool.for_route(frozenset(), frozenset((b"websocket",)))
    asked = request()
    asked.upgrade = b"websocket"
    with pytest.raises(BadRequest):
        route.prepare(asked, PERMIT)


# --- what the caller hears -------------------------------------------------------------------------


async def test_an_answer_has_the_fields_that_are_for_everybody(server, pool):
    peer, stream, told = await heard(server, pool)
    peer.answer(stream, b"hello", [*OK, (b"content-length", b"5"), (b"x-request-id", b"theirs"), (b"x-a", b"1")])
    await told.end()
    assert (told.status, told.length, bytes(told.content)) == (200, 5, b"hello")
    assert [name for name, _ in told.headers] == [b"content-type", b"x-a"]


async def test_what_comes_behind_an_answer_passes(server, pool):
    peer, stream, told = await heard(server, pool, "POST", CALL, body=Content(b"x", length=None))
    peer.answer(stream, b"y", trailers=[(b"grpc-status", b"0"), (b"set-cookie", b"a=b")])
    await told.end()
    assert list(told.trailers or ()) == [(b"grpc-status", b"0")]


async def test_how_a_call_has_ended_is_noted_for_the_log(server, pool):
    for at_once in (False, True):
        asked = request("POST", CALL, body=Content(b"x", length=None))
        told = await send(pool, asked)
        peer = await server.peer()
        stream = await peer.request()
        status = (b"grpc-status", b"5")
        if at_once:
            peer.head(stream, [*OK, status], end=True)
        else:
            peer.answer(stream, trailers=[status])
        await told.end()
        assert asked.record.called == 5


async def test_what_no_call_says_of_its_end_is_noted_nowhere(server, pool):
    asked = request("POST", (b"content-type", b"text/plain"), body=Content(b"x", length=None))
    told = await send(pool, asked)
    peer = await server.peer()
    peer.answer(await peer.request(), trailers=[(b"grpc-status", b"5")])
    await told.end()
    assert asked.record.called is None


async def test_an_answer_that_is_only_a_head_ends_with_it(server, pool):
    peer, stream, told = await heard(server, pool)
    peer.head(stream, [(b":status", b"200"), (b"grpc-status", b"5")], end=True)
    await told.end()
    assert (told.status, told.headers.get(b"grpc-status"), bytes(told.content)) == (200, b"5", b"")


async def test_informational_answers_come_before_the_answer(server, pool):
    peer, stream, told = await heard(server, pool)
    peer.h2.send_headers(stream, [(b":status", b"103"), (b"link", b"</a>")])
    peer.answer(stream)
    await told.end()
    assert (told.informed, told.status) == ([103], 200)


@pytest.mark.parametrize(("method", "status"), [("HEAD", b"200"), ("GET", b"204"), ("GET", b"304")])
async def test_answers_without_content_have_none(server, pool, method, status):
    peer, stream, told = await heard(server, pool, method)
    peer.head(stream, [(b":status", status)], end=True)
    await told.end()
    assert (told.status, bytes(told.content), told.error) == (int(status), b"", None)


async def test_an_answer_before_the_end_of_a_request_is_whole_and_the_rest_is_not_wanted(server, pool):
    body = Content(b"x", length=None, complete=False)
    peer, stream, told = await heard(server, pool, "POST", body=body)
    peer.answer(stream, b"enough")
    assert (await told.end()).content == b"enough"
    await peer.until(lambda: peer.resets)
    assert body.sink is not None
    body.sink.feed(b"more")
    body.sink.finish()
    assert peer.resets == {stream: ErrorCodes.CANCEL}


async def test_a_stream_that_is_reset_is_an_answer_broken_off(server, pool):
    peer, stream, told = await heard(server, pool)
    peer.head(stream)
    peer.reset(stream, ErrorCodes.INTERNAL_ERROR)
    await told.end()
    assert isinstance(told.error, UpstreamInvalid)
    assert told.error.reason is Reason.UPSTREAM_CLOSED


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        ([(b":status", b"200"), (b"content-length", b"3")], b"four"),
        ([(b":status", b"200"), (b"content-length", b"5")], b"four"),
        ([(b":status", b"200"), (b"content-length", b"x")], b"four"),
        ([(b":status", b"200"), (b"content-length", b"4"), (b"content-length", b"4")], b"four"),
        ([(b":status", b"200"), (b"content-length", b"4")], b""),
        ([(b":status", b"101")], b""),
        ([(b":status", b"103")], b""),
        ([(b":status", b"20")], b"four"),
        ([(b"x-a", b"1")], b"four"),
        ([(b":status", b"200"), (b":status", b"201")], b"four"),
        ([(b":status", b"200"), (b"connection", b"close")], b"four"),
        ([(b":status", b"200"), (b"X-Upper", b"1")], b"four"),
        ([(b":status", b"200"), (b"x-a", b"1\r\nx-b: 2")], b"four"),
        ([(b":status", b"204")], b"four"),
    ],
)
async def test_an_answer_that_is_malformed_is_refused_and_harms_no_other(server, pool, fields, content):
    peer, stream, told = await heard(server, pool)
    _, other, well = await heard(server, pool)
    peer.h2.config.validate_outbound_headers = peer.h2.config.normalize_outbound_headers = False
    block = peer.h2.encoder.encode(fields)
    end = b"" if content else b"\x01"
    peer.raw(len(block).to_bytes(3, "big") + b"\x01" + bytes([4 | bool(end)]) + stream.to_bytes(4, "big") + block)
    if content:
        peer.raw(len(content).to_bytes(3, "big") + b"\x00\x01" + stream.to_bytes(4, "big") + content)
    await told.end()
    assert isinstance(told.error, UpstreamInvalid)
    peer.answer(other)
    assert (await well.end()).content == b"ok"


async def test_content_before_its_head_is_refused(server, pool):
    peer, stream, told = await heard(server, pool)
    peer.raw(b"\0\0\2\0\1" + stream.to_bytes(4, "big") + b"ok")
    assert isinstance((await told.end()).error, UpstreamInvalid)
