"""One connection's state, and what goes out of it: no socket, no clock (RFC 9113).

What comes is read by `Reader` (reader.py), which changes the same state. What makes a head acceptable is judged by
neither: a malformed request is answered, and ends nothing but its own stream.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from ostiary.http2.codes import Code
from ostiary.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    LARGEST,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    frame,
    frame_head,
    goaway,
    number_frame,
)
from ostiary.http2.hearing import BlockHearer
from ostiary.http2.hpack.encoder import Encoder
from ostiary.http2.states import RESET_BY_US, Past, State
from ostiary.http2.windows import INITIAL_WINDOW, Allowance

STREAMS: Final = 100
"""Streams that a caller may have open at a time, and that are open to an upstream at most."""
STREAM_WINDOW: Final = 128 << 10
"""Octets of one body that may be on their way, or wait here."""
CONNECTION_WINDOW: Final = 1 << 20
"""The same, for all streams of a connection."""

ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(2, 7)
HEADER_TABLE_SIZE: Final = 1
ENABLE_CONNECT_PROTOCOL: Final = 8
"""Streams may become tunnels of another protocol (RFC 8441, section 3)."""


class Wire:
    """One connection's state.

    Args:
        headers: octets of the largest head that is asked for.
        indexed: names that may enter tables, on a connection whose streams are opened by us; None where callers do.
        tunnels: callers may begin another protocol on a stream.

    Attributes:
        streams: those that are open, in one direction at least.
        past: those that were.
        room: octets of content that may be sent on all streams together.
        initial: octets of content that may be sent on a new one.
        allowance: octets of content that may come, on all streams together.
        most: streams that may be open at a time, as the other end says.
        opens: the streams are opened by us.
        encoder: compresses what goes out.
        out: what is to be sent.
    """

    __slots__ = ("allowance", "encoder", "initial", "most", "opens", "out", "past", "room", "streams")

    def __init__(self, headers: int, indexed: frozenset[bytes] | None = None, *, tunnels: bool = False) -> None:
        self.streams: dict[int, State] = {}
        self.past = Past()
        self.room = self.initial = INITIAL_WINDOW
        self.allowance = Allowance(CONNECTION_WINDOW)
        self.most = STREAMS
        self.opens = indexed is not None
        self.encoder = Encoder(indexed)
        first = (ENABLE_PUSH, 0) if self.opens else (MAX_CONCURRENT_STREAMS, STREAMS)
        more_of_them = (ENABLE_CONNECT_PROTOCOL, 1) if tunnels else ()
        settings = (*first, INITIAL_WINDOW_SIZE, STREAM_WINDOW, MAX_HEADER_LIST_SIZE, headers, *more_of_them)
        more = number_frame(WINDOW_UPDATE, 0, CONNECTION_WINDOW - INITIAL_WINDOW)
        self.out = [frame(SETTINGS, struct.pack(">" + "HL" * (len(settings) // 2), *settings)), more]
        if self.opens:
            self.out.insert(0, PREFACE)

    @property
    def last(self) -> int:
        """The last stream that was begun."""
        return self.past.last

    def open(self) -> int:
        """Begin a stream, and return its number."""
        number = self.past.last + 2 if self.past.last else 1
        self.past.begin(number)
        state = self.streams[number] = State(self.initial, STREAM_WINDOW)
        state.headed = False
        return number

    def window(self, stream: int) -> int:
        """Return how many octets of content may be sent now in one frame; 0 or less for none."""
        state = self.streams.get(stream)
        return 0 if state is None else min(state.room, self.room, LARGEST)

    def send_head(self, stream: int, fields: Iterable[tuple[bytes, bytes]], *, end: bool) -> None:
        """Send a head, an informational one, or trailers. Names are in lower case."""
        state = self.streams.get(stream)
        if state is None or not state.speaks:
            return
        block = self.encoder.encode(fields)
        flags = END_STREAM if end else 0
        if len(block) <= LARGEST:
            self.out += (frame_head(HEADERS, len(block), flags | END_HEADERS, stream), block)
        else:
            self._send_long_block(stream, block, flags)
        if end:
            self._spoken(stream, state)

    def _send_long_block(self, stream: int, block: bytes, flags: int) -> None:
        """Send a block of fields in several frames (section 4.3)."""
        kind = HEADERS
        while len(block) > LARGEST:
            self.out.append(frame(kind, block[:LARGEST], flags, stream))
            kind, flags, block = CONTINUATION, 0, block[LARGEST:]
        self.out.append(frame(CONTINUATION, block, END_HEADERS, stream))

    def send_data(self, stream: int, data: bytes, *, end: bool) -> None:
        """Send content, not more than the window allows."""
        state = self.streams.get(stream)
        if state is None or not state.speaks:
            return
        size = len(data)
        state.room -= size
        self.room -= size
        self.out += (frame_head(DATA, size, END_STREAM if end else 0, stream), data)
        if end:
            self._spoken(stream, state)

    def heard_all(self, stream: int, state: State) -> None:
        """The other end has said everything."""
        state.hears = False
        if not state.speaks:
            del self.streams[stream]

    def _spoken(self, stream: int, state: State) -> None:
        state.speaks = False
        if not state.hears:
            del self.streams[stream]

    def acknowledge(self, stream: int, octets: int) -> None:
        """Let the other end send as much again, on a stream and on all of them together; 0 for the latter alone."""
        more = self.allowance.give(octets)
        if more:
            self.out.append(number_frame(WINDOW_UPDATE, 0, more))
        self.widen(stream, octets)

    def widen(self, stream: int, octets: int) -> None:
        """Let the other end send as much again on one stream."""
        state = self.streams.get(stream)
        if state is not None and state.hears:
            more = state.allowance.give(octets)
            if more:
                self.out.append(number_frame(WINDOW_UPDATE, stream, more))

    def reset(self, stream: int, code: Code) -> None:
        """End a stream at once, in both directions; one that has ended is left as it is."""
        if self.streams.pop(stream, None) is not None:
            self.past.reset(stream, RESET_BY_US)
            self.out.append(number_frame(RST_STREAM, stream, code))

    def drop(self, stream: int) -> None:
        """Forget a stream that the other end has not worked on, and says so (section 6.8)."""
        if self.streams.pop(stream, None) is not None:
            self.past.reset(stream, RESET_BY_US)

    def ping(self, data: bytes) -> None:
        """Ask for a sign of life: eight octets, which come back."""
        self.out.append(frame(PING, data))

    def farewell(self, last: int, code: Code = Code.NO_ERROR) -> bytes:
        """Return what is still to be sent, and GOAWAY behind it."""
        return self.take() + goaway(last, code)

    def take(self) -> bytes:
        """Return what is to be sent."""
        if not self.out:
            return b""
        data = b"".join(self.out)
        self.out = []
        return data


def stream_error(wire: Wire, hearer: BlockHearer, stream: int, code: Code) -> None:
    """End a stream because of what the other end did (section 5.4.2)."""
    wire.streams.pop(stream, None)
    wire.past.reset(stream, RESET_BY_US)
    wire.out.append(number_frame(RST_STREAM, stream, code))
    hearer.heard_reset(stream, code)
