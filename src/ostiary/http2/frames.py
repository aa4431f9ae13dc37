"""Octets <-> frames (RFC 9113, section 4), before anybody has worked on them.

Only the nine octets before each payload are read here. That is enough to count frames, to bound them, and to
refuse one that is too large before it has been kept.
"""

from __future__ import annotations

import struct
from typing import Final

from ostiary.http2.codes import Code, broken

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITISED = 0x4, 0x8, 0x20

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
LARGEST: Final = 16_384
"""Octets of a payload: the initial value of SETTINGS_MAX_FRAME_SIZE (section 6.5.2), which we leave as it is."""

_PREFIX: Final = 9
_HEAD: Final = struct.Struct(">BHBBL")
_STREAM: Final = 0x7FFF_FFFF


class Frame:
    """One frame.

    Attributes:
        kind: its type.
        flags: its flags.
        stream: the stream it is about; 0 for the connection.
        payload: what is in it.
    """

    __slots__ = ("flags", "kind", "payload", "stream")

    def __init__(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload


class Frames:
    """Cuts what comes in into frames.

    Args:
        preface: what comes begins with the preface of a client (section 3.4).

    Attributes:
        unfinished: the kind and the stream of a frame that has begun and not ended, or None. What has not come far
            enough to tell counts as HEADERS.
    """

    __slots__ = ("_at", "_data", "_preface", "unfinished")

    def __init__(self, *, preface: bool = True) -> None:
        self._data = b""
        self._at = 0
        self._preface = preface
        self.unfinished: tuple[int, int] | None = None

    def take(self, data: bytes) -> None:
        """Take what has come. What is left over of the last time is less than one frame."""
        self._data = self._data[self._at :] + data if self._at < len(self._data) else bytes(data)
        self._at = 0

    def next(self) -> Frame | None:
        """Return the next frame; None when no more of them are whole.

        Raises:
            ConnectionBroken: this is not HTTP/2, or a frame is too large.
        """
        if self._preface and not self._after_preface():
            return None
        data, at = self._data, self._at
        left = len(data) - at - _PREFIX
        if left < 0:
            self._keep_rest()
            return None
        high, low, kind, flags, stream = _HEAD.unpack_from(data, at)
        length = high << 16 | low
        if length > LARGEST:
            raise broken(Code.FRAME_SIZE_ERROR, f"a frame of {length} octets")
        stream &= _STREAM
        if left < length:
            self.unfinished = (kind, stream)
            return None
        begin = at + _PREFIX
        self._at = begin + length
        return Frame(kind, flags, stream, data[begin : begin + length])

    def _keep_rest(self) -> None:
        """Keep what is less than the head of a frame, and of what was worked on nothing."""
        self._data, self._at = self._data[self._at :], 0
        self.unfinished = (HEADERS, 0) if self._data else None

    def _after_preface(self) -> bool:
        held = self._data
        if held[: len(PREFACE)] != PREFACE[: len(held)]:
            raise broken(Code.PROTOCOL_ERROR, "no HTTP/2 preface")
        if len(held) < len(PREFACE):
            self.unfinished = (HEADERS, 0)
            return False
        self._preface = False
        self._at = len(PREFACE)
        return True


def frame_head(kind: int, size: int, flags: int, stream: int) -> bytes:
    """Return the octets before a payload of some size."""
    return _HEAD.pack(size >> 16, size & 0xFFFF, kind, flags, stream)


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    """Return a frame."""
    return frame_head(kind, len(payload), flags, stream) + payload


def number_frame(kind: int, stream: int, number: int) -> bytes:
    """Return a frame whose payload is one number: RST_STREAM and WINDOW_UPDATE."""
    return frame(kind, number.to_bytes(4, "big"), 0, stream)


def goaway(last: int, code: int) -> bytes:
    """Return a GOAWAY frame (section 6.8).

    Args:
        last: the last stream that was, or may yet be, worked on.
        code: why.
    """
    return frame(GOAWAY, struct.pack(">LL", last, code))
