"""How does the end of one half of a tunnel reach the upstream?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.wire import PERMIT, Told, pooling, request

from ostiary.model import Headers, Tunnel
from ostiary.pki.development import write_development_pki
from ostiary.upstream import Http1Pool

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Caller(Told):
    """Who speaks through the tunnel."""

    tunnel: Tunnel

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        self.status, self.tunnel = 101, tunnel
        self.started.set()


class Upstream:
    """Changes the protocol; hears everything to the end, and then says its last words, if they can be heard."""

    def __init__(self) -> None:
        self.heard = b""
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCH)
        self.heard = await reader.read()
        writer.write(b"last words")
        writer.close()
        self.gone.set()


@asynccontextmanager
async def through(folder: Path, *, tls: bool) -> AsyncIterator[tuple[Upstream, Caller]]:
    """A tunnel that is open."""
    upstream, context, more = Upstream(), None, {}
    if tls:
        pki = write_development_pki(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        more = {"scheme": "https", "tls": {"trusted": [f"file:{pki.ca}"]}}
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=context)
    async with server, pooling(server.sockets[0].getsockname()[1], **more) as pool:
        yield upstream, await opened(pool)


async def opened(pool: Http1Pool) -> Caller:
    asked, caller = request(), Caller()
    asked.upgrade = b"websocket"
    route = pool.for_route(frozenset(), frozenset({b"websocket"}))
    await route.forward(route.prepare(asked, PERMIT), asked.body, caller)
    async with asyncio.timeout(5):
        await caller.started.wait()
    return caller


async def test_the_upstream_is_told_and_what_it_still_says_is_heard(tmp_path):
    async with through(tmp_path, tls=False) as (upstream, caller):
        caller.tunnel.feed(b"bye")
        caller.tunnel.finish()
        caller.tunnel.finish()
        await caller.end()
    assert (upstream.heard, bytes(caller.content), caller.error, caller.ends) == (b"bye", b"last words", None, 1)


async def test_tls_has_no_word_for_it_and_closes_behind_all_that_was_said(tmp_path):
    async with through(tmp_path, tls=True) as (upstream, caller):
        caller.tunnel.feed(b"bye" * 100_000)
        caller.tunnel.finish()
        await caller.end()
        async with asyncio.timeout(5):
            await upstream.gone.wait()
    assert upstream.heard == b"bye" * 100_000
    assert (caller.error, caller.ends) == (None, 1)


@pytest.mark.parametrize("tls", [False, True])
async def test_who_breaks_off_is_gone_at_once(tmp_path, tls):
    async with through(tmp_path, tls=tls) as (_, caller):
        caller.tunnel.abandon()
        caller.tunnel.finish()
        caller.tunnel.feed(b"more")
    assert caller.ends == 0
