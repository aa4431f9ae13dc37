"""What may a connection cost under Hypercorn?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hypercorn")

from ostiary.config.schema import ListenerSpec
from ostiary.edge.hypercorn.listener import HypercornListener

_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
_HEADERS = 0.4
"""Seconds that a head may take."""


async def app(scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """Answer after as many seconds as the path says."""
    assert scope["type"] == "http"
    await asyncio.sleep(float(scope["path"][1:] or 0))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def listening(**limits: Any) -> AsyncIterator[int]:
    said = {"bind": "127.0.0.1:0", "plaintext": "accepted", "limits": limits}
    timeouts = {"headers": f"{_HEADERS * 1000:g}ms", "keep_alive": "30s"}
    spec = ListenerSpec.model_validate({**said, "timeouts": timeouts})
    async with HypercornListener(app).open(spec, Path(), drain=0.1) as server:
        yield server.sockets[0].getsockname()[1]


class Caller:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, path: str = "/") -> bytes:
        """Ask; return the status line."""
        self.writer.write(_HEAD.replace(b"/ ", path.encode() + b" ", 1) + b"\r\n")
        head = await self.reader.readuntil(b"\r\n\r\n")
        await self.reader.readexactly(2)
        return head.split(b"\r\n")[0]

    async def gone(self) -> bool:
        """Whether the connection ends within a moment."""
        try:
            async with asyncio.timeout(10):
                return await self.reader.read() == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("said", [b"", b"G", _HEAD])
async def test_a_head_that_does_not_come_whole_in_time_ends_the_connection(said: bytes) -> None:
    async with listening() as port, calling(port) as caller:
        caller.writer.write(said)
        assert await caller.gone()


async def test_nor_does_it_help_to_send_it_octet_by_octet() -> None:
    async with listening() as port, calling(port) as caller:
        begun = asyncio.get_running_loop().time()
        ended = asyncio.create_task(caller.gone())
        while not ended.done() and asyncio.get_running_loop().time() < begun + 10:
            caller.writer.write(b"x")
            await asyncio.sleep(_HEADERS / 8)
        assert await ended


async def test_the_next_head_of_a_connection_has_as_long_from_its_first_octet_on() -> None:
    async with listening() as port, calling(port) as caller:
        assert await caller.ask() == b"HTTP/1.1 200 "
        await asyncio.sleep(2 * _HEADERS)  # idle: that is what keep_alive is for
        assert await caller.ask() == b"HTTP/1.1 200 "
        caller.writer.write(_HEAD)
        assert await caller.gone()


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async with listening() as port, calling(port) as caller:
        assert await caller.ask(f"/{3 * _HEADERS}") == b"HTTP/1.1 200 "


async def test_one_address_has_no_more_connections_than_it_may() -> None:
    async with listening(connections_per_address=2) as port, calling(port) as one:
        async with calling(port) as other:
            assert await one.ask() == await other.ask() == b"HTTP/1.1 200 "
            async with calling(port) as beyond:
                assert await beyond.gone()
        async with asyncio.timeout(10):
            while not await _let_in(port):  # noqa: ASYNC110 - what a caller sees
                await asyncio.sleep(0.05)


async def _let_in(port: int) -> bool:
    async with calling(port) as caller:
        try:
            return await caller.ask() == b"HTTP/1.1 200 "
        except (ConnectionError, asyncio.IncompleteReadError):
            return False
