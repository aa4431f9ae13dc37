"""Calls of Envoy's to a decision listener: by grpcio, and by hand for what no client would send."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from tests.support.asked_policy import POLICY
from tests.support.http2_caller import Http2Caller

from ostiary.build import compile_gateway
from ostiary.config.load import load
from ostiary.edge.decide.grpc.messages import CheckRequest, CheckResponse
from ostiary.model import Credential, Secret
from ostiary.observe.access import AccessLog
from ostiary.serve import Listener, listening

CHECK = "/envoy.service.auth.v3.Authorization/Check"
HEALTH = "/grpc.health.v1.Health/Check"
CANARY = "canary-5d20"
_FRAME = 16_000
UNIX = "{bind: 'unix:FOLDER/s', decide: envoy-grpc}"


class Shelf:
    """A credential in memory; whoever sets `slow` makes it wait."""

    alias = "legacy"

    def __init__(self, slow: float = 0.0) -> None:
        self.slow = slow
        self.cancelled = 0

    async def get(self) -> Credential:
        try:
            if self.slow:
                await asyncio.sleep(self.slow)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Credential(self.alias, "svc", Secret(CANARY), "1")


@asynccontextmanager
async def asked(folder: Path, listener: str = UNIX, shelf: Shelf | None = None) -> AsyncIterator[Listener]:
    """A decision listener for Envoy; FOLDER in its line is the folder, and its socket is `s` there."""
    (folder / "gateway.yaml").write_text(POLICY.format(listener=listener.replace("FOLDER", str(folder))))
    loaded = load(folder / "gateway.yaml")
    log = os.open(folder / "access.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    gateway = compile_gateway(loaded, AccessLog(log), sources={"legacy": shelf or Shelf()})
    try:
        async with listening(gateway, loaded.spec, folder, drain=0.2) as listeners:
            yield listeners["edge"]
    finally:
        os.close(log)


def message(path: bytes | str = b"/open", *fields: tuple[bytes, bytes], raw: bool = True, **told: bytes) -> Any:
    """A CheckRequest as Envoy makes it; what it says of the request can be exchanged."""
    whole = {"method": b"GET", "host": b"api.example.com", "scheme": b"https"} | told
    request = CheckRequest()
    http = request.attributes.request.http
    for name, value in {**whole, "path": path.encode() if isinstance(path, str) else path}.items():
        if name not in ("address", "certificate"):
            setattr(http, name, value)
    request.attributes.source.address.socket_address.address = told.get("address", b"192.0.2.7")
    request.attributes.source.certificate = told.get("certificate", b"")
    pseudo = ((b":method", http.method), (b":path", http.path), (b":authority", http.host), (b":scheme", http.scheme))
    for name, value in (*pseudo, *fields):
        one = http.header_map.headers.add() if raw else http.headers.add()
        one.key = name
        setattr(one, "raw_value" if raw else "value", value)
    return request


@dataclass
class Ended:
    """How a call has ended.

    Attributes:
        head: the fields of the answer.
        content: its octets, prefix and all.
        trailers: what came behind them.
        reset: it was broken off.
    """

    head: dict[bytes, bytes] = field(default_factory=dict)
    content: bytes = b""
    trailers: dict[bytes, bytes] = field(default_factory=dict)
    reset: bool = False

    @property
    def code(self) -> int | None:
        """The code of gRPC; None when there is none."""
        said = self.trailers.get(b"grpc-status", self.head.get(b"grpc-status"))
        return None if said is None else int(said)

    @property
    def text(self) -> str:
        """What was said about it."""
        return self.trailers.get(b"grpc-message", self.head.get(b"grpc-message", b"")).decode()

    @property
    def response(self) -> Any:
        """The message."""
        assert self.content[:1] == b"\0"
        assert int.from_bytes(self.content[1:5]) == len(self.content) - 5
        return CheckResponse.FromString(self.content[5:])

    @property
    def allowed(self) -> bool:
        """Whether Envoy would let the request pass: it takes a message without a status for OK, too."""
        return self.code == 0 and self.response.status.code == 0 and not self.response.HasField("denied_response")


class Caller(Http2Caller):
    """Calls that are written by hand."""

    async def call(self, pieces: Sequence[bytes], path: str = CHECK, *more: tuple[bytes, bytes], **head: Any) -> Ended:
        """Make a call, and return how it has ended. Each piece of its content is a frame, or several."""
        number = self.begin(path, *more, **head)
        for piece in pieces:
            for at in range(0, len(piece), _FRAME):
                self.h2.send_data(number, piece[at : at + _FRAME])
                self.say()
        self.h2.end_stream(number)
        self.say()
        return await self.ended(number)

    def begin(
        self, path: str = CHECK, *more: tuple[bytes, bytes], kind: bytes = b"application/grpc", **head: bytes
    ) -> int:
        """Send the head of a call; return the number of its stream."""
        fields = [
            (b":method", head.get("method", b"POST")),
            (b":scheme", head.get("scheme", b"http")),
            (b":authority", b"ostiary"),
            (b":path", path.encode()),
            *([(b"content-type", kind)] if kind else []),
            *((b"te", b"trailers"), *more),
        ]
        return self.ask(fields, end=False)

    async def ended(self, number: int) -> Ended:
        """Listen to the end of a stream."""
        found = Ended()
        while True:
            event: Any = await self.until(lambda one: getattr(one, "stream_id", None) == number)
            if isinstance(event, ResponseReceived):
                found.head = dict(event.headers)
            elif isinstance(event, TrailersReceived):
                found.trailers = dict(event.headers)
            elif isinstance(event, DataReceived):
                found.content += event.data
            elif isinstance(event, StreamReset):
                found.reset = True
                return found
            elif isinstance(event, StreamEnded):
                return found


@asynccontextmanager
async def calling(folder: Path) -> AsyncIterator[Caller]:
    """A connection to the socket of a listener, by prior knowledge."""
    reader, writer = await asyncio.open_unix_connection(str(folder / "s"))
    caller = Caller(reader, writer)
    try:
        caller.say()
        yield caller
    finally:
        caller.abort()


def prefixed(content: bytes, compressed: int = 0) -> bytes:
    """A message as it stands in content."""
    return bytes((compressed,)) + len(content).to_bytes(4) + content
