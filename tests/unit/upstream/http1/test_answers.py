"""Which answers are refused, and what becomes of their connections?"""

from __future__ import annotations

import asyncio

import pytest
from tests.support.wire import OK, Told, Wire, ask, pooling, request, send, serving

from ostiary.errors import UpstreamInvalid, UpstreamUnreachable
from ostiary.reasons import Reason

HEAD = b"HTTP/1.1 200 OK\r\n"
REFUSED = {
    "length and coding": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "coding and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "the same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\nok",
    "an endless length": HEAD + b"Content-Length: 0000000000000000000002\r\n\r\nok",
    "a length spelt otherwise": HEAD + b"Content_Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "a coding spelt otherwise": HEAD + b"Transfer_Encoding: chunked\r\nContent-Length: 2\r\n\r\nok",
    "an unknown coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\nok",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "no HTTP": b"<html>ok</html>\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\nok",
    "a status above 599": b"HTTP/1.1 700 X\r\nContent-Length: 2\r\n\r\nok",
    "a blank in a name": HEAD + b"X A: 1\r\nContent-Length: 2\r\n\r\nok",
    "a blank before the colon": HEAD + b"Content-Length : 2\r\n\r\nok",
    "a folded line": HEAD + b"X-A: 1\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "a NUL": HEAD + b"X-A: \0\r\nContent-Length: 2\r\n\r\nok",
    "a bare LF": HEAD + b"X-A: 1\nContent-Length: 2\r\n\r\nok",
    "101 that nobody asked for": b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nok",
    "a flood of 1xx": b"HTTP/1.1 103 X\r\n\r\n" * 17 + OK,
    "a large head at once": HEAD + b"X-A: %b\r\nContent-Length: 2\r\n\r\nok" % (b"a" * (65 << 10)),
    "many fields at once": HEAD + b"X-A: aaaaaaaaaaaaaaaaaaaa\r\n" * 4000 + b"Content-Length: 2\r\n\r\nok",
}


@pytest.mark.attack(51)
@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
async def test_an_answer_that_can_be_read_in_two_ways_or_in_none_is_refused(answer: bytes) -> None:
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
        assert isinstance(told.error, UpstreamInvalid)
        assert (told.status, told.content, told.ends) == (0, b"", 1)
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 2


async def test_sixteen_informational_responses_are_enough() -> None:
    async with serving(Wire(b"HTTP/1.1 103 X\r\n\r\n" * 16 + OK)) as wire, pooling(wire.port) as pool:
        assert (await ask(pool)).content == b"ok"


@pytest.mark.attack(51)
async def test_nobody_gets_the_answer_that_came_after_anothers() -> None:
    """Not even who asks in the moment that the first one ends."""
    async with serving(Wire(OK + HEAD + b"Content-Length: 6\r\n\r\npoison")) as wire, pooling(wire.port) as pool:
        offered: list[object] = []
        first = await (await send(pool, request(), Told(lambda: offered.append(pool._endpoints.each[0].take())))).end()
        assert (first.content, first.error, offered) == (b"ok", None, [None])
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 2


@pytest.mark.parametrize("length", [b"Content-Length: 80", b"Transfer-Encoding: chunked", b"X-A: 1"])
async def test_content_in_an_answer_to_head_reaches_nobody(length: bytes) -> None:
    """The rest of it would be read as the answer to the next request."""
    poison = HEAD + b"Content-Length: 6\r\n\r\npoison"

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        if wire.connections == 1:
            writer.write(HEAD + length + b"\r\n\r\n1\r\nx")
            await wire.read(reader)
            writer.write(poison)
        else:
            writer.write(OK)
        await reader.read()

    wire = Wire(script=script)
    async with serving(wire), pooling(wire.port) as pool:
        head = await ask(pool, "HEAD")
        assert head.content == b""
        assert (await ask(pool)).content == b"ok"


@pytest.mark.attack(51)
async def test_what_arrives_unasked_ends_the_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        writer.write(OK)
        if wire.connections == 1:
            await asyncio.sleep(0.05)
            writer.write(HEAD + b"Content-Length: 6\r\n\r\npoison")
        await reader.read()

    wire = Wire(script=script)
    async with serving(wire), pooling(wire.port) as pool:
        await ask(pool)
        await asyncio.sleep(0.15)
        assert (await ask(pool)).content == b"ok"
    assert wire.connections == 2


CUT = {
    "counted": HEAD + b"Content-Length: 9\r\n\r\nhalf",
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "within a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf",
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
async def test_an_answer_cut_short_is_broken_off_visibly(answer: bytes) -> None:
    async with serving(Wire(answer, close=True)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert told.error is not None
    assert told.error.reason is Reason.UPSTREAM_CLOSED
    assert (told.content, told.ends) == (b"half", 1)


async def test_a_chunk_that_is_none_breaks_the_answer_off() -> None:
    answer = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"
    async with serving(Wire(answer)) as wire, pooling(wire.port) as pool:
        told = await ask(pool)
    assert isinstance(told.error, UpstreamInvalid)


async def test_a_head_cut_short_is_invalid() -> None:
    async with serving(Wire(HEAD + b"X-", close=True)) as wire, pooling(wire.port) as pool:
        assert isinstance((await ask(pool)).error, UpstreamInvalid)


async def test_no_answer_at_all_is_unreachable() -> None:
    async with serving(Wire(b"", close=True)) as wire, pooling(wire.port) as pool:
        assert type((await ask(pool)).error) is UpstreamUnreachable


ENDLESS = {
    "head": (HEAD + b"X-A: ", 0),
    "trailer": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: ", 200),
    "chunk extension": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=", 200),
}


@pytest.mark.parametrize(("start", "status"), ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_is_bounded(start: bytes, status: int) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read(reader)
        writer.write(start)
        while True:
            writer.write(b"a" * 4096)
            await writer.drain()

    wire = Wire(script=script)
    async with serving(wire), pooling(wire.port) as pool:
        told = await ask(pool)
    assert isinstance(told.error, UpstreamInvalid)
    assert told.status == status
