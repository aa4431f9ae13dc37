"""A caller who speaks HTTP/2 over TLS, and says what no honest one would."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from tests.support.edges import World

PATIENCE = 10.0
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    """Return one frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


class Http2Caller:
    """One connection.

    Attributes:
        h2: the caller's own state; it checks nothing of what it sends.
        events: what was heard.
        farewells: last stream and code of each GOAWAY; h2 is not told, because it would hear nothing more.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.h2 = H2Connection(
            H2Configuration(
                client_side=True,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
        )
        self.h2.initiate_connection()
        self.events: list[Event] = []
        self.farewells: list[tuple[int, ErrorCodes]] = []
        self._reader = reader
        self._writer = writer
        self._heard = b""
        self._deaf = False

    def say(self, octets: bytes = b"") -> None:
        """Send what h2 has to say, and octets behind it."""
        self._writer.write(self.h2.data_to_send() + octets)

    async def drain(self) -> None:
        """Wait until the other end has taken some of it."""
        await self._writer.drain()

    def ask(self, fields: list[tuple[bytes, bytes]], *, end: bool = True) -> int:
        """Open a stream; return its number."""
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, fields, end_stream=end)
        self.say()
        return number

    async def until(self, enough: Callable[[Event], bool]) -> Event:
        """Listen until an event comes that is enough.

        Raises:
            EOFError: the connection has ended before.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                for at, event in enumerate(self.events):
                    if enough(event):
                        del self.events[: at + 1]
                        return event
                await self.hear()

    async def hear(self) -> None:
        """Take what comes next into `events`."""
        data = await self._reader.read(1 << 16)
        if not data:
            raise EOFError
        self._heard += data
        while len(self._heard) >= 9 and len(self._heard) >= (end := 9 + int.from_bytes(self._heard[:3], "big")):
            one, self._heard = self._heard[:end], self._heard[end:]
            if one[3] == GOAWAY:
                last, code = int.from_bytes(one[9:13], "big"), int.from_bytes(one[13:17], "big")
                self.farewells.append((last, ErrorCodes(code)))
            elif not self._deaf:
                self.events += self.h2.receive_data(one)
        self.say()

    async def status(self, number: int) -> int:
        """Return the status of a stream's answer."""
        event = await self.until(lambda one: isinstance(one, ResponseReceived) and one.stream_id == number)
        return int(dict(event.headers)[b":status"])  # type: ignore[attr-defined]

    async def answer(self, number: int) -> tuple[int, bytes]:
        """Return status and content of a whole answer; the stream may be reset behind it, as a malformed request's is."""
        status, content = await self.status(number), bytearray()
        while True:
            event: Any = await self.until(lambda one: getattr(one, "stream_id", 0) == number)
            if isinstance(event, DataReceived):
                content += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, number)
                self.say()
            elif isinstance(event, StreamEnded):
                return status, bytes(content)
            elif isinstance(event, StreamReset):
                assert event.error_code is ErrorCodes.PROTOCOL_ERROR
                return status, bytes(content)

    async def reset_of(self, number: int) -> ErrorCodes:
        """Return the code with which a stream was reset."""
        event: Any = await self.until(lambda one: isinstance(one, StreamReset) and one.stream_id == number)
        return event.error_code

    async def goaway(self) -> ErrorCodes:
        """Return the code with which the connection ends. Nothing else is heard.

        Raises:
            EOFError: it has ended without a word.
        """
        self._deaf = True
        async with asyncio.timeout(PATIENCE):
            while not self.farewells:
                await self.hear()
        return self.farewells[-1][1]

    async def end(self) -> None:
        """Listen until the connection has ended, in whatever way."""
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError, ssl.SSLError):
                while await self._reader.read(1 << 16):
                    pass

    def abort(self) -> None:
        """Hang up."""
        self._writer.transport.abort()


@asynccontextmanager
async def calling(world: World, port: int, *, certificate: bool = False) -> AsyncIterator[Http2Caller]:
    """Connect, and agree on h2."""
    context = ssl.create_default_context(cafile=world.pki.ca)
    context.set_alpn_protocols(["h2"])
    if certificate:
        context.load_cert_chain(world.pki.client, world.pki.client_key)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    caller = Http2Caller(reader, writer)
    try:
        caller.say()
        yield caller
    finally:
        caller.abort()


def get(
    world: World, path: str = "/token/1", *more: tuple[bytes, bytes], method: str = "GET"
) -> list[tuple[bytes, bytes]]:
    """Return the fields of a request that is let pass."""
    token = world.token()["Authorization"].encode()
    return [
        *((b":method", method.encode()), (b":scheme", b"https"), (b":authority", b"localhost")),
        *((b":path", path.encode()), (b"authorization", token)),
        *more,
    ]
