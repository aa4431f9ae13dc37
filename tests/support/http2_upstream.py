"""An upstream that speaks HTTP/2 by the h2 library: it answers by itself, or as the test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

Fields = Sequence[tuple[bytes, bytes]]
E = TypeVar("E", bound=Event)
OK: Fields = ((b":status", b"200"), (b"content-type", b"text/plain"))


class Peer(asyncio.Protocol):
    """One connection to the upstream.

    Attributes:
        heads: of the requests, by stream.
        bodies: their contents so far.
        trailers: what came behind them.
        ended: streams whose requests are complete.
        resets: streams that were given up, and why.
        events: all that has happened, in order.
        reading: content is acknowledged as it comes.
        broken: what h2 has against what it was told.
        gone: the connection is closed.
    """

    def __init__(self, server: Http2Server) -> None:
        self.server = server
        self.h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self.heads: dict[int, dict[bytes, bytes]] = {}
        self.fields: dict[int, list[tuple[bytes, bytes]]] = {}
        self.bodies: dict[int, bytearray] = {}
        self.trailers: dict[int, list[tuple[bytes, bytes]]] = {}
        self.ended: list[int] = []
        self.resets: dict[int, int] = {}
        self.events: list[Event] = []
        self.reading = server.reading
        self.broken = ""
        self.gone = False
        self._changed = asyncio.Event()
        self.transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.server.peers.append(self)
        self.server.changed.set()
        if len(self.server.peers) <= self.server.leaving:
            transport.close()
            return
        values = {SettingCodes.MAX_CONCURRENT_STREAMS: 100, **(self.server.settings or {})}
        self.h2.local_settings = Settings(client=False, initial_values=values)
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data: bytes) -> None:
        try:
            events = self.h2.receive_data(data)
        except ProtocolError as error:  # what the engine has said was no HTTP/2: no test lets that pass
            self.broken = repr(error)
            events = []
        for event in events:
            self.events.append(event)
            self._take(event)
        self.flush()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True
        self._changed.set()

    def _take(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self.heads[event.stream_id] = dict(event.headers)
            self.fields[event.stream_id] = list(event.headers)
            self.bodies[event.stream_id] = bytearray()
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            if self.reading:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            self.trailers[event.stream_id] = list(event.headers)
        elif isinstance(event, StreamReset):
            self.resets[event.stream_id] = int(event.error_code)
        elif isinstance(event, StreamEnded):
            self.ended.append(event.stream_id)
            if self.server.answering:
                self.answer(event.stream_id)

    def flush(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.h2.data_to_send())

    def answer(self, stream: int, content: bytes = b"ok", fields: Fields = OK, trailers: Fields = ()) -> None:
        """Answer a request whole."""
        self.h2.send_headers(stream, fields)
        if content:
            self.h2.send_data(stream, content, end_stream=not trailers)
        if trailers:
            self.h2.send_headers(stream, trailers, end_stream=True)
        elif not content:
            self.h2.end_stream(stream)
        self.flush()

    def head(self, stream: int, fields: Fields = OK, *, end: bool = False) -> None:
        self.h2.send_headers(stream, fields, end_stream=end)
        self.flush()

    def data(self, stream: int, data: bytes, *, end: bool = False) -> None:
        self.h2.send_data(stream, data, end_stream=end)
        self.flush()

    def reset(self, stream: int, code: ErrorCodes) -> None:
        self.h2.reset_stream(stream, code)
        self.flush()

    def raw(self, octets: bytes) -> None:
        """Send what no library would."""
        self.transport.write(octets)

    def goaway(self, last: int, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """GOAWAY, after which h2 would say nothing more: so it is written by hand."""
        self.flush()
        payload = last.to_bytes(4, "big") + int(code).to_bytes(4, "big")
        self.raw(len(payload).to_bytes(3, "big") + b"\x07\x00" + bytes(4) + payload)

    async def until(self, true: Callable[[], object]) -> None:
        """Return when something is so, by what has come."""
        async with asyncio.timeout(5):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def request(self, *, ended: bool = True) -> int:
        """Return the stream of the next request that the test has not asked for yet."""
        asked = self.server.asked.setdefault(self, set())
        await self.until(lambda: self._unasked(asked, ended=ended))
        stream = self._unasked(asked, ended=ended)[0]
        asked.add(stream)
        return stream

    def _unasked(self, asked: set[int], *, ended: bool) -> list[int]:
        return [one for one in self.heads if one not in asked and (not ended or one in self.ended)]

    async def happened(self, kind: type[E]) -> E:
        """Return the first event of a kind, once there is one."""
        await self.until(lambda: any(isinstance(event, kind) for event in self.events))
        return next(event for event in self.events if isinstance(event, kind))


class Http2Server:
    """The upstream.

    Attributes:
        peers: connections, in the order in which they were made.
        answering: each request is answered when it is complete.
        reading: content is acknowledged as it comes.
        settings: what it says of itself.
        leaving: so many connections are closed as they are made.
    """

    def __init__(
        self,
        *,
        answering: bool = True,
        reading: bool = True,
        settings: dict[SettingCodes, int] | None = None,
        leaving: int = 0,
    ) -> None:
        self.leaving = leaving
        self.answering = answering
        self.reading = reading
        self.settings = settings
        self.peers: list[Peer] = []
        self.asked: dict[Peer, set[int]] = {}
        self.port = 0
        self.changed = asyncio.Event()

    async def peer(self, index: int = 0) -> Peer:
        """Return a connection, once it is there."""
        async with asyncio.timeout(5):
            while len(self.peers) <= index:
                self.changed.clear()
                await self.changed.wait()
        return self.peers[index]


@asynccontextmanager
async def upstream(server: Http2Server, context: ssl.SSLContext | None = None) -> AsyncIterator[Http2Server]:
    """Run it on loopback; at the end, nothing it was told may have been wrong."""
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Peer(server), "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for peer in server.peers:
            peer.transport.abort()
        await listener.wait_closed()
    assert [peer.broken for peer in server.peers if peer.broken] == []
