"""Does the ASGI edge speak HTTP/3 under Hypercorn, and refuse where QUIC would prove less than TLS?

The caller is aioquic's own.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent
from tests.support.edges import BASIC, LARGE, World
from tests.support.edges import world as made

from ostiary import asgi
from ostiary.errors import ConfigError

pytestmark = pytest.mark.integration


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with made(tmp_path) as everything:
        yield everything


class Caller(QuicConnectionProtocol):
    """One connection over QUIC."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._http = H3Connection(self._quic)
        self._answers: dict[int, tuple[dict[bytes, bytes], bytearray, asyncio.Future[None]]] = {}

    def quic_event_received(self, event: QuicEvent) -> None:
        for told in self._http.handle_event(event):
            if isinstance(told, (HeadersReceived, DataReceived)):
                headers, content, done = self._answers[told.stream_id]
                if isinstance(told, HeadersReceived):
                    headers.update(told.headers)
                else:
                    content += told.data
                if told.stream_ended and not done.done():
                    done.set_result(None)

    async def ask(
        self, method: str, path: str, token: dict[str, str] | None = None, content: bytes = b""
    ) -> tuple[int, bytes]:
        stream = self._quic.get_next_available_stream_id()
        answer: tuple[dict[bytes, bytes], bytearray, asyncio.Future[None]]
        answer = self._answers[stream] = {}, bytearray(), asyncio.get_running_loop().create_future()
        head = [(b":method", method.encode()), (b":scheme", b"https"), (b":authority", b"localhost")]
        head.append((b":path", path.encode()))
        if token is not None:
            head.append((b"authorization", token["Authorization"].encode()))
        self._http.send_headers(stream, head, end_stream=not content)
        if content:
            self._http.send_data(stream, content, end_stream=True)
        self.transmit()
        await asyncio.wait_for(answer[2], 15)
        return int(answer[0][b":status"]), bytes(answer[1])


@asynccontextmanager
async def serving(world: World, client: str = "off", bounds: str = "") -> AsyncIterator[int]:
    """The gateway with HTTP/3; `client` is what its listener asks of certificates."""
    file, text = world.file.with_name("http3.yaml"), world.file.read_text()
    if client == "off":
        text = re.sub(r"      client: .*\n", "", text)
        text = re.sub(r"  - name: both\n(?:    .*\n)+", "", text)  # it asks for a certificate
    if bounds:
        assert text.count("    tls:\n") == 1
        text = text.replace("    tls:\n", f"{bounds}    tls:\n")
    file.write_text(text)
    async with asgi.hypercorn(file, drain=1, http3=True) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def calling(world: World, port: int) -> AsyncIterator[Caller]:
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
    configuration.load_verify_locations(str(world.file.parent / "pki" / "ca.pem"))
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Caller) as caller:
        assert isinstance(caller, Caller)
        yield caller


async def test_a_token_is_enough_where_a_token_is_asked_for(world: World) -> None:
    async with serving(world) as port, calling(world, port) as caller:
        assert (await caller.ask("GET", "/token/x", world.token()))[0] == 200
        status, content = await caller.ask("GET", "/token/large", world.token())
        assert (status, content) == (200, LARGE)
        assert (await caller.ask("POST", "/token/x", world.token(), b"a body"))[0] == 200
    assert world.service.bodies[-1] == b"a body"
    assert b"\r\nAuthorization: " + BASIC in world.service.heads[0]
    assert b"Bearer" not in b"".join(world.service.heads)


async def test_refusals_are_the_same(world: World) -> None:
    async with serving(world) as port, calling(world, port) as caller:
        assert (await caller.ask("GET", "/token/x"))[0] == 401
        assert (await caller.ask("GET", "/token/../both/x", world.token()))[0] == 400
        assert (await caller.ask("GET", "/nowhere", world.token()))[0] == 404
    assert world.service.heads == []


async def test_callers_over_tcp_are_told(world: World) -> None:
    async with serving(world) as port:
        context = ssl.create_default_context(cafile=world.file.parent / "pki" / "ca.pem")
        reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
        writer.write(b"GET /token/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert f'alt-svc: h3=":{port}"'.encode() in (await reader.read()).lower()
        writer.close()


async def test_a_listener_that_asks_for_certificates_has_no_http3(world: World) -> None:
    with pytest.raises(ConfigError, match="client certificates"):
        async with serving(world, client="optional"):
            pass


async def test_an_address_has_as_many_connections_as_it_may_have_and_may_come_again_when_one_has_ended(
    world: World,
) -> None:
    async with serving(world, bounds="    limits: {connections_per_address: 2}\n") as port:
        async with calling(world, port) as one, calling(world, port) as other:
            assert [(await each.ask("GET", "/token/x", world.token()))[0] for each in (one, other)] == [200, 200]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1), calling(world, port):
                    pass
            assert (await one.ask("GET", "/token/x", world.token()))[0] == 200, "nobody else is disturbed"
        await asyncio.sleep(1)
        async with calling(world, port) as third:
            assert (await third.ask("GET", "/token/x", world.token()))[0] == 200


@pytest.mark.parametrize("asked", [False, True], ids=["never", "once"])
async def test_a_caller_who_asks_for_nothing_is_sent_away_although_he_says_that_he_is_there(
    world: World, asked: bool
) -> None:
    bounds = "    timeouts: {headers: 1s, keep_alive: 1s}\n"
    async with serving(world, bounds=bounds) as port, calling(world, port) as caller:
        if asked:
            assert (await caller.ask("GET", "/token/x", world.token()))[0] == 200
        head = caller._quic.get_next_available_stream_id()
        caller._quic.send_stream_data(head, b"\x01\x40\xff")  # HEADERS, of 255 octets that do not come all
        gone = asyncio.create_task(caller.wait_closed())
        begun = time.monotonic()
        while not gone.done() and time.monotonic() - begun < 15:
            caller._quic.send_stream_data(head, b"\x00")
            caller._quic.send_ping(1)
            caller.transmit()
            await asyncio.sleep(0.2)
        assert gone.done()
        assert time.monotonic() - begun > 0.8
