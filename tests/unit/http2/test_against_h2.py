"""Of the same octets, does another engine hear what ours hears, and can it read what ours says?

The other one is the h2 library. What chance says is mostly sensible. Where the two differ on purpose, the talk is not
about that: what comes for streams that are closed, what harms one stream only (RFC 9113, section 5.4.2), a first
frame that is not SETTINGS and a reset of a stream that never was are tested by themselves.
"""

from __future__ import annotations

import struct
from random import Random
from typing import Any

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError, StreamClosedError
from hpack import Encoder, NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.http2 import GET, POST
from tests.support.http2_engine import HELLO, Engine

from ostiary.http2.codes import Code
from ostiary.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PRIORITISED,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from ostiary.http2.wire import CONNECTION_WINDOW, STREAM_WINDOW

RAW = H2Configuration(
    client_side=False, validate_inbound_headers=False, normalize_inbound_headers=False, header_encoding=None
)


class Judge:
    """The h2 library as a server, and what it has heard."""

    def __init__(self) -> None:
        self.h2 = H2Connection(RAW)
        self.h2.initiate_connection()
        self.h2.update_settings({4: STREAM_WINDOW})
        self.h2.increment_flow_control_window(CONNECTION_WINDOW - 65_535)
        self.h2.receive_data(HELLO + frame(SETTINGS, b"", 1) * 2)
        self.code: int | None = None

    def receive(self, data: bytes) -> list[tuple[Any, ...]]:
        try:
            events = self.h2.receive_data(data)
        except StreamClosedError:
            self.code = 5
            return []
        except ProtocolError as error:
            self.code = int(error.error_code)
            return []
        return [told for event in events if (told := self._told(event)) is not None]

    def _told(self, event: Any) -> tuple[Any, ...] | None:
        match event:
            case RequestReceived():
                return "head", event.stream_id, _plain(event.headers), event.stream_ended is not None
            case TrailersReceived():
                return "trailers", event.stream_id, _plain(event.headers)
            case DataReceived():
                octets = event.flow_controlled_length
                self.h2.acknowledge_received_data(octets, event.stream_id)
                return "content", event.stream_id, event.data, octets, event.stream_ended is not None
            case StreamReset():
                return "reset", event.stream_id
            case StreamEnded() | _:
                return None


def _plain(fields: Any) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((bytes(name), bytes(value)) for name, value in fields)


class Talk:
    """A caller who says what chance says, in whole frames."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.encoder = Encoder()
        self.next = 1
        self.open: list[int] = []
        self.known: list[int] = []

    def say(self) -> bytes:
        acts = [self.head] * 4 + [self.data] * 5 + [self.trailers, self.reset, self.window, self.control]
        return self.chance.choice(acts)()

    def wrong(self) -> bytes:
        """What no caller may say, wherever it stands."""
        number = self.next
        return self.chance.choice(
            (
                frame(DATA, b"x"),
                frame(HEADERS, b"\x82", 5),
                frame(HEADERS, b"\x80", 5, number),
                frame(HEADERS, b"\xff" * 9, 5, number),
                frame(HEADERS, b"\x09ab", 5 | PADDED, number),
                frame(SETTINGS, b"123"),
                frame(SETTINGS, struct.pack(">HL", 5, 1)),
                frame(SETTINGS, struct.pack(">HL", 4, 2**31)),
                frame(PING, b"1"),
                frame(RST_STREAM, bytes(4)),
                frame(WINDOW_UPDATE, bytes(4)),
                frame(WINDOW_UPDATE, b"\x7f" * 4) * 2,
                frame(CONTINUATION, b"", 4, number),
                frame(5, bytes(4) + b"\x82", 4, number),
            )
        )

    def head(self) -> bytes:
        number, self.next = self.next, self.next + 2 * self.chance.choice((1, 1, 1, 3))
        ended = self.chance.random() < 0.4
        fields = [*self.chance.choice((GET, POST)), (b"x", b"%d" % self.chance.randrange(4))]
        if self.chance.random() < 0.3:
            fields.append(NeverIndexedHeaderTuple(b"authorization", b"secret" * self.chance.randrange(9)))
        if not ended and self.chance.random() < 0.2:
            fields.append((b"content-length", b"%d" % self.chance.choice((0, 3, 30))))
        if self.chance.random() < 0.1:
            self.encoder.header_table_size = self.chance.choice((0, 100, 4096))
        self.known.append(number)
        if not ended:
            self.open.append(number)
        return self.block(number, fields, END_STREAM if ended else 0)

    def block(self, number: int, fields: Any, flags: int) -> bytes:
        block = self.encoder.encode(fields, huffman=self.chance.random() < 0.5)
        cut = self.chance.choice((len(block), self.chance.randrange(len(block) + 1)))
        first = block[:cut]
        if self.chance.random() < 0.2:
            first, flags = bytes(4) + b"\x07" + first, flags | PRIORITISED
        if first and self.chance.random() < 0.2:  # h2 does not want padding around nothing
            first, flags = b"\x03" + first + bytes(3), flags | PADDED
        if cut == len(block):
            return frame(HEADERS, first, flags | END_HEADERS, number)
        return frame(HEADERS, first, flags, number) + frame(CONTINUATION, block[cut:], END_HEADERS, number)

    def data(self) -> bytes:
        if not self.open:
            return self.head()
        number, flags = self.chance.choice(self.open), 0
        payload = bytes(self.chance.choice((0, 1, 3, 3, 27, 30, 5000, 16_000)))
        if self.chance.random() < 0.3:
            pad = self.chance.randrange(50)
            payload, flags = bytes((pad,)) + payload + bytes(pad), PADDED
        if self.chance.random() < 0.3:
            self.open.remove(number)
            flags |= END_STREAM
        return frame(DATA, payload, flags, number)

    def trailers(self) -> bytes:
        if not self.open:
            return self.control()
        number = self.open.pop(self.chance.randrange(len(self.open)))
        return self.block(number, [(b"x-sum", b"1")], END_STREAM)

    def reset(self) -> bytes:
        if not self.known:
            return self.control()
        number = self.known.pop(self.chance.randrange(len(self.known)))
        if number in self.open:
            self.open.remove(number)
        return frame(RST_STREAM, (8).to_bytes(4, "big"), 0, number)

    def window(self) -> bytes:
        number = self.chance.choice([0, *self.known])
        return frame(WINDOW_UPDATE, self.chance.randrange(1, 9999).to_bytes(4, "big"), 0, number)

    def control(self) -> bytes:
        return self.chance.choice(
            (
                frame(PING, b"12345678"),
                frame(SETTINGS, struct.pack(">HLHL", 4, self.chance.choice((0, 10, 65_535)), 1, 100)),
                frame(PRIORITY, bytes(5), 0, 99),
                frame(0x42, b"x", 0, 7),
            )
        )


@settings(max_examples=150)
@given(st.randoms(use_true_random=False))
def test_both_hear_the_same_of_whatever_is_said(chance):
    engine, judge, talk = Engine(), Judge(), Talk(chance)
    for _ in range(chance.randrange(40)):
        said = talk.wrong() if chance.random() < 0.02 else talk.say()
        expected = judge.receive(said)
        heard = [one for one in engine.receive(said) if one[0] in ("head", "content", "trailers", "reset")]
        if judge.code is not None or engine.broken is not None:
            if engine.broken is not None and "than announced" in engine.broken.detail and judge.code is None:
                return  # h2 does not count what trailers end
            assert engine.broken is not None
            assert engine.broken.code in (judge.code, Code.COMPRESSION_ERROR)  # of which h2 knows nothing
            return
        assert heard == expected


@settings(max_examples=100)
@given(st.randoms(use_true_random=False))
def test_what_we_say_is_understood(chance):
    """Answers of ours reach a caller who speaks through h2, whatever windows and tables he offers."""
    engine = Engine()
    caller = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    caller.initiate_connection()
    caller.clear_outbound_data_buffer()
    expected: dict[int, tuple[list[tuple[bytes, bytes]], bytes]] = {}
    heard: dict[int, tuple[list[tuple[bytes, bytes]], bytes]] = {}
    for number in range(1, 2 * chance.randrange(2, 12), 2):
        if chance.random() < 0.3:
            caller.update_settings({1: chance.choice((0, 50, 200, 4096, 65_536))})
        caller.send_headers(number, GET, end_stream=True)
        engine.receive(caller.data_to_send())
        fields = [(b":status", b"200"), *((b"x-%d" % chance.randrange(5), b"a" * chance.choice((1, 9, 900, 9000)))
                                          for _ in range(chance.randrange(6)))]  # fmt: skip
        content = bytes(max(0, min(chance.choice((0, 1, 3000)), engine.wire.window(number))))
        expected[number] = fields, content
        engine.wire.send_head(number, fields, end=not content)
        if content:
            engine.wire.send_data(number, content, end=True)
        for event in caller.receive_data(engine.wire.take()):
            if isinstance(event, ResponseReceived):
                heard[event.stream_id] = [(bytes(name), bytes(value)) for name, value in event.headers], b""
            elif isinstance(event, DataReceived):
                heard[event.stream_id] = heard[event.stream_id][0], heard[event.stream_id][1] + event.data
        engine.receive(caller.data_to_send())
    assert engine.broken is None
    assert heard == expected
    assert engine.wire.streams == {}


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=64), max_size=8), st.randoms(use_true_random=False))
def test_whatever_octets_come_the_engine_ends_the_connection_or_goes_on(garbage, chance):
    """Sensible talk, with octets changed, dropped and put in: nothing is raised, and little is kept."""
    engine, talk = Engine(guarded=True), Talk(chance)
    said = bytearray(b"".join(talk.say() for _ in range(chance.randrange(30))))
    for piece in garbage:
        at = chance.randrange(len(said) + 1)
        said[at : at + chance.choice((0, len(piece)))] = piece
    for _ in range(chance.randrange(4)):
        if said:
            said[chance.randrange(len(said))] ^= 1 << chance.randrange(8)
    at = 0
    while at < len(said) and engine.broken is None:
        size = chance.choice((1, 9, 100, 5000))
        engine.receive(bytes(said[at : at + size]))
        at += size
    assert sum(map(len, engine.reader._pieces)) <= 64 << 10
    assert len(engine.frames._data) <= 16_384 + 9 + 5000
    assert frame(GOAWAY, bytes(8)) == engine.wire.farewell(0)[-17:]
