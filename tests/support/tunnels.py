"""A gateway between WebSockets: those of the `websockets` library upstream, and one upstream that is written by hand."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.gateway_process import GatewayProcess
from tests.support.legacy_nginx import free_port
from tests.support.live import put
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.utils import accept_key

from ostiary.pki.development import write_development_pki

FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
upstreams:
  chat: {{endpoints: ["http://127.0.0.1:{upstream}"], timeouts: {{idle: 2s}}}}
  raw: {{endpoints: ["http://127.0.0.1:{raw}"]}}
routes:
  - name: chat
    match: {{path: /chat/**}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/**"]}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: chat
    upgrades: [WebSocket]
  - name: raw
    match: {{path: /raw/**}}
    authenticate: {{anonymous: {{subject: anybody}}}}
    authorize: anyone
    upstream: raw
    upgrades: [websocket]
  - name: open
    match: {{path: /open/**}}
    authenticate: {{anonymous: {{subject: anybody}}}}
    authorize: anyone
    upstream: chat
    upgrades: [websocket]
  - name: plain
    match: {{path: /plain/**}}
    authenticate: {{anonymous: {{subject: anybody}}}}
    authorize: anyone
    upstream: chat
"""
ASK = b"GET /raw/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
AGREE = SWITCH.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n")


def accept(head: bytes) -> bytes:
    """What the key in a head is answered with, as the library for WebSockets has it; nothing where there is none."""
    _, found, rest = head.partition(b"Sec-WebSocket-Key: ")
    return accept_key(rest.partition(b"\r\n")[0].decode()).encode() if found else b""


class Raw:
    """An upstream that answers what it was told to, and keeps everything that it heard.

    `ACCEPT` in its answer becomes the answer to the key.
    """

    def __init__(self) -> None:
        self.answer = SWITCH
        self.heard = b""
        self.connections = 0
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = b""
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.heard += data
                before, head = head, head + data
                if b"\r\n\r\n" not in before and b"\r\n\r\n" in head:
                    writer.write(self.answer.replace(b"ACCEPT", accept(head)))
        self.gone.set()
        writer.close()


@dataclass
class World:
    """A gateway between WebSockets."""

    gateway: GatewayProcess
    folder: Path
    raw: Raw
    heads: list[dict[str, str]]

    def tls(self, *, certificate: bool = True) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if certificate:
            context.load_cert_chain(self.folder / "client.pem", self.folder / "client.key")
        return context

    @asynccontextmanager
    async def chatting(self, path: str = "/chat/a?b=c", *, certificate: bool = True) -> AsyncIterator[ClientConnection]:
        address = f"wss://localhost:{self.gateway.port}{path}"
        async with (
            asyncio.timeout(20),
            connect(address, ssl=self.tls(certificate=certificate), proxy=None, max_size=None) as socket,
        ):
            yield socket

    async def speak(self, *pieces: bytes, pause: float = 0.1) -> bytes:
        """Say pieces over one raw TLS connection, and return all that comes back."""
        reader, writer = await asyncio.open_connection(
            "localhost", self.gateway.port, ssl=self.tls(certificate=False), server_hostname="localhost"
        )
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause)
        heard = b""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(1):
                while data := await reader.read(65536):
                    heard += data
        writer.transport.abort()
        return heard


@asynccontextmanager
async def tunnels(folder: Path) -> AsyncIterator[World]:
    """Both upstreams, and a gateway before them."""
    write_development_pki(folder)
    raw, heads = Raw(), []

    async def echo(socket: ServerConnection) -> None:
        assert socket.request is not None
        heads.append({name.lower(): value for name, value in socket.request.headers.raw_items()})
        with suppress(ConnectionClosed):
            async for message in socket:
                if message == "bye":
                    await socket.close(4000, "as you wish")
                await socket.send(message)

    async with await asyncio.start_server(raw.serve, "127.0.0.1", 0) as server:
        port = free_port()
        async with serve(echo, "127.0.0.1", port, max_size=None):
            file = folder / "gateway.yaml"
            file.write_text(FILE.format(upstream=port, raw=server.sockets[0].getsockname()[1]))
            gateway = GatewayProcess(file)
            await gateway.start()
            try:
                yield World(gateway, folder, raw, heads)
            finally:
                await gateway.stop()


async def take_up(world: World, text: str, count: int) -> None:
    """Write a configuration, and wait until that many have been taken up in all."""
    put(world.gateway._file, text.encode())
    async with asyncio.timeout(10):
        while [one["event"] for one in world.gateway.events()].count("configuration taken up") < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
