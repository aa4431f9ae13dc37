"""What does it bring to ask much of a connection besides requests?

Each attack is made of frames that a caller may send. It ends the same way: GOAWAY, one line in the log, and what
was under way is let go of.
"""

from __future__ import annotations

import asyncio

import pytest
from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated
from h2.settings import SettingCodes
from hpack import Encoder
from tests.support.http2 import GET, POST, Line

from ostiary.config.schema import ListenerLimits


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ONE = (1).to_bytes(4, "big")
NO_PRIORITY = bytes(4) + b"\x10"
HEAD = Encoder().encode(GET)


async def ended(line: Line, code: ErrorCodes, reason: str) -> None:
    """The connection has ended like that, and GOAWAY is the last that the caller hears."""
    *_, (kind, _, _, payload) = await line.frames()
    assert (kind, payload[4:]) == (GOAWAY, code.to_bytes(4, "big"))
    assert not line.pipe.reading
    assert line.edge.streams == {}
    assert [one["reason"] for one in line.gateway.lines() if one["reason"] != "request.abandoned"][-1] == reason


FLOODS = {
    "PING": frame(PING, b"12345678") * 1100,
    "PING answers that nobody asked for": frame(PING, b"12345678", 1) * 1100,
    "SETTINGS": frame(SETTINGS) * 110,
    "SETTINGS that change the windows": frame(SETTINGS, b"\0\x04" + ONE) * 110,
    "SETTINGS that change the compression": frame(SETTINGS, b"\0\x01" + ONE) * 110,
    "PRIORITY": frame(PRIORITY, NO_PRIORITY, 0, 3) * 1100,
    "PRIORITY of streams that are not there": b"".join(frame(PRIORITY, NO_PRIORITY, 0, n) for n in range(5, 2300, 2)),
    "WINDOW_UPDATE of the connection": frame(WINDOW, ONE) * 1100,
    "WINDOW_UPDATE of a stream": frame(WINDOW, ONE, 0, 1) * 1100,
    "RST_STREAM of a stream that has ended": frame(RST, ONE, 0, 1) * 1100,
    "GOAWAY": frame(GOAWAY, bytes(8)) * 1100,
    "unknown frames": frame(0x42, b"x") * 1100,
    "DATA without data": frame(DATA, b"", 0, 1) * 1100,
    "DATA of padding alone": frame(DATA, b"\x08" + bytes(8), 8, 1) * 1100,
}


@pytest.mark.attack(53)
@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_frames_that_ask_for_nothing_end_the_connection(line, flood):
    await line.ask(POST, end=False)
    line.say(flood)
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert line.gateway.asked[0].sink.abandoned == 1


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_a_few_of_them_are_no_flood(line, flood):
    await line.ask(POST, end=False)
    line.say(flood[: len(flood) // 1100 * 20])
    await line.turn()
    assert line.heard(ConnectionTerminated) == []


@pytest.mark.attack(53)
async def test_rapid_reset(line):
    """CVE-2023-44487: streams that are opened and given up at once never count as open at a time."""
    await line.turn()
    numbers = range(1, 1000, 2)
    line.say(b"".join(frame(HEADERS, HEAD, 5, n) + frame(RST, bytes(4), 0, n) for n in numbers))
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert len(line.gateway.asked) <= 201


MADE = {
    "a window that overflows": lambda n: frame(WINDOW, b"\x7f\xff\xff\xff", 0, n),
    "DATA behind the end": lambda n: frame(DATA, b"x", 0, n),
    "a second head": lambda n: frame(HEADERS, HEAD, 5, n),
}


@pytest.mark.attack(53)
@pytest.mark.parametrize("provoke", MADE.values(), ids=MADE.keys())
async def test_resets_that_we_are_made_to_send(line, provoke):
    """CVE-2025-8671: the same as rapid reset, only that it is us who are made to reset."""
    await line.turn()
    line.say(b"".join(frame(HEADERS, HEAD, 5, n) + provoke(n) for n in range(1, 1000, 2)))
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert all(asked.sink.abandoned == 1 for asked in line.gateway.asked)


MUCH = (b"x", b"1" * 3000)
EXCESS = {
    "heads": lambda n: frame(HEADERS, Encoder().encode([*GET, MUCH]), 5, n),
    "trailers": lambda n: frame(HEADERS, Encoder().encode(POST), 4, n) + frame(HEADERS, Encoder().encode([MUCH]), 5, n),
}


@pytest.mark.parametrize("excess", EXCESS.values(), ids=EXCESS.keys())
async def test_what_says_too_much_ends_the_connection_when_there_is_more_of_it(connect, excess):
    line = connect(ListenerLimits.model_validate({"headers": "1KiB"}))
    await line.turn()
    line.say(excess(1) + frame(HEADERS, HEAD, 5, 3))
    await line.frames()
    assert [one["status"] for one in line.gateway.lines()] == [431]
    line.gateway.asked[-1].whole()
    line.say(b"".join(excess(n) for n in range(5, 99, 2)))
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert len(line.gateway.lines()) < 30


BEHIND = {
    "trailers that are none": lambda n: frame(HEADERS, Encoder().encode([(b":path", b"/")]), 5, n),
    "more than a body may have": lambda n: frame(DATA, b"12", 1, n),
}


@pytest.mark.parametrize("spoil", BEHIND.values(), ids=BEHIND.keys())
async def test_requests_that_are_spoilt_behind_their_heads(connect, spoil):
    """CVE-2025-8671 without a reset: the upstream is asked, and let go of again, for frames that break no protocol."""
    line = connect(ListenerLimits.model_validate({"body": "1B"}))
    await line.turn()
    head = frame(HEADERS, Encoder().encode(POST), 4, 0)
    line.say(frame(WINDOW, (1 << 30).to_bytes(4, "big")))  # our answers are not what stops it
    for n in range(1, 1000, 2):
        line.say(head[:5] + n.to_bytes(4, "big") + head[9:] + spoil(n))
        if not line.pipe.reading:
            break
        await asyncio.sleep(0)
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert 200 <= len(line.gateway.asked) <= 300
    assert all(asked.sink.abandoned == 1 for asked in line.gateway.asked)


@pytest.mark.parametrize("provoke", MADE.values(), ids=MADE.keys())
async def test_a_stream_that_we_are_made_to_reset_lets_the_upstream_go(line, provoke):
    asked = await line.ask()
    line.say(provoke(1))
    assert asked.sink.abandoned == 1
    assert line.edge.streams == {}


async def test_streams_beyond_the_number_announced(line):
    await line.turn()
    line.say(b"".join(frame(HEADERS, HEAD, 5, n) for n in range(1, 1000, 2)))
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert len(line.gateway.asked) <= 100
    assert len(line.gateway.lines()) == 302  # each has one, until there were 201 too many, and so has the connection


@pytest.mark.attack(53)
async def test_a_head_that_never_ends(line):
    """CVE-2024-27316: CONTINUATION after CONTINUATION."""
    await line.turn()
    line.say(frame(HEADERS, HEAD, 1, 1) + frame(CONTINUATION, bytes(8000), 0, 1) * 17)
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "request.headers-too-large")


async def test_a_head_that_never_ends_of_frames_without_octets(line):
    await line.turn()
    line.say(frame(HEADERS, HEAD, 1, 1) + frame(CONTINUATION, b"", 0, 1) * 1100)
    await line.turn()
    assert line.heard(ConnectionTerminated)
    assert line.gateway.asked == []


async def test_a_head_in_a_few_frames_is_served(line):
    await line.turn()
    line.say(frame(HEADERS, HEAD[:3], 1, 1) + frame(CONTINUATION, HEAD[3:5], 0, 1))
    line.say(frame(CONTINUATION, HEAD[5:], 4, 1))
    await line.turn()
    assert len(line.gateway.asked) == 1


@pytest.mark.attack(53)
async def test_a_small_block_that_becomes_a_large_head(line):
    """CVE-2016-6581: one large field in the table, named again and again by one octet."""
    await line.turn()
    encoder = Encoder()
    block = encoder.encode([*GET, (b"x", b"a" * 4000)]) + b"\xbe" * 10_000
    line.say(frame(HEADERS, block, 5, 1))
    await line.frames()
    assert [one["status"] for one in line.gateway.lines()] == [431]
    line.say(b"".join(frame(HEADERS, block, 5, number) for number in range(3, 99, 2)))
    await ended(line, ErrorCodes.ENHANCE_YOUR_CALM, "connection.flood")
    assert line.gateway.asked == []
    assert len(line.gateway.lines()) < 30


async def test_an_offer_to_keep_megabytes_of_compression_state_is_declined(line):
    line.caller.update_settings({SettingCodes.HEADER_TABLE_SIZE: 1 << 30})
    await line.turn()
    for number in range(300):
        (await line.ask()).whole(b"", 200, (b"x-different", b"%d" % number * 20))
        await line.turn()
    assert line.edge.wire.encoder.most == 4096
    assert line.status() == "200"


BROKEN = {
    "no preface": (b"GET / HTTP/1.1\r\n\r\n", "request.malformed"),
    "a push": (frame(PUSH, ONE + HEAD, 4, 1), "request.malformed"),
    "an even stream": (frame(HEADERS, HEAD, 5, 2), "request.malformed"),
    "DATA before a head": (frame(DATA, b"x", 0, 1), "request.malformed"),
    "a block that is no HPACK": (frame(HEADERS, b"\xff" * 20, 5, 1), "request.malformed"),
    "a frame that is too large": (b"\xff\xff\xff" + bytes(6), "request.malformed"),
    "a PING of the wrong size": (frame(PING, b"1"), "request.malformed"),
    "a window that grows by nothing": (frame(WINDOW, bytes(4)), "request.malformed"),
    "a window that overflows": (frame(WINDOW, b"\x7f\xff\xff\xff"), "request.malformed"),
    "a stream that depends on itself": (frame(PRIORITY, (3).to_bytes(4, "big") + b"\1", 0, 3), "request.malformed"),
    "a CONTINUATION of nothing": (frame(CONTINUATION, HEAD, 4, 1), "request.malformed"),
    "a frame within a head": (frame(HEADERS, HEAD, 1, 1) + frame(PING, b"12345678"), "request.malformed"),
    "SETTINGS that cannot be": (frame(SETTINGS, b"\0\x05" + ONE), "request.malformed"),
    "more content than the windows": (frame(HEADERS, HEAD, 4, 1) + frame(DATA, bytes(16_384), 0, 1) * 9,
                                      "request.malformed"),
}  # fmt: skip


@pytest.mark.parametrize(("octets", "reason"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_breaks_the_protocol_ends_the_connection_and_is_logged(connect, octets, reason):
    line = connect()
    line.gateway.flowing = False
    if octets.startswith(b"GET"):
        line.caller.clear_outbound_data_buffer()
    line.say(octets)
    await line.turn()
    [goaway] = line.heard(ConnectionTerminated)
    assert goaway.error_code is not ErrorCodes.NO_ERROR
    assert line.gateway.lines()[0]["reason"] == reason
    assert not any(asked.sink.finished for asked in line.gateway.asked)


async def test_a_head_of_moderate_excess_is_answered(connect):
    line = connect(ListenerLimits.model_validate({"headers": "1KiB"}))
    await line.open([*GET, (b"x", b"a" * 1100)])
    await line.turn()
    assert line.status() == "431"


async def test_what_comes_behind_the_end_is_ignored(line):
    line.say(frame(PING, b"1"))
    before = len(line.pipe.written)
    line.edge.data_received(frame(HEADERS, HEAD, 5, 1))
    assert len(line.pipe.written) == before
    assert line.gateway.asked == []
