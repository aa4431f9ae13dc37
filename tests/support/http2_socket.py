"""A WebSocket on a stream of HTTP/2: h2 carries it, and the `websockets` library speaks it; both independent of ours."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from h2.errors import ErrorCodes
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from tests.support.http2_caller import PATIENCE, Http2Caller
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

_FRAME = 16_000


class Http2Socket:
    """One WebSocket, of perhaps many on a connection.

    Attributes:
        number: its stream.
        head: the fields of the answer.
        refused: the content of an answer that was no tunnel.
        ended: the upstream says no more.
        reset: how the stream was reset, if it was.
    """

    def __init__(self, caller: Http2Caller, number: int) -> None:
        self.number = number
        self.head: dict[bytes, bytes] = {}
        self.refused = b""
        self.ended = False
        self.reset: ErrorCodes | None = None
        self._caller = caller
        self._protocol = Protocol(CLIENT, max_size=None)
        self._messages: list[bytes] = []
        self._pieces = b""
        self._waiting = b""

    @property
    def open(self) -> bool:
        """Whether it is a tunnel."""
        return self.head.get(b":status") == b"200"

    @property
    def closed(self) -> tuple[int | None, str | None]:
        """With what code and reason it was closed by the other end."""
        return self._protocol.close_code, self._protocol.close_reason

    async def listen(self) -> None:
        """Take the next event of its stream."""
        event = await self._next()
        if isinstance(event, ResponseReceived):
            self.head = dict(event.headers)
        elif isinstance(event, DataReceived):
            self._take(event)
        elif isinstance(event, StreamEnded):
            self.ended = True
            if self.open:
                self._protocol.receive_eof()
        elif isinstance(event, StreamReset):
            self.reset = ErrorCodes(event.error_code)

    async def _next(self) -> Any:
        """Return the next event of this stream; those of others stay where they are."""
        heard = self._caller.events
        async with asyncio.timeout(PATIENCE):
            while True:
                mine = [at for at, event in enumerate(heard) if getattr(event, "stream_id", None) == self.number]
                if mine:
                    return heard.pop(mine[0])
                await self._caller.hear()

    def _take(self, event: DataReceived) -> None:
        if event.flow_controlled_length:
            self._caller.h2.acknowledge_received_data(event.flow_controlled_length, self.number)
        if not self.open:
            self.refused += event.data or b""
            return
        self._protocol.receive_data(event.data or b"")
        for one in self._protocol.events_received():
            assert isinstance(one, Frame)
            if one.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                self._pieces += one.data
                if one.fin:
                    self._messages.append(self._pieces)
                    self._pieces = b""
        self._speak()

    async def receive(self) -> bytes:
        """Return the next message."""
        while not self._messages:
            assert not self.ended
            assert self.reset is None
            await self.listen()
        return self._messages.pop(0)

    async def send(self, message: bytes, *, text: bool = False) -> None:
        """Say a message; while the windows are closed, take what comes."""
        (self._protocol.send_text if text else self._protocol.send_binary)(message)
        self._speak()
        while self._waiting:
            await self.listen()
            self._speak()

    def close(self, code: int = 1000) -> None:
        """Say that it ends, and end the stream behind it."""
        self._protocol.send_close(code)
        self._speak()
        self.end()

    def end(self) -> None:
        """End our half of the stream."""
        assert not self._waiting
        self._caller.h2.end_stream(self.number)
        self._caller.say()

    def _speak(self) -> None:
        """Send what the windows allow."""
        self._waiting += b"".join(self._protocol.data_to_send())
        while self._waiting and (room := min(self._caller.h2.local_flow_control_window(self.number), _FRAME)) > 0:
            self._caller.h2.send_data(self.number, self._waiting[:room])
            self._waiting = self._waiting[room:]
        self._caller.say()

    async def gone(self) -> None:
        """Listen until it has ended, in whatever way."""
        while not self.ended and self.reset is None:
            await self.listen()


@asynccontextmanager
async def speaking(port: int, context: ssl.SSLContext) -> AsyncIterator[Http2Caller]:
    """A connection to a gateway that says that it carries WebSockets."""
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    caller = Http2Caller(reader, writer)
    try:
        caller.say()
        told: Any = await caller.until(lambda event: isinstance(event, RemoteSettingsChanged))
        assert told.changed_settings[SettingCodes.ENABLE_CONNECT_PROTOCOL].new_value == 1
        yield caller
    finally:
        caller.abort()


async def begin(caller: Http2Caller, path: str, more: Sequence[tuple[bytes, bytes]] = ()) -> Http2Socket:
    """Ask for a WebSocket; return it when there is an answer, whatever it is."""
    fields = [
        *((b":method", b"CONNECT"), (b":protocol", b"websocket"), (b":scheme", b"https"), (b":path", path.encode())),
        *((b":authority", b"localhost"), (b"sec-websocket-version", b"13"), (b"origin", b"https://localhost"), *more),
    ]
    socket = Http2Socket(caller, caller.ask(fields, end=False))
    async with asyncio.timeout(PATIENCE):
        while not socket.head:
            await socket.listen()
    return socket
