"""What do frames mean, and what does it cost whoever sends those that mean nothing?"""

from __future__ import annotations

import struct

import pytest
from hpack import Encoder
from tests.support.http2 import GET, POST
from tests.support.http2_engine import HELLO, Engine

from ostiary.http2.codes import Code
from ostiary.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITISED,
    PRIORITY,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
)
from ostiary.http2.wire import CONNECTION_WINDOW, STREAM_WINDOW
from ostiary.reasons import Reason

END, WHOLE, OPEN = 1, 5, 4
ASK, SEND = Encoder().encode(GET), Encoder().encode(POST)
SUM = b"\x00\x05x-sum\x011"
LARGE = (2**31 - 1).to_bytes(4, "big")
ONE = (1).to_bytes(4, "big")
CANCEL = (8).to_bytes(4, "big")


@pytest.fixture
def engine() -> Engine:
    return Engine()


def setting(name: int, value: int) -> bytes:
    return frame(SETTINGS, struct.pack(">HL", name, value))


def test_a_request_of_a_head_alone(engine):
    assert engine.receive(frame(HEADERS, ASK, WHOLE, 1)) == [("head", 1, tuple(GET), True)]


def test_a_request_with_content_and_trailers(engine):
    heard = engine.receive(frame(HEADERS, SEND, OPEN, 1) + frame(DATA, b"hello", 0, 1) + frame(HEADERS, SUM, WHOLE, 1))
    assert heard == [("head", 1, tuple(POST), False), ("content", 1, b"hello", 5, False),
                     ("trailers", 1, ((b"x-sum", b"1"),))]  # fmt: skip


def test_a_head_in_pieces_with_padding_and_a_priority(engine):
    first = frame(HEADERS, b"\x03" + bytes(4) + b"\x10" + ASK[:2] + bytes(3), PADDED | PRIORITISED | END, 1)
    heard = engine.receive(first + frame(CONTINUATION, ASK[2:3], 0, 1) + frame(CONTINUATION, ASK[3:], OPEN, 1))
    assert heard == [("head", 1, tuple(GET), True)]


def test_padding_is_no_content_and_takes_of_the_window(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    assert engine.receive(frame(DATA, b"\x02hi\0\0", PADDED | END, 1)) == [("content", 1, b"hi", 5, True)]


def test_ping_is_answered_and_its_answer_heard(engine):
    assert engine.receive(frame(PING, b"12345678") + frame(PING, b"abcdefgh", ACK)) == [("pong", b"abcdefgh")]
    assert engine.said() == [(PING, ACK, 0, b"12345678")]


def test_settings_are_acknowledged_once_and_change_windows(engine):
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    assert engine.receive(setting(4, 10) + frame(SETTINGS, b"", ACK)) == [("room", 0)]
    assert engine.said() == [(SETTINGS, ACK, 0, b"")]
    assert engine.wire.window(1) == 10
    engine.receive(frame(WINDOW_UPDATE, ONE, 0, 1))
    assert engine.wire.window(1) == 11
    engine.receive(setting(4, 0))
    assert engine.wire.window(1) == 1


def test_a_window_may_be_less_than_nothing(engine):
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    engine.wire.send_data(1, bytes(100), end=False)
    engine.receive(setting(4, 0))
    assert engine.wire.window(1) == -100


def test_what_is_unknown_or_only_advises_changes_nothing(engine):
    said = frame(0x42, b"x") + setting(99, 1) + setting(6, 1) + setting(3, 1) + frame(PRIORITY, bytes(5), 0, 7)
    engine.receive(said)
    assert engine.broken is None


def test_the_caller_may_say_that_he_opens_no_more(engine):
    assert engine.receive(frame(GOAWAY, bytes(8) + b"bye")) == [("goodbye",)]


def test_content_is_acknowledged_when_half_of_a_window_was_used(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    for _ in range(STREAM_WINDOW // 2 // 16_384):
        assert engine.said() == []
        engine.receive(frame(DATA, bytes(16_384), 0, 1))
    assert engine.said() == [(WINDOW_UPDATE, 0, 1, (STREAM_WINDOW // 2).to_bytes(4, "big"))]


# --- streams that are closed (section 5.1) ---------------------------------------------------------

LATE = {
    "DATA": frame(DATA, b"x", 0, 1),
    "HEADERS": frame(HEADERS, ASK, WHOLE, 1),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_what_comes_behind_the_end_of_a_request_resets_its_stream(engine, late):
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    assert engine.receive(late) == [("reset", 1)]
    assert engine.said() == [(RST_STREAM, 0, 1, bytes((0, 0, 0, Code.STREAM_CLOSED)))]


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_what_comes_behind_the_end_of_a_stream_ends_the_connection(engine, late):
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    engine.wire.send_head(1, [(b":status", b"204")], end=True)
    assert engine.wire.streams == {}
    engine.receive(late)
    assert engine.broken.code == Code.STREAM_CLOSED


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_what_was_sent_before_our_reset_arrived_is_dropped(engine, late):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    engine.wire.reset(1, Code.CANCEL)
    engine.said()
    assert engine.receive(late) == [("nothing",)]
    assert engine.said() == []


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_what_comes_behind_the_callers_own_reset_is_told_so(engine, late):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    assert engine.receive(frame(RST_STREAM, CANCEL, 0, 1)) == [("reset", 1)]
    assert engine.receive(late) == [("reset", 1)]
    assert engine.said() == [(RST_STREAM, 0, 1, bytes((0, 0, 0, Code.STREAM_CLOSED)))]


def test_resets_and_windows_of_streams_that_have_ended_are_ignored(engine):
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    engine.wire.send_head(1, [(b":status", b"204")], end=True)
    assert engine.receive(frame(RST_STREAM, CANCEL, 0, 1) + frame(WINDOW_UPDATE, ONE, 0, 1)) == []
    assert engine.broken is None


def test_dropped_content_is_given_back_to_the_connection(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    engine.wire.reset(1, Code.CANCEL)
    for _ in range(4 * CONNECTION_WINDOW // 16_384):
        engine.receive(frame(DATA, bytes(16_384), 0, 1))
    assert engine.broken is None


def test_a_reset_of_ours_ends_a_stream_once(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    for _ in range(2):
        engine.wire.reset(1, Code.CANCEL)
    assert engine.said() == [(RST_STREAM, 0, 1, CANCEL)]
    engine.wire.send_head(1, [(b":status", b"200")], end=False)
    engine.wire.send_data(1, b"x", end=True)
    assert engine.said() == []


def test_only_the_last_resets_are_remembered(engine):
    for number in range(1, 3001, 2):
        engine.receive(frame(HEADERS, ASK, WHOLE, number))
        engine.wire.reset(number, Code.CANCEL)
    assert len(engine.wire.past._resets) == 1024
    assert engine.receive(frame(HEADERS, ASK, WHOLE, 2999)) == [("nothing",)]
    engine.receive(frame(HEADERS, ASK, WHOLE, 1))
    assert engine.broken.code == Code.STREAM_CLOSED


# --- streams that end, and nothing else ------------------------------------------------------------

RESET = {
    "trailers that do not end it": (frame(HEADERS, SUM, OPEN, 1), Code.PROTOCOL_ERROR),
    "a window that grows by nothing": (frame(WINDOW_UPDATE, bytes(4), 0, 1), Code.PROTOCOL_ERROR),
    "a window that is too large": (frame(WINDOW_UPDATE, LARGE, 0, 1), Code.FLOW_CONTROL_ERROR),
}


@pytest.mark.parametrize(("said", "code"), RESET.values(), ids=RESET.keys())
def test_what_harms_one_stream_ends_one_stream(engine, said, code):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    assert engine.receive(said) == [("reset", 1)]
    assert engine.said() == [(RST_STREAM, 0, 1, bytes((0, 0, 0, code)))]
    assert engine.receive(frame(HEADERS, ASK, WHOLE, 3)) == [("head", 3, tuple(GET), True)]


# --- connections that end --------------------------------------------------------------------------

LENGTH = b"\x0f\x0d"
PROTOCOL, SIZE, FLOW = Code.PROTOCOL_ERROR, Code.FRAME_SIZE_ERROR, Code.FLOW_CONTROL_ERROR
BROKEN = {
    "DATA of the connection": (frame(DATA, b"x"), PROTOCOL),
    "DATA of a stream that was passed over": (frame(HEADERS, ASK, WHOLE, 9) + frame(DATA, b"x", 0, 3), PROTOCOL),
    "HEADERS of a stream that was passed over": (frame(HEADERS, ASK, WHOLE, 9) + frame(HEADERS, ASK, WHOLE, 3), PROTOCOL),
    "HEADERS of the connection": (frame(HEADERS, ASK, WHOLE), PROTOCOL),
    "HEADERS of a stream of ours": (frame(HEADERS, ASK, WHOLE, 2), PROTOCOL),
    "padding without octets": (frame(HEADERS, b"", WHOLE | PADDED, 1), SIZE),
    "padding beyond the frame": (frame(HEADERS, b"\x05abcd", WHOLE | PADDED, 1), PROTOCOL),
    "a priority of three octets": (frame(HEADERS, b"abc", WHOLE | PRIORITISED, 1), SIZE),
    "a head that depends on itself": (frame(HEADERS, ONE + b"\0" + ASK, WHOLE | PRIORITISED, 1), PROTOCOL),
    "a stream that depends on itself": (frame(PRIORITY, ONE + b"\0", 0, 1), PROTOCOL),
    "a PRIORITY of the wrong size": (frame(PRIORITY, bytes(4), 0, 1), SIZE),
    "a PRIORITY of the connection": (frame(PRIORITY, bytes(5)), PROTOCOL),
    "a reset of the connection": (frame(RST_STREAM, CANCEL), PROTOCOL),
    "a reset of the wrong size": (frame(HEADERS, SEND, OPEN, 1) + frame(RST_STREAM, b"", 0, 1), SIZE),
    "a reset of a stream that never was": (frame(RST_STREAM, CANCEL, 0, 1), PROTOCOL),
    "a window of a stream that never was": (frame(WINDOW_UPDATE, ONE, 0, 1), PROTOCOL),
    "a window of the wrong size": (frame(WINDOW_UPDATE, b"123"), SIZE),
    "a window that grows by nothing": (frame(WINDOW_UPDATE, bytes(4)), PROTOCOL),
    "a window that is too large": (frame(WINDOW_UPDATE, LARGE), FLOW),
    "SETTINGS of a stream": (frame(SETTINGS, b"", 0, 1), PROTOCOL),
    "SETTINGS of the wrong size": (frame(SETTINGS, b"12345"), SIZE),
    "acknowledged SETTINGS that say something": (frame(SETTINGS, bytes(6), ACK), SIZE),
    "push by neither yes nor no": (setting(2, 2), PROTOCOL),
    "an initial window that is too large": (setting(4, 2**31), FLOW),
    "a frame size that is too small": (setting(5, 16_383), PROTOCOL),
    "a frame size that is too large": (setting(5, 2**24), PROTOCOL),
    "a window that becomes too large": (
        frame(HEADERS, ASK, WHOLE, 1) + frame(WINDOW_UPDATE, (2**31 - 70_000).to_bytes(4, "big"), 0, 1)
        + setting(4, 80_000), FLOW),
    "a PING of a stream": (frame(PING, bytes(8), 0, 1), PROTOCOL),
    "a PING of the wrong size": (frame(PING, bytes(7)), SIZE),
    "GOAWAY of a stream": (frame(GOAWAY, bytes(8), 0, 1), PROTOCOL),
    "GOAWAY of the wrong size": (frame(GOAWAY, bytes(7)), SIZE),
    "a push": (frame(5, ONE + ASK, OPEN, 1), PROTOCOL),
    "a piece of nothing": (frame(CONTINUATION, ASK, OPEN, 1), PROTOCOL),
    "a piece of something else": (frame(HEADERS, ASK, 0, 1) + frame(CONTINUATION, b"", OPEN, 3), PROTOCOL),
    "a frame within a head": (frame(HEADERS, ASK, 0, 1) + frame(DATA, b"x", 0, 1), PROTOCOL),
    "a block that is none": (frame(HEADERS, b"\x80", WHOLE, 1), Code.COMPRESSION_ERROR),
    "more content than announced": (frame(HEADERS, SEND + LENGTH + b"\x011", OPEN, 1) + frame(DATA, b"ab", 0, 1), PROTOCOL),
    "less content than announced": (frame(HEADERS, SEND + LENGTH + b"\x019", OPEN, 1) + frame(DATA, b"a", 1, 1), PROTOCOL),
    "less content than announced, and trailers": (
        frame(HEADERS, SEND + LENGTH + b"\x019", OPEN, 1) + frame(HEADERS, SUM, WHOLE, 1), PROTOCOL),
    "a length that is no number": (frame(HEADERS, SEND + LENGTH + b"\x02+1", OPEN, 1), PROTOCOL),
    "two lengths": (frame(HEADERS, SEND + LENGTH + b"\x011" + LENGTH + b"\x012", OPEN, 1), PROTOCOL),
    "more content than a stream's window": (
        frame(HEADERS, SEND, OPEN, 1) + frame(DATA, bytes(16_384), 0, 1) * (STREAM_WINDOW // 16_384) + frame(DATA, b"x", 0, 1),
        FLOW),
}  # fmt: skip


@pytest.mark.parametrize(("said", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_the_protocol_ends_the_connection(engine, said, code):
    engine.passing = False
    engine.receive(said)
    assert engine.broken.code == code


def test_all_streams_together_have_a_window_as_well(engine):
    engine.passing = False
    streams = CONNECTION_WINDOW // STREAM_WINDOW
    for number in range(1, 2 * streams, 2):
        engine.receive(frame(HEADERS, SEND, OPEN, number))
        engine.receive(frame(DATA, bytes(16_384), 0, number) * (STREAM_WINDOW // 16_384))
    assert engine.broken is None
    engine.receive(frame(HEADERS, SEND, OPEN, 99) + frame(DATA, b"x", 0, 99))
    assert engine.broken.code == Code.FLOW_CONTROL_ERROR


def test_a_body_of_another_length_than_announced_could_be_read_in_two_ways(engine):
    engine.receive(frame(HEADERS, SEND + LENGTH + b"\x011", OPEN, 1) + frame(DATA, b"ab", 0, 1))
    assert engine.broken.reason is Reason.REQUEST_AMBIGUOUS


def test_the_first_frame_is_settings():
    assert Engine(PREFACE + frame(PING, bytes(8))).broken.code == Code.PROTOCOL_ERROR
    assert Engine(PREFACE + frame(SETTINGS, b"", ACK)).broken.code == Code.PROTOCOL_ERROR
    assert Engine(HELLO).broken is None


# --- more than anybody wants to hear (RFC 9113, section 10.5.1) --------------------------------------

FIELD = b"\x00\x01x\x7f\xd1\x0e" + b"a" * 2000
PIECES = [FIELD * 8] * 5  # 80 000 octets, where 64 KiB may be said


def in_pieces(stream: int, *pieces: bytes, flags: int = 0) -> bytes:
    first, *more = pieces
    octets = frame(HEADERS, first, flags, stream)
    for number, piece in enumerate(more, 1):
        octets += frame(CONTINUATION, piece, OPEN if number == len(more) else 0, stream)
    return octets


def test_a_head_that_says_too_much_costs_its_stream_and_what_is_behind_it_is_understood(engine):
    added = b"\x40\x01y\x011"
    heard = engine.receive(in_pieces(1, ASK, *PIECES, added, flags=END) + frame(HEADERS, ASK + b"\xc0", WHOLE, 3))
    (kind, stream, kept, ended), head = heard
    assert (kind, stream, ended) == ("excess", 1, True)
    assert len(GET) < kept < len(GET) + 40
    assert head == ("head", 3, (*GET, (b"y", b"1")), True)
    assert engine.broken is None


def test_trailers_that_say_too_much_cost_their_stream(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    (kind, stream, _, ended), head = engine.receive(in_pieces(1, *PIECES, flags=END) + frame(HEADERS, ASK, WHOLE, 3))
    assert (kind, stream, ended) == ("excess", 1, True)
    assert head[:2] == ("head", 3)


def test_too_much_on_a_stream_that_was_reset_is_dropped_as_everything_is(engine):
    engine.receive(frame(HEADERS, SEND, OPEN, 1))
    engine.wire.reset(1, Code.CANCEL)
    assert engine.receive(in_pieces(1, *PIECES, flags=END)) == [("nothing",)]
    assert engine.broken is None
