"""One request and its answer over HTTP/2, octets in and octets out, without a socket: our engine, and the h2 library.

Both read the same frames: a head as nghttp2 compresses it, the token in full each time (RFC 7541, section 7.1.3). Both
write the same answer of 1 KB.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hpack import Encoder, NeverIndexedHeaderTuple

from benchmarks.material import Material
from ostiary.http2.frames import HEADERS, PREFACE, SETTINGS, WINDOW_UPDATE, Frames, frame
from ostiary.http2.guard import Guard
from ostiary.http2.hpack.decoder import Fields
from ostiary.http2.reader import Reader
from ostiary.http2.wire import Wire

_HEADERS: Final = 32 << 10
_WIDE: Final = 2**30
_CONTENT: Final = bytes(1024)
_ANSWER: Final = (
    (b":status", b"200"),
    (b"server", b"legacy"),
    (b"date", b"Mon, 01 Jan 2024 00:00:00 GMT"),
    (b"content-type", b"application/octet-stream"),
    (b"cache-control", b"no-store"),
    (b"x-request-id", b"0123456789ab0000000001"),
    (b"content-length", b"1024"),
)


def http2_engine(material: Material) -> Callable[[], object]:
    """A request and its answer, by our engine."""
    asked = _requests(material)
    engine = _Engine()
    engine.receive(_begin())
    return lambda: engine.receive(next(asked))


def http2_library(material: Material) -> Callable[[], object]:
    """A request and its answer, by h2."""
    asked = _requests(material)
    library = H2Connection(H2Configuration(client_side=False, validate_inbound_headers=False, header_encoding=None))
    library.initiate_connection()
    library.receive_data(_begin())

    def call() -> bytes:
        for event in library.receive_data(next(asked)):
            if isinstance(event, RequestReceived):
                library.send_headers(event.stream_id, _ANSWER)
                library.send_data(event.stream_id, _CONTENT, end_stream=True)
        return library.data_to_send()

    return call


class _Engine:
    """Our engine, and in the place of the edge a hearer that answers everything."""

    def __init__(self) -> None:
        self._frames, self._guard, self._wire = Frames(), Guard(2 * _HEADERS, 0.0), Wire(_HEADERS)
        self._reader = Reader(self._wire, 2 * _HEADERS)

    def receive(self, data: bytes) -> bytes:
        self._frames.take(data)
        while (one := self._frames.next()) is not None:
            self._guard.judge(one, 0.0)
            self._reader.receive(self, one)
        return self._wire.take()

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        assert fields
        assert ended
        self._wire.send_head(stream, _ANSWER, end=False)
        self._wire.send_data(stream, _CONTENT, end=True)

    def heard_content(self, stream: int, data: bytes, octets: int, *, ended: bool) -> None:
        raise NotImplementedError

    def heard_trailers(self, stream: int, fields: Fields) -> None:
        raise NotImplementedError

    def heard_reset(self, stream: int, code: int) -> None:
        raise NotImplementedError

    def heard_room(self, stream: int) -> None: ...

    def heard_settings(self) -> None:
        """Nothing."""

    def heard_pong(self, data: bytes) -> None:
        raise NotImplementedError

    def heard_goodbye(self, last: int) -> None:
        raise NotImplementedError

    def heard_nothing(self) -> None:
        raise NotImplementedError


def _begin() -> bytes:
    """Return how a caller begins who opens his windows wide, as h2load does."""
    settings = frame(SETTINGS, struct.pack(">HL", 4, _WIDE))
    return PREFACE + settings + frame(WINDOW_UPDATE, _WIDE.to_bytes(4, "big"))


def _requests(material: Material) -> itertools.chain[bytes]:
    """Return the frames of one request after the other: the first says everything, the others what is in no table."""
    encoder, token = Encoder(), b"Bearer " + material.tokens[0].encode()
    fields = [
        *((b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/small")),
        *((b"user-agent", b"h2load"), (b"accept", b"*/*"), NeverIndexedHeaderTuple(b"authorization", token)),
    ]
    first, again = encoder.encode(fields), encoder.encode(fields)
    numbers = itertools.count(3, 2)
    return itertools.chain([frame(HEADERS, first, 5, 1)], (frame(HEADERS, again, 5, number) for number in numbers))
