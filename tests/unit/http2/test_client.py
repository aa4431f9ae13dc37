"""What is different on a connection whose streams we open?"""

from __future__ import annotations

import struct

import pytest
from hpack import Encoder
from tests.support.http2_engine import Engine

from ostiary.http2.codes import Code
from ostiary.http2.frames import (
    DATA,
    GOAWAY,
    HEADERS,
    PREFACE,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    Frames,
    frame,
)
from ostiary.http2.guard import Guard
from ostiary.http2.reader import Reader
from ostiary.http2.states import NEVER, RESET_BY_US
from ostiary.http2.wire import Wire

ASK = [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a"), (b":path", b"/")]
WELL = Encoder().encode([(b":status", b"200")])
EARLY = Encoder().encode([(b":status", b"103")])
TRAILERS = b"\x00\x05x-sum\x011"


class Client(Engine):
    """The engine as the end that opens streams."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.frames, self.wire = Frames(preface=False), Wire(1 << 15, frozenset())
        self.reader = Reader(self.wire, 1 << 16)
        self.guard = Guard(1 << 16, 0.0)

    def head(self, stream: int) -> None:
        """What whoever hears a final head does."""
        self.wire.streams[stream].headed = True


@pytest.fixture
def client() -> Client:
    one = Client()
    one.receive(frame(SETTINGS))
    return one


def test_it_begins_with_the_preface_and_wants_nothing_pushed():
    said = Client().wire.take()
    assert said.startswith(PREFACE)
    assert struct.pack(">HL", 2, 0) in said


def test_the_other_end_begins_with_settings_and_no_preface():
    one = Client()
    one.receive(frame(DATA, b"x", 0, 1))
    assert one.broken is not None


def test_streams_have_odd_numbers_in_order(client):
    assert [client.wire.open() for _ in range(3)] == [1, 3, 5]
    assert client.wire.past.how(7) == NEVER


def test_heads_come_until_the_last_then_content_and_trailers(client):
    client.wire.open()
    client.wire.send_head(1, ASK, end=True)
    heard = client.receive(frame(HEADERS, EARLY, 4, 1) + frame(HEADERS, WELL, 4, 1))
    client.head(1)
    heard += client.receive(frame(DATA, b"ok", 0, 1) + frame(HEADERS, TRAILERS, 5, 1))
    assert [one[0] for one in heard] == ["head", "head", "content", "trailers"]
    assert not client.wire.streams


def test_an_answer_does_not_end_the_request(client):
    client.wire.open()
    client.wire.send_head(1, ASK, end=False)
    assert client.receive(frame(HEADERS, WELL, 5, 1)) == [("head", 1, ((b":status", b"200"),), True)]
    client.wire.send_data(1, b"more", end=True)
    assert not client.wire.streams


@pytest.mark.parametrize("said", [
    frame(HEADERS, WELL, 4, 3), frame(HEADERS, WELL, 4, 2), frame(DATA, b"x", 0, 3), frame(PUSH_PROMISE, bytes(4), 4, 1),
    frame(RST_STREAM, bytes(4), 0, 3), frame(SETTINGS, struct.pack(">HL", 2, 1)),
])  # fmt: skip
def test_what_nobody_asked_for_ends_the_connection(client, said):
    client.wire.open()
    client.receive(said)
    assert client.broken is not None
    assert client.broken.code is Code.PROTOCOL_ERROR


def test_how_many_streams_may_be_open_is_what_the_other_end_says(client):
    assert client.wire.most == 100
    client.receive(frame(SETTINGS, struct.pack(">HL", 3, 7)))
    assert client.wire.most == 7


def test_a_stream_that_nobody_has_worked_on_is_forgotten_without_a_word(client):
    client.wire.open()
    client.wire.take()
    assert client.receive(frame(GOAWAY, bytes(8))) == [("goodbye",)]
    client.wire.drop(1)
    assert client.said() == []
    assert client.wire.past.how(1) == RESET_BY_US


def test_a_stream_may_be_widened_without_the_connection(client):
    client.wire.open()
    client.wire.take()
    client.wire.widen(1, 100_000)
    assert client.said() == [(WINDOW_UPDATE, 0, 1, (100_000).to_bytes(4, "big"))]
