"""What is believed of a server that the gateway asks?"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from ostiary.oauth.post import Asker, NoAnswerError


@asynccontextmanager
async def server(answer: bytes, *, silent: bool = False) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer every connection with these octets."""
    heard: list[bytes] = []
    ended = asyncio.Event()
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        heard.append(head + await reader.readexactly(length))
        if silent:
            await ended.wait()
        writer.write(answer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/token", heard
        ended.set()
        await asyncio.gather(*(one for one in serving if one is not None), return_exceptions=True)


def answered(content: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(content), more, content)


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    one = Asker(1.0, ssl.create_default_context())
    yield one
    await one.aclose()


async def test_a_form_is_sent_and_an_object_comes_back(asker):
    async with server(answered(b'{"access_token": "a"}')) as (url, heard):
        said = await asker.post(url, {"resource": ["a", "b"], "scope": "x y"}, {"Authorization": "Basic abc"})
    assert said == (200, {"access_token": "a"})
    assert heard[0].endswith(b"\r\n\r\nresource=a&resource=b&scope=x+y")
    assert b"\r\nAuthorization: Basic abc\r\n" in heard[0]
    assert b"\r\nAccept-Encoding: identity\r\n" in heard[0]


async def test_a_refusal_is_read_too(asker):
    async with server(answered(b'{"error": "invalid_client"}', b"401 Unauthorized")) as (url, _):
        assert await asker.post(url, {}, {}) == (401, {"error": "invalid_client"})


async def test_a_page_of_html_says_its_status_only(asker):
    async with server(answered(b"<html>", b"502 Bad Gateway")) as (url, _):
        assert await asker.post(url, {}, {}) == (502, {})


async def test_redirects_are_not_followed(asker):
    async with server(answered(b"", b"307 T", b"Location: http://127.0.0.1:1/\r\n")) as (url, heard):
        assert await asker.post(url, {"client_secret": "x"}, {}) == (307, {})
    assert len(heard) == 1


BOMB = gzip.compress(b'{"access_token": "' + b"a" * (10 << 20) + b'"}')


@pytest.mark.parametrize(
    "answer",
    [
        answered(BOMB, more=b"Content-Encoding: gzip\r\n"),
        answered(b'{"access_token": "' + b"a" * (65 << 10) + b'"}'),
        answered(b"not json"),
        answered(b"[]"),
        answered(b'{"access_token": "a", "access_token": "b"}'),
        answered(b'{"a":' * 100 + b"1" + b"}" * 100),
        answered(b"\xff\xfe"),
        answered(b'{"access_token": NaN}'),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=range(11),
)
async def test_what_cannot_be_read_is_no_answer(asker, answer):
    async with server(answer) as (url, _):
        with pytest.raises(NoAnswerError):
            await asker.post(url, {}, {})


async def test_who_is_slow_is_not_waited_for(asker):
    async with server(answered(b"{}"), silent=True) as (url, _):
        with pytest.raises(NoAnswerError, match="no answer within 1 s"):
            await asker.post(url, {}, {})


async def test_who_is_not_there_is_no_answer(asker):
    with pytest.raises(NoAnswerError):
        await asker.get("http://127.0.0.1:1/")


async def test_what_was_said_is_not_repeated(asker):
    async with server(answered(b'{"access_token": "canary", broken')) as (url, _):
        with pytest.raises(NoAnswerError) as caught:
            await asker.post(url, {"client_secret": "canary"}, {})
    assert "canary" not in f"{caught.value} {caught.value.__cause__}"


@pytest.mark.parametrize("answer", [b"canary\r\n\r\n", b"HTTP/1.1 200 OK\r\ncanary\r\n\r\n", answered(b"canary")])
async def test_neither_what_was_sent_nor_what_came_is_in_the_error_or_behind_it(asker, answer):
    async with server(answer) as (url, _):
        with pytest.raises(NoAnswerError) as caught:
            await asker.post(url, {"client_secret": "canary"}, {"Authorization": "canary"})
    error = caught.value
    assert error.__cause__ is error.__context__ is None
    assert "canary" not in f"{error}"
