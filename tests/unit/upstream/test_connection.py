"""How does an answer come back over one connection?"""

from __future__ import annotations

import asyncio

import pytest

from ostiary.errors import GatewayError
from ostiary.model import Flow, Headers, Outbound, Peer, Permit, Principal, Record, Request
from ostiary.reasons import Reason
from ostiary.upstream.connection import UpstreamConnection


class Wire(asyncio.Transport):
    """The transport, and what was done to it."""

    def __init__(self):
        super().__init__()
        self.sent = b""
        self.closed = False
        self.paused = False

    def write(self, data):
        self.sent += data

    def close(self):
        self.closed = True

    def abort(self):
        self.closed = True

    def pause_reading(self):
        self.paused = True

    def resume_reading(self):
        self.paused = False


class Caller:
    """The body and the answer, and what became of them."""

    def __init__(self, length: int | None = 0):
        self.length = length
        self.sink = None
        self.paused = False
        self.informed: list[int] = []
        self.status = 0
        self.headers = Headers()
        self.announced: int | None = None
        self.source: Flow | None = None
        self.content = b""
        self.whole = False
        self.trailers: Headers | None = None
        self.error: GatewayError | None = None

    def flow_to(self, sink):
        self.sink = sink
        if self.length == 0:
            sink.finish()

    def pause(self):
        self.paused = True

    def resume(self):
        self.paused = False

    def inform(self, status, headers):
        self.informed.append(status)

    def start(self, status, headers, length, source):
        self.status, self.headers, self.announced, self.source = status, headers, length, source

    def write(self, data):
        self.content += data

    def finish(self, trailers=None):
        self.whole, self.trailers = True, trailers

    def fail(self, error):
        self.error = error


class Bench:
    """A connection on which a request is under way."""

    def __init__(self, method: str = "GET", length: int | None = 0):
        self.free: list[bool] = []
        self.wire = Wire()
        loop = asyncio.get_running_loop()
        self.connection = UpstreamConnection(loop, lambda _, reusable: self.free.append(reusable), 5.0, 5.0)
        self.connection.connection_made(self.wire)
        self.ask(method, length)

    def ask(self, method: str = "GET", length: int | None = 0) -> Caller:
        self.caller = Caller(length)
        request = Request(
            id="r1",
            method=method,
            target=b"/a",
            path="/a",
            host="h",
            authority=b"h",
            scheme="https",
            headers=Headers(),
            peer=Peer(""),
            body=self.caller,
            record=Record(),
        )
        permit = Permit(Principal("alice", "bank", "jwt"), "route")
        self.connection.send(Outbound(permit, request, b"/a", Headers()), b"h", self.caller, self.caller)
        return self.caller

    def hear(self, *pieces: bytes) -> Caller:
        for piece in pieces:
            self.connection.data_received(piece)
        return self.caller

    @property
    def kept(self) -> bool:
        return self.free == [True] and not self.wire.closed


async def test_a_request_without_a_body_is_one_head():
    assert Bench().wire.sent == b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


async def test_a_post_without_a_body_says_so():
    assert b"Content-Length: 0\r\n" in Bench("POST").wire.sent


async def test_a_body_of_known_length_passes_as_it_is():
    bench = Bench("POST", 5)
    bench.caller.sink.feed(b"he")
    bench.caller.sink.feed(b"llo")
    bench.caller.sink.finish()

    assert bench.wire.sent.endswith(b"Content-Length: 5\r\n\r\nhello")


async def test_a_body_of_unknown_length_is_chunked():
    bench = Bench("POST", None)
    bench.caller.sink.feed(b"hello")
    bench.caller.sink.finish()

    assert bench.wire.sent.endswith(b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


async def test_an_answer_is_handed_on_in_pieces_and_the_connection_is_kept():
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhe", b"l", b"lo")

    assert (caller.status, caller.announced, caller.content, caller.whole) == (200, 5, b"hello", True)
    assert list(caller.headers) == [(b"X-A", b"b")]
    assert bench.kept


async def test_a_kept_connection_carries_the_next_request():
    bench = Bench()
    bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    bench.ask()

    assert bench.hear(b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nb").status == 201
    assert bench.caller.content == b"b"


async def test_chunks_and_trailers_are_taken_apart():
    caller = Bench().hear(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nKeep-Alive: x\r\n\r\n"
    )

    assert (caller.announced, caller.content, caller.whole) == (None, b"abc", True)
    assert list(caller.trailers) == [(b"X-Sum", b"1")], "what is about one connection stays on it"


@pytest.mark.parametrize("length", [b"", b"Content-Length: 5\r\n"])
async def test_an_answer_to_head_has_no_content_and_the_connection_carries_the_next(length):
    bench = Bench("HEAD")
    caller = bench.hear(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
    assert (caller.whole, caller.content) == (True, b"")

    bench.ask()
    assert bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").content == b"hi"


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_what_has_no_content_ends_with_its_head(status):
    bench = Bench()

    assert bench.hear(b"HTTP/1.1 " + status + b"\r\n\r\n").whole
    assert bench.kept


async def test_interim_answers_are_passed_on():
    caller = Bench().hear(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    assert (caller.informed, caller.status, caller.whole) == ([103], 200, True)


async def test_an_answer_without_a_length_ends_with_the_connection():
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert not caller.whole

    bench.connection.connection_lost(None)
    assert (caller.whole, caller.content, caller.announced) == (True, b"abc", None)
    assert bench.free == [False]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent_Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 17,
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70000,
    ],
)
async def test_an_answer_that_can_be_read_in_two_ways_is_refused_and_its_connection_dropped(answer):
    bench = Bench()
    caller = bench.hear(answer)

    assert caller.error is not None
    assert (caller.error.status, caller.error.reason) == (502, Reason.UPSTREAM_INVALID)
    assert not caller.whole
    assert bench.wire.closed
    assert bench.free == [False]


async def test_what_comes_after_the_answer_is_nobodys_and_ends_the_connection():
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")

    assert caller.content == b"a"
    assert bench.wire.closed, "an answer that nobody asked for must not meet the next request"


async def test_a_body_cut_short_is_never_whole():
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    bench.connection.connection_lost(None)

    assert not caller.whole
    assert caller.error.reason is Reason.UPSTREAM_CLOSED


@pytest.mark.parametrize("endless", [b"0\r\nX-A: ", b"1;ext="])
async def test_a_trailer_or_chunk_extension_without_an_end_is_cut_off(endless):
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + endless)
    bench.hear(*[b"a" * 10_000] * 8)

    assert caller.error is not None
    assert not caller.whole
    assert bench.wire.closed


async def test_a_connection_that_breaks_before_the_answer_is_unreachable():
    bench = Bench()
    bench.connection.connection_lost(ConnectionResetError())

    assert bench.caller.error.reason is Reason.UPSTREAM_UNREACHABLE


async def test_an_upstream_that_says_nothing_is_given_up_after_its_time():
    bench = Bench()
    bench.connection.tick(asyncio.get_running_loop().time() + 4)
    assert bench.caller.error is None

    bench.connection.tick(asyncio.get_running_loop().time() + 6)
    assert bench.caller.error.status == 504
    assert bench.wire.closed


async def test_a_caller_who_goes_away_takes_the_connection_with_him():
    bench = Bench()
    bench.caller.sink.abandon()

    assert bench.wire.closed
    assert bench.free == [False]


async def test_an_answer_before_the_end_of_the_request_ends_the_connection():
    bench = Bench("POST", 1000)
    caller = bench.hear(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")

    assert (caller.status, caller.whole) == (413, True)
    assert bench.free == [False]


async def test_a_caller_who_reads_slowly_stops_the_upstream_and_its_clock():
    bench = Bench()
    caller = bench.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
    caller.source.pause()
    bench.connection.tick(asyncio.get_running_loop().time() + 100)
    assert bench.wire.paused
    assert caller.error is None

    caller.source.resume()
    assert not bench.wire.paused


async def test_an_upstream_that_reads_slowly_stops_the_caller():
    bench = Bench("POST", None)
    bench.connection.pause_writing()
    assert bench.caller.paused

    bench.connection.resume_writing()
    assert not bench.caller.paused


@pytest.mark.parametrize("closing", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"])
async def test_a_connection_that_the_upstream_will_close_is_not_kept(closing):
    bench = Bench()
    bench.hear(closing + b"Content-Length: 1\r\n\r\na")

    assert bench.caller.whole
    assert bench.free == [False]
