"""Both neighbours of an HTTP/2 connection, without a socket: a caller who speaks through h2, and a scripted gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived
from websockets.utils import accept_key

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.http2.connection import Http2Connection
from ostiary.edge.listening import Listening
from ostiary.errors import GatewayError
from ostiary.model import Answer, Headers, Peer, Request
from ostiary.observe.access import AccessLog

PEER = Peer("192.0.2.7", server_name="a.example", tls_version="TLSv1.3")
GET = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a.example"), (b":path", b"/a")]
POST = [(b":method", b"POST"), *GET[1:]]

Handle = Callable[[Request, Answer], Awaitable[None]]


class Sink:
    """Where a body flows to."""

    patient = False

    def __init__(self) -> None:
        self.data = bytearray()
        self.finished = 0
        self.abandoned = 0

    def feed(self, data: bytes) -> None:
        assert data
        self.data += data

    def finish(self, trailers: Headers | None = None) -> None:
        self.finished += 1
        self.trailers = trailers

    def abandon(self) -> None:
        self.abandoned += 1


class Source:
    """Where an answer comes from."""

    def __init__(self) -> None:
        self.paused = False
        self.pauses = 0

    def pause(self) -> None:
        self.paused = True
        self.pauses += 1

    def resume(self) -> None:
        self.paused = False


@dataclass
class Asked:
    """One request that has reached the gateway."""

    request: Request
    answer: Answer
    sink: Sink = field(default_factory=Sink)
    source: Source = field(default_factory=Source)

    def start(self, status: int = 200, *fields: tuple[bytes, bytes], length: int | None = None) -> None:
        self.answer.start(status, Headers.of(fields), length, self.source)

    def whole(self, content: bytes = b"hello", status: int = 200, *fields: tuple[bytes, bytes]) -> None:
        self.start(status, *fields, length=len(content))
        self.answer.write(content)
        self.answer.finish()


class Tunnel(Sink, Source):
    """The upstream's end of a tunnel."""

    def __init__(self) -> None:
        Sink.__init__(self)
        Source.__init__(self)


def agree(asked: Asked, *more: tuple[bytes, bytes], key: bytes | None = None) -> Tunnel:
    """Change the protocol, as an upstream that has understood the key; or another one."""
    tunnel, asked_for = Tunnel(), asked.request.headers.only(b"sec-websocket-key")
    accept = accept_key((key or asked_for or b"").decode()).encode()
    asked.answer.switch(b"websocket", Headers.of([(b"Sec-WebSocket-Accept", accept), *more]), tunnel)
    return tunnel


class Gateway:
    """Keeps what it is asked; a test answers. The body flows into a sink at once, unless it is told to wait."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.file = log.open("wb")
        self.access = AccessLog(self.file.fileno())
        self.asked: list[Asked] = []
        self.flowing = True
        self.error: GatewayError | None = None
        self.handle_more: Handle | None = None

    async def handle(self, request: Request, answer: Answer) -> None:
        asked = Asked(request, answer)
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        if self.flowing:
            request.body.flow_to(asked.sink)
        if self.handle_more is not None:
            await self.handle_more(request, answer)

    def close(self) -> None:
        self.access.flush()
        self.file.close()

    def lines(self) -> list[dict[str, Any]]:
        self.access.flush()
        return [json.loads(line) for line in self.log.read_text().splitlines()]


class Pipe:
    """The transport: what is written is kept until the caller takes it."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.closing = False
        self.aborted = False
        self.reading = True

    def get_extra_info(self, name: str) -> Any:
        return ("192.0.2.7", 4711) if name == "peername" else None

    def write(self, data: bytes) -> None:
        assert not self.closing, "written behind the end"
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Line:
    """A connection with both ends in hand.

    Attributes:
        edge: the connection under test.
        caller: the other end: h2, which is told to check nothing, so that it says what it is told.
        pipe: between the two.
        gateway: behind the edge.
        events: what the caller has heard.
        clock: the time that the edge is told by `wait`.
    """

    def __init__(self, folder: Path, limits: ListenerLimits | None = None, peer: Peer = PEER) -> None:
        self.gateway = Gateway(folder / "access.log")
        self.listening = Listening(
            self.gateway, limits or ListenerLimits(), ListenerTimeouts(), "https", lambda _: peer, name="public"
        )
        self.loop = asyncio.get_running_loop()
        self.edge = Http2Connection(self.listening, self.loop)
        self.pipe = Pipe()
        lenient = H2Configuration(
            client_side=True, validate_outbound_headers=False, normalize_outbound_headers=False,
            normalize_inbound_headers=False,
        )  # fmt: skip
        self.caller = H2Connection(lenient)
        self.caller.initiate_connection()
        self.events: list[Event] = []
        self.edge.connection_made(self.pipe)  # type: ignore[arg-type]

    def say(self, data: bytes = b"") -> None:
        """Hand the edge what the caller has to say, and octets behind it."""
        said = self.caller.data_to_send() + data
        if said:
            self.edge.data_received(said)

    async def turn(self) -> list[Event]:
        """Let the loop come round, and let the caller hear what the edge says; return what is new."""
        self.say()
        for _ in range(3):
            await asyncio.sleep(0)
        heard, self.pipe.written = bytes(self.pipe.written), bytearray()
        events = self.caller.receive_data(heard)
        self.events += events
        if not self.pipe.closing:
            self.say()
        return events

    async def frames(self) -> list[tuple[int, int, int, bytes]]:
        """Let the loop come round; return what the edge says as (type, flags, stream, payload)."""
        self.say()
        for _ in range(3):
            await asyncio.sleep(0)
        data, self.pipe.written = bytes(self.pipe.written), bytearray()
        found = []
        while data:
            end = 9 + int.from_bytes(data[:3], "big")
            found.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:end]))
            data = data[end:]
        return found

    async def open(self, fields: list[tuple[bytes, bytes]] | None = None, *, end: bool = True) -> int:
        """Open a stream; return its number."""
        number = self.caller.get_next_available_stream_id()
        self.caller.send_headers(number, fields or GET, end_stream=end)
        await self.turn()
        return number

    async def ask(self, fields: list[tuple[bytes, bytes]] | None = None, *, end: bool = True) -> Asked:
        """Open a stream that reaches the gateway."""
        before = len(self.gateway.asked)
        await self.open(fields, end=end)
        assert len(self.gateway.asked) == before + 1, self.events
        return self.gateway.asked[-1]

    def wait(self, seconds: float) -> None:
        """Let so much time pass, for the edge's deadlines."""
        self.edge.tick(self.loop.time() + seconds)

    def heard(self, kind: type[Event]) -> list[Any]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def status(self) -> str:
        """Return the status of the last answer that the caller has heard."""
        return dict(self.heard(ResponseReceived)[-1].headers)[b":status"].decode()

    def content(self) -> bytes:
        """Return all content that the caller has heard."""
        return b"".join(event.data for event in self.heard(DataReceived))
