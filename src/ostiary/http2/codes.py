"""Why a stream or a connection ends (RFC 9113, section 7)."""

from __future__ import annotations

from enum import IntEnum

from ostiary.reasons import Reason


class Code(IntEnum):
    """An error code. NO_ERROR is one, too."""

    NO_ERROR = 0x0
    PROTOCOL_ERROR = 0x1
    INTERNAL_ERROR = 0x2
    FLOW_CONTROL_ERROR = 0x3
    STREAM_CLOSED = 0x5
    FRAME_SIZE_ERROR = 0x6
    REFUSED_STREAM = 0x7
    CANCEL = 0x8
    COMPRESSION_ERROR = 0x9
    ENHANCE_YOUR_CALM = 0xB


class ConnectionBroken(Exception):
    """The connection cannot go on, and none of its streams (RFC 9113, section 5.4.1).

    Attributes:
        code: what the other end is told.
        reason: what the log says.
        detail: for the log.
    """

    def __init__(self, code: Code, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.reason = reason
        self.detail = detail


def broken(code: Code, detail: str) -> ConnectionBroken:
    """Return the end of a connection whose other end does not keep to the protocol."""
    return ConnectionBroken(code, Reason.REQUEST_MALFORMED, detail)
