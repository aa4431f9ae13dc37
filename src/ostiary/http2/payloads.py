"""What is in a frame around what it is about (RFC 9113, sections 6.1 to 6.3)."""

from __future__ import annotations

from typing import Final

from ostiary.http2.codes import Code, ConnectionBroken, broken
from ostiary.http2.frames import PADDED, PRIORITISED
from ostiary.http2.hpack.decoder import Fields
from ostiary.reasons import Reason

_NUMBER: Final = 0x7FFF_FFFF
_DEPENDENCY: Final = 5


def unpadded(payload: bytes) -> bytes:
    """Return what a padded payload holds.

    Raises:
        ConnectionBroken: there is more padding than payload.
    """
    if not payload:
        raise broken(Code.FRAME_SIZE_ERROR, "a padded frame without octets")
    end = len(payload) - payload[0]
    if end < 1:
        raise broken(Code.PROTOCOL_ERROR, "more padding than payload")
    return payload[1:end]


def fragment(flags: int, stream: int, payload: bytes) -> bytes:
    """Return the piece of a block of fields that a HEADERS frame holds.

    Raises:
        ConnectionBroken: it is padded beyond itself, or its stream depends on itself.
    """
    if flags & PADDED:
        payload = unpadded(payload)
    if flags & PRIORITISED:
        check_dependency(stream, payload[:_DEPENDENCY])
        payload = payload[_DEPENDENCY:]
    return payload


def check_dependency(stream: int, payload: bytes) -> None:
    """Refuse a priority that makes no sense (RFC 7540, section 5.3.1). Others are ignored, as RFC 9113 has it."""
    if len(payload) != _DEPENDENCY:
        raise broken(Code.FRAME_SIZE_ERROR, "a priority of the wrong size")
    if number(payload) == stream:
        raise broken(Code.PROTOCOL_ERROR, "a stream that depends on itself")


def number(payload: bytes) -> int:
    """Return the number of 31 bits that a payload begins with."""
    return int.from_bytes(payload[:4], "big") & _NUMBER


def announced(fields: Fields) -> int | None:
    """Return how much content a head announces (section 8.1.1).

    Raises:
        ConnectionBroken: it announces two things, or none that is a number.
    """
    length = None
    for name, value in fields:
        if name == b"content-length":
            if not value.isdigit() or length not in (None, value):
                raise broken(Code.PROTOCOL_ERROR, "a length that is no number, or not the only one")
            length = value
    return None if length is None else _small(length)


def _small(digits: bytes) -> int:
    """Return the number; what has more digits than any length is larger than any length."""
    return int(digits[:20])


def not_as_announced() -> ConnectionBroken:
    """Return the end of a connection on which less or more has come than a head announced."""
    detail = "content of another length than announced"
    return ConnectionBroken(Code.PROTOCOL_ERROR, Reason.REQUEST_AMBIGUOUS, detail)
