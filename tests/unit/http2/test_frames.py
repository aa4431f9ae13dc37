"""Are octets cut into frames, however they come?"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes
from hypothesis import given
from hypothesis import strategies as st

from ostiary.http2.codes import ConnectionBroken
from ostiary.http2.frames import DATA, HEADERS, LARGEST, PING, PREFACE, Frames, goaway


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


Cut = tuple[int, int, int, bytes]


def split(frames: Frames, data: bytes) -> list[Cut]:
    """Return the frames that are whole now: kind, flags, stream and payload."""
    frames.take(data)
    found = []
    while (one := frames.next()) is not None:
        found.append((one.kind, one.flags, one.stream, one.payload))
    return found


def test_frames_that_come_together_are_taken_apart():
    found = split(Frames(), PREFACE + frame(PING, b"12345678") + frame(DATA, b"abc", 1, 5))
    assert found == [(PING, 0, 0, b"12345678"), (DATA, 1, 5, b"abc")]


@given(st.lists(st.binary(max_size=60), max_size=5), st.lists(st.integers(1, 40), min_size=1))
def test_it_does_not_matter_where_the_octets_are_cut(payloads, cuts):
    data, at, found, frames = PREFACE + b"".join(frame(DATA, one, 0, 1) for one in payloads), 0, [], Frames()
    while at < len(data):
        size = cuts[at % len(cuts)]
        found += split(frames, data[at : at + size])
        at += size
    assert [payload for *_, payload in found] == payloads
    assert frames.unfinished is None


def test_the_reserved_bit_of_a_stream_is_ignored():
    assert split(Frames(), PREFACE + frame(DATA, stream=0x8000_0001)) == [(DATA, 0, 1, b"")]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", PREFACE[:-1] + b"x"])
def test_what_does_not_begin_with_the_preface_is_not_http_2(data):
    with pytest.raises(ConnectionBroken) as caught:
        split(Frames(), data)
    assert caught.value.code == ErrorCodes.PROTOCOL_ERROR


def test_the_preface_may_come_octet_by_octet():
    frames = Frames()
    for at in range(len(PREFACE)):
        assert split(frames, PREFACE[at : at + 1]) == []
    assert split(frames, frame(PING, b"12345678"))


def test_a_frame_that_is_too_large_is_refused_before_it_has_come():
    announced = (LARGEST + 1).to_bytes(3, "big") + bytes((DATA, 0, 0, 0, 0, 1))
    with pytest.raises(ConnectionBroken) as caught:
        split(Frames(), PREFACE + announced)
    assert caught.value.code == ErrorCodes.FRAME_SIZE_ERROR


@pytest.mark.parametrize(
    ("data", "unfinished"),
    [
        (b"", None),
        (b"\0", (HEADERS, 0)),
        (frame(DATA, b"abc", 0, 7)[:-1], (DATA, 7)),
        (frame(HEADERS, b"abc", 0, 9)[:-1], (HEADERS, 9)),
        (frame(PING, b"12345678"), None),
    ],
)
def test_what_has_begun_and_not_ended_is_known(data, unfinished):
    frames = Frames()
    split(frames, PREFACE + data)
    assert frames.unfinished == unfinished


def test_goaway_names_the_last_stream_and_the_code():
    assert goaway(7, ErrorCodes.ENHANCE_YOUR_CALM) == frame(7, b"\0\0\0\x07\0\0\0\x0b")
