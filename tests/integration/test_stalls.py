"""What becomes of an upload or an answer that does not get on, over real sockets?"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.http2_caller import Http2Caller

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    timeouts: {{send: {send}, body: 60s}}
    tls: {{certificate: file:server.pem, private_key: file:server.key}}
upstreams:
  slow: {{endpoints: ["http://127.0.0.1:{upstream}"], timeouts: {{idle: 60s, response: 60s}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: slow}}
"""
PIECE = bytes(1 << 16)
WHOLE = 4_000_000
HELD = 600_000
"""More than the kernel takes for a caller who reads nothing, and less than it takes together with us."""


class Slow:
    """An upstream that takes nothing of a body, and answers as much as anybody takes."""

    def __init__(self) -> None:
        self.port = 0
        self.written = 0
        self.came, self.left = asyncio.Event(), asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        self.came.set()
        with suppress(ConnectionError):
            if head.startswith(b"POST "):
                await writer.wait_closed()  # a limit of the reader has paused the transport
            if head.startswith(b"GET /whole"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % WHOLE + bytes(WHOLE))
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
            while True:
                writer.write(PIECE)
                await writer.drain()
                self.written += len(PIECE)
        self.left.set()


@asynccontextmanager
async def stage(folder: Path, send: str = "60s") -> AsyncIterator[tuple[GatewayProcess, Slow]]:
    authority, slow = Authority.create("CA"), Slow()
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    server = await asyncio.start_server(slow.serve, sock=listening, limit=4096)
    slow.port = listening.getsockname()[1]
    file = folder / "gateway.yaml"
    file.write_text(FILE.format(upstream=slow.port, send=send))
    try:
        async with gateway_process(file) as gateway:
            yield gateway, slow
    finally:
        server.close()
        for writer in slow.writers:
            writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def connected(
    folder: Path, port: int, *protocols: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.set_alpn_protocols([*protocols])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def fill(writer: asyncio.StreamWriter) -> int:
    """Write until nobody takes more; return how many octets that were."""
    written = 0
    with suppress(TimeoutError):
        while True:
            writer.write(PIECE)
            await asyncio.wait_for(writer.drain(), 1)
            written += len(PIECE)
    return written


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off, as a machine does that has lost its process."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def ended(gateway: GatewayProcess) -> dict[str, object]:
    """The first line of the access log, once there is one."""
    async with asyncio.timeout(10):
        while not gateway.access():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
    return gateway.access()[0]


async def test_a_caller_who_goes_away_from_a_stalled_upload_is_noticed_at_once(tmp_path: Path) -> None:
    async with stage(tmp_path) as (gateway, slow), connected(tmp_path, gateway.port, "http/1.1") as (_, writer):
        writer.write(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n")
        await slow.came.wait()
        assert 0 < await fill(writer) < 64 << 20
        assert gateway.access() == []
        began = time.monotonic()
        reset(writer)
        line = await ended(gateway)
        assert (line["reason"], line["status"]) == ("request.abandoned", 0)
        assert time.monotonic() - began < 5, "and not when the upstream's patience of a minute ends"


async def test_over_http2_as_well(tmp_path: Path) -> None:
    async with stage(tmp_path) as (gateway, slow), connected(tmp_path, gateway.port, "h2") as streams:
        caller = Http2Caller(*streams)
        fields = {b":method": b"POST", b":scheme": b"https", b":authority": b"localhost", b":path": b"/a"}
        number = caller.ask([*fields.items()], end=False)
        await slow.came.wait()
        while (window := caller.h2.local_flow_control_window(number)) > 0:
            caller.h2.send_data(number, bytes(min(window, 16384)))
            caller.say()
            await asyncio.sleep(0.01)
            with suppress(TimeoutError):
                await asyncio.wait_for(caller.hear(), 0.2)
        began = time.monotonic()
        caller.abort()
        assert (await ended(gateway))["reason"] == "request.abandoned"
        assert time.monotonic() - began < 5


async def test_a_caller_who_reads_nothing_of_an_answer_is_cut_off_and_the_upstream_with_him(tmp_path: Path) -> None:
    stall = stage(tmp_path, send="1s")
    async with stall as (gateway, slow), connected(tmp_path, gateway.port, "http/1.1") as (_, writer):
        writer.transport.pause_reading()
        writer.write(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        line = await ended(gateway)
        assert (line["reason"], line["status"]) == ("request.abandoned", 200)
        await asyncio.wait_for(slow.left.wait(), 5)
        assert slow.written < 64 << 20, "the upstream was not read into memory meanwhile"


async def test_a_caller_who_reads_slowly_but_reads_keeps_his_answer(tmp_path: Path) -> None:
    stall = stage(tmp_path, send="4s")
    async with stall as (gateway, slow), connected(tmp_path, gateway.port, "http/1.1") as (reader, writer):
        writer.write(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        read = 0
        end = time.monotonic() + 7
        while time.monotonic() < end:  # nearly twice as long as it takes to be cut off
            for _ in range(4):  # less would not be seen: the kernel makes room by the megabyte
                read += len(await reader.read(1 << 20))
            await asyncio.sleep(0.2)
        assert slow.written > read > 0, "the caller is behind"
        assert gateway.access() == []


async def test_a_caller_who_reads_slowly_gets_the_end_of_the_last_answer_too(tmp_path: Path) -> None:
    """The gateway has written all of it, and closes: what is left in its buffers is the caller's all the same."""
    async with stage(tmp_path) as (gateway, _):
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        line.connect(("127.0.0.1", gateway.port))
        with context.wrap_socket(line, server_hostname="localhost") as caller:
            caller.settimeout(20)
            caller.send(b"GET /whole HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            beginning = await asyncio.to_thread(_read, caller, WHOLE - HELD)
            assert (await ended(gateway))["sent"] == WHOLE
            await asyncio.sleep(3)
            answer = beginning + await asyncio.to_thread(_read, caller, WHOLE)
        assert len(answer.partition(b"\r\n\r\n")[2]) == WHOLE


def _read(caller: ssl.SSLSocket, enough: int) -> bytes:
    """Read that much, or all that there is."""
    read = b""
    while len(read) < enough and (piece := caller.recv(1 << 14)):
        read += piece
    return read
