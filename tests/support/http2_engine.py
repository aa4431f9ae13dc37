"""The HTTP/2 engine alone: octets in, what was heard and octets out."""

from __future__ import annotations

from typing import Any

from ostiary.http2.codes import ConnectionBroken
from ostiary.http2.frames import PREFACE, SETTINGS, Frames, frame
from ostiary.http2.guard import Guard
from ostiary.http2.hpack.decoder import Fields
from ostiary.http2.reader import Reader
from ostiary.http2.wire import Wire

HEADERS = 32 << 10
HELLO = PREFACE + frame(SETTINGS)


class Engine:
    """One connection, and in the place of the edge somebody who writes down what he hears, and passes content on.

    Attributes:
        heard: a tuple for each call.
        broken: how the connection has ended.
        passing: whether content is passed on.
    """

    def __init__(self, hello: bytes = HELLO, *, guarded: bool = False) -> None:
        self.frames, self.wire = Frames(), Wire(HEADERS)
        self.reader = Reader(self.wire, 2 * HEADERS)
        self.guard = Guard(2 * HEADERS, 0.0) if guarded else None
        self.heard: list[tuple[Any, ...]] = []
        self.broken: ConnectionBroken | None = None
        self.passing = True
        self.receive(hello)
        self.wire.take()
        self.heard.clear()

    def receive(self, data: bytes) -> list[tuple[Any, ...]]:
        """Take octets; return what is heard of them."""
        before = len(self.heard)
        self.frames.take(data)
        try:
            while self.broken is None and (one := self.frames.next()) is not None:
                if self.guard is not None:
                    self.guard.judge(one, 0.0)
                self.reader.receive(self, one)
        except ConnectionBroken as broken:
            self.broken = broken
        return self.heard[before:]

    def said(self) -> list[tuple[int, int, int, bytes]]:
        """Return what is to be sent: kind, flags, stream and payload of each frame."""
        frames, found = Frames(), []
        frames.take(PREFACE + self.wire.take())
        while (one := frames.next()) is not None:
            found.append((one.kind, one.flags, one.stream, one.payload))
        return found

    def heard_head(self, stream: int, fields: Fields, *, ended: bool) -> None:
        self.heard.append(("head", stream, tuple(fields), ended))

    def heard_content(self, stream: int, data: bytes, octets: int, *, ended: bool) -> None:
        self.heard.append(("content", stream, data, octets, ended))
        if self.passing:
            self.wire.acknowledge(stream, octets)

    def heard_trailers(self, stream: int, fields: Fields) -> None:
        self.heard.append(("trailers", stream, tuple(fields)))

    def heard_excess(self, stream: int, fields: Fields, *, ended: bool) -> None:
        self.heard.append(("excess", stream, len(fields), ended))

    def heard_reset(self, stream: int, code: int) -> None:
        self.heard.append(("reset", stream))

    def heard_room(self, stream: int) -> None:
        self.heard.append(("room", stream))

    def heard_settings(self) -> None:
        """Nothing."""

    def heard_pong(self, data: bytes) -> None:
        self.heard.append(("pong", data))

    def heard_goodbye(self, last: int) -> None:
        self.heard.append(("goodbye",))

    def heard_nothing(self) -> None:
        self.heard.append(("nothing",))
