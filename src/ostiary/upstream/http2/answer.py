"""Heads and trailers of answers, strictly (RFC 9113, sections 8.1 to 8.3).

HPACK carries any octet. An answer that could mean something else on the caller's side, which may speak HTTP/1.1, is
malformed, and refused.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ostiary.errors import UpstreamInvalid
from ostiary.http2.hpack.decoder import Fields
from ostiary.http2.names import NAME, OF_CONNECTIONS, USUAL, VALUE
from ostiary.model import Headers, fold
from ostiary.remember import Remembered
from ostiary.upstream.headers import HOP_BY_HOP, Passing
from ostiary.upstream.trailers import FROM_UPSTREAM

_PASSING: Final = Passing(HOP_BY_HOP | {b"x-request-id"})  # the edge writes its own
_STATUS: Final = re.compile(rb"[1-5][0-9]{2}")
_DIGITS: Final = 18  # of a Content-Length: what everybody can count
_SWITCHING: Final = 101


class AnswerHead(NamedTuple):
    """What the head of an answer says.

    Attributes:
        status: 100 to 599, and not 101.
        length: octets of content that it announces; None when it says nothing of that.
        headers: end-to-end fields.
    """

    status: int
    length: int | None
    headers: Headers


def read_answer(fields: Fields) -> AnswerHead:
    """Return what a block of fields says.

    Raises:
        UpstreamInvalid: it is malformed.
    """
    if not fields or fields[0][0] != b":status" or not _STATUS.fullmatch(fields[0][1]):
        raise UpstreamInvalid(":status is missing, or not the first, or no status")
    status = int(fields[0][1])
    if status == _SWITCHING:
        raise UpstreamInvalid("101 over HTTP/2")  # section 8.6
    length: bytes | None = None
    passing = []
    for name, value in fields[1:]:
        folded = _folded(name, value)
        if folded == b"content-length":
            if name != folded or not value.isdigit() or len(value) > _DIGITS or length is not None:
                raise UpstreamInvalid("content-length repeated or malformed")
            length = value
        elif _PASSING.lets(folded):
            passing.append((name, folded, value))
    return AnswerHead(status, None if length is None else int(length), Headers(passing))


def read_trailers(fields: Fields) -> Headers | None:
    """Return what comes behind the content, as far as it passes; None for nothing.

    Raises:
        UpstreamInvalid: it is malformed.
    """
    read = [(name, _folded(name, value), value) for name, value in fields]
    passing = [field for field in read if FROM_UPSTREAM.lets(field[1])]
    return Headers(passing) if passing else None


def _judge(name: bytes) -> bytes:
    """Return the folded name of an ordinary field, or b"" for one that is none."""
    return fold(name) if NAME.fullmatch(name) and name not in OF_CONNECTIONS else b""


_JUDGED: Final = Remembered(_judge)


def _folded(name: bytes, value: bytes) -> bytes:
    folded = _JUDGED.of(name) if len(name) <= USUAL else _judge(name)
    if not folded:
        raise UpstreamInvalid("a field that has no place in an answer over HTTP/2")
    if not VALUE.fullmatch(value):
        raise UpstreamInvalid("a field with what no value has")
    return folded
