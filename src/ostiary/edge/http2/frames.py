"""Octets -> whole frames (RFC 9113, section 4), before anybody has worked on them.

Only the nine octets before each payload are read here. That is enough to count frames, to bound them, and to
refuse one that is too large before it has been kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from h2.errors import ErrorCodes

from ostiary.reasons import Reason

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_HEADERS: Final = 0x4

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LARGEST: Final = 16_384
"""Octets of a payload: the initial value of SETTINGS_MAX_FRAME_SIZE (section 6.5.2), which we leave as it is."""

_PREFIX: Final = 9


class ConnectionBroken(Exception):
    """The connection cannot go on, and none of its streams (RFC 9113, section 5.4.1).

    Attributes:
        code: what the other end is told.
        reason: what the log says.
        detail: for the log.
    """

    def __init__(self, code: ErrorCodes, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.reason = reason
        self.detail = detail


class Frame(NamedTuple):
    """One frame.

    Attributes:
        kind: its type.
        flags: its flags.
        stream: the stream it is about; 0 for the connection.
        octets: all of it.
    """

    kind: int
    flags: int
    stream: int
    octets: bytes


class Frames:
    """Cuts what comes in into frames.

    Attributes:
        unfinished: the kind and the stream of a frame that has begun and not ended, or None. What has not come far
            enough to tell counts as HEADERS.
    """

    __slots__ = ("_data", "_preface", "unfinished")

    def __init__(self) -> None:
        self._data = bytearray()
        self._preface = True
        self.unfinished: tuple[int, int] | None = None

    def split(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole now.

        Raises:
            ConnectionBroken: this is not HTTP/2, or a frame is too large.
        """
        self._data += data
        if self._preface and not self._after_preface():
            return
        while True:
            frame = self._next()
            if frame is None:
                return
            yield frame

    def _after_preface(self) -> bool:
        held = self._data
        if held[: len(PREFACE)] != PREFACE[: len(held)]:
            raise ConnectionBroken(ErrorCodes.PROTOCOL_ERROR, Reason.REQUEST_MALFORMED, "no HTTP/2 preface")
        if len(held) < len(PREFACE):
            self.unfinished = (HEADERS, 0)
            return False
        self._preface = False
        del held[: len(PREFACE)]
        return True

    def _next(self) -> Frame | None:
        data = self._data
        if len(data) < _PREFIX:
            self.unfinished = (HEADERS, 0) if data else None
            return None
        length = data[0] << 16 | data[1] << 8 | data[2]
        if length > LARGEST:
            raise ConnectionBroken(ErrorCodes.FRAME_SIZE_ERROR, Reason.REQUEST_MALFORMED, f"a frame of {length} octets")
        kind, flags, stream = data[3], data[4], int.from_bytes(data[5:9], "big") & 0x7FFF_FFFF
        end = _PREFIX + length
        if len(data) < end:
            self.unfinished = (kind, stream)
            return None
        octets = bytes(data[:end])
        del data[:end]
        return Frame(kind, flags, stream, octets)


def goaway(last: int, code: ErrorCodes) -> bytes:
    """Return a GOAWAY frame (section 6.8).

    Args:
        last: the last stream that was, or may yet be, worked on.
        code: why.
    """
    return struct.pack(">HBBBLLL", 0, 8, GOAWAY, 0, 0, last, code)
