"""How do a request and its answer get through?"""

from __future__ import annotations

import asyncio

import pytest
from tests.support.wire import OK, Content, Script, Told, Wire, ask, pooling, request, send, serving

from ostiary.errors import UpstreamUnreachable


async def test_a_connection_is_used_again() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        for _ in range(5):
            assert (await ask(pool)).content == b"ok"
    assert wire.connections == 1


async def test_the_target_goes_out_as_it_came_with_the_callers_host() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await ask(pool)
    assert wire.heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: api.example.com:8443\r\n")
    assert b"Content-Length" not in wire.heads[0]


async def test_the_host_may_be_the_endpoints() -> None:
    async with serving(Wire()) as wire, pooling(wire.port, host="endpoint") as pool:
        await ask(pool)
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % wire.port in wire.heads[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_method_that_has_content_says_that_there_is_none(method: str) -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await ask(pool, method)
    assert b"\r\nContent-Length: 0\r\n" in wire.heads[0]


async def test_a_body_of_known_length_goes_out_counted() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        told = await ask(pool, "POST", Content(b"hello ", b"world", length=11))
    assert told.status == 200
    assert wire.bodies == [b"hello world"]


async def test_a_body_of_unknown_length_goes_out_chunked() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await ask(pool, "POST", Content(b"hello ", b"", b"world" * 1000, length=None))
        await ask(pool)
    assert wire.bodies == [b"hello " + b"world" * 1000, b""]
    assert wire.connections == 1


@pytest.mark.parametrize("pieces", [(b"four",), (b"sixsix",)])
async def test_a_body_that_is_not_as_long_as_announced_ends_the_connection(pieces: tuple[bytes, ...]) -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await send(pool, request("POST", body=Content(*pieces, length=5)))
        assert (await ask(pool)).content == b"ok"
        assert wire.connections == 2
    assert wire.bodies == [b""]


async def test_a_chunked_answer_comes_through_with_its_trailers() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n2\r\nok\r\n3\r\nay!\r\n"
        b"0\r\nX-Sum: 9\r\nContent-Type: x\r\nConnection: close\r\n\r\n"
    )
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert (told.content, told.length) == (b"okay!", None)
    assert told.trailers is not None
    assert told.trailers.get(b"x-sum") == b"9"
    assert told.trailers.get(b"connection") is None


async def test_an_answer_that_arrives_octet_by_octet_is_the_same_answer() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        for octet in b"HTTP/1.1 200 OK\r\nX-Long:  a b \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n":
            writer.write(bytes([octet]))
            await asyncio.sleep(0)
        await wire.read(reader)
        writer.write(OK)

    wire = Wire(script=drip)
    async with serving(wire), pooling(wire.port) as pool:
        told = await ask(pool)
        assert (told.content, told.headers.get(b"x-long")) == (b"ok", b"a b")
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 1


@pytest.mark.parametrize("head", ["Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked", "X-A: 1"])
async def test_an_answer_to_head_has_no_content_whatever_it_says(head: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode()
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool, "HEAD")
        assert (told.status, told.content, told.error) == (200, b"", None)
        assert told.length == (int(head[-1]) if "Content-Length" in head else None)
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == (2 if head == "X-A: 1" else 1)


@pytest.mark.parametrize(("status", "length"), [(204, 0), (304, 7)])
async def test_some_statuses_have_no_content(status: int, length: int) -> None:
    answer = b"HTTP/1.1 %d X\r\nETag: a\r\n%b\r\n" % (status, b"Content-Length: 7\r\n" if status == 304 else b"")
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
        assert (told.status, told.content, told.length) == (status, b"", length)
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 1


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async with serving(Wire(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert (told.content, told.length, told.error) == (b"all of it", None, None)


async def test_informational_responses_are_passed_on() -> None:
    answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert (told.informed, told.status, told.content) == ([100, 103], 200, b"ok")


async def test_what_is_about_one_connection_does_not_come_back() -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop, keep-alive\r\nKeep-Alive: timeout=5\r\n"
        b"X-Hop: 1\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Request-Id: theirs\r\nX-Stays: 1\r\n\r\nok"
    )
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert list(told.headers) == [(b"X-Stays", b"1")]


async def test_an_answer_before_the_body_is_whole_ends_the_connection() -> None:
    body = Content(b"half", length=8, complete=False)

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.read()

    async with serving(Wire(script=hasty)) as wire, pooling(wire.port) as pool:
        told = await ask(pool, "POST", body)
        assert (told.content, told.error) == (b"ok", None)
        assert body.sink is not None
        body.sink.feed(b"rest")
        body.sink.finish()
        await ask(pool)
    assert (told.ends, wire.connections) == (1, 2)


async def test_when_the_caller_goes_away_the_connection_ends_and_he_is_told_nothing() -> None:
    gone = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        try:
            await reader.read()
        finally:
            gone.set()

    wire = Wire(script=slow)
    async with serving(wire), pooling(wire.port) as pool:
        body = Content()
        told = await send(pool, request(body=body))
        assert body.sink is not None
        body.sink.abandon()
        async with asyncio.timeout(5):
            await gone.wait()
    assert told.ends == 0


async def test_a_caller_of_the_past_has_no_hold_on_the_connections_present() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        past = Content()
        told = await (await send(pool, request(body=past))).end()
        present = await send(pool, request())
        assert told.source is not None
        assert past.sink is not None
        told.source.pause()
        past.sink.feed(b"GET /evil HTTP/1.1\r\n\r\n")
        past.sink.abandon()
        assert (await present.end()).content == b"ok"
    assert wire.connections == 1


async def test_a_caller_who_paused_at_the_end_does_not_stop_the_next() -> None:
    class Slow(Told):
        def write(self, data: bytes) -> None:
            super().write(data)
            assert self.source is not None
            self.source.pause()

    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        await (await send(pool, request(), Slow())).end()
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 1


async def test_the_record_says_which_endpoint_and_when() -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        asked = request()
        await (await send(pool, asked)).end()
    record = asked.record
    assert (record.upstream, record.endpoint) == ("legacy", f"http://127.0.0.1:{wire.port}")
    assert 0 < record.upstream_started <= record.upstream_answered


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_what_a_stale_connection_lost_is_repeated_once(method: str) -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        wire._script = _stale(wire)
        await ask(pool)  # the pool keeps a connection that will die on use
        told = await ask(pool, method)
    assert (told.status, told.error) == (200, None)
    assert (wire.connections, len(wire.heads)) == (2, 3)


async def test_what_was_lost_twice_is_given_up() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        if wire.connections == 1:
            writer.write(OK)
            await wire.read(reader)

    wire = Wire(script=once)
    async with serving(wire), pooling(wire.port) as pool:
        await ask(pool)
        assert type((await ask(pool)).error) is UpstreamUnreachable
    assert len(wire.heads) == 3


@pytest.mark.parametrize(("method", "body"), [("POST", Content()), ("PUT", Content(b"x", length=1))])
async def test_what_may_have_had_an_effect_is_not_repeated(method: str, body: Content) -> None:
    async with serving(Wire()) as wire, pooling(wire.port) as pool:
        wire._script = _stale(wire)
        await ask(pool)
        told = await ask(pool, method, body)
    assert type(told.error) is UpstreamUnreachable
    assert sum(head.startswith(method.encode()) for head in wire.heads) == 1


def _stale(wire: Wire) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        writer.write(OK[:-2] if wire.heads[-1].startswith(b"HEAD") else OK)
        await wire.read(reader)  # the second request on a connection is lost

    return script
