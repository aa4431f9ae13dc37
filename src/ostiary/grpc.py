"""The words of gRPC that stand in fields of HTTP/2: who speaks it, and how a call ends.

The rules are those of the gRPC project: "gRPC over HTTP2" (Requests, Responses), "Status codes and their use in
gRPC", and "HTTP to gRPC Status Code Mapping". Nothing here needs its messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from ostiary.model import Headers

CONTENT_TYPE: Final = b"application/grpc"


class Code(IntEnum):
    """The codes of gRPC that are said here."""

    OK = 0
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


REFUSALS: Final[Mapping[int, Code]] = MappingProxyType(
    {
        400: Code.INTERNAL,  # what a library says of HTTP that it cannot read; INVALID_ARGUMENT is the service's word
        401: Code.UNAUTHENTICATED,
        403: Code.PERMISSION_DENIED,
        404: Code.UNIMPLEMENTED,  # the path of a call is its method: NOT_FOUND is the service's word, too
        405: Code.UNIMPLEMENTED,
        408: Code.DEADLINE_EXCEEDED,
        413: Code.RESOURCE_EXHAUSTED,
        414: Code.RESOURCE_EXHAUSTED,
        429: Code.RESOURCE_EXHAUSTED,
        431: Code.RESOURCE_EXHAUSTED,
        500: Code.INTERNAL,
        501: Code.UNIMPLEMENTED,
        502: Code.UNAVAILABLE,
        503: Code.UNAVAILABLE,
        504: Code.DEADLINE_EXCEEDED,  # and not UNAVAILABLE, which clients take for an invitation to call again
    }
)
"""What a gateway's refusals are called, by their status of HTTP."""

_STATUS: Final = re.compile(rb"0|[1-9][0-9]?")
_LAST: Final = 16
_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_SECONDS: Final = MappingProxyType({b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9})
_FINEST: Final = ((b"u", 1_000_000), (b"m", 1_000), (b"S", 1))
_MOST: Final = 99_999_999  # eight digits
_PLAIN: Final = "".join(chr(one) for one in range(0x20, 0x7F) if one != 0x25)  # noqa: PLR2004 - visible ASCII but `%`


def is_call(content_type: bytes | None) -> bool:
    """Whether a request of that type is a call of gRPC. gRPC-Web is none: it is written for HTTP/1.1."""
    if content_type is None or not content_type.startswith(CONTENT_TYPE):
        return False
    return content_type[len(CONTENT_TYPE) :][:1] in (b"", b"+", b";", b" ")


def refusal_code(status: int) -> Code:
    """Return the code for a refusal whose status of HTTP this is; UNKNOWN where no code says the same."""
    return REFUSALS.get(status, Code.UNKNOWN)


def read_status(value: bytes | None) -> int | None:
    """Return the number that `grpc-status` says, of any code there is; None when it says none."""
    number = int(value) if value is not None and _STATUS.fullmatch(value) else _LAST + 1
    return number if number <= _LAST else None


def trailers(code: Code, text: str = "") -> Headers:
    """Return the fields that end a call. The text is percent-encoded (gRPC over HTTP/2, "Percent-Encoded")."""
    fields = [(b"grpc-status", b"%d" % code)]
    if text:
        fields.append((b"grpc-message", quote(text, safe=_PLAIN).encode("ascii")))
    return Headers.of(fields)


def read_timeout(value: bytes) -> float | None:
    """Return the seconds that a call may take, as `grpc-timeout` says; None when it says no time."""
    found = _TIMEOUT.fullmatch(value)
    return None if found is None else int(found[1]) * _SECONDS[found[2]]


def write_timeout(seconds: float) -> bytes:
    """Return the value of `grpc-timeout`, in the finest unit that holds it; a call that is over has 1 microsecond."""
    for unit, per_second in _FINEST:
        count = int(seconds * per_second)
        if count <= _MOST:
            return b"%d%b" % (max(count, 1), unit)
    return b"%dH" % min(int(seconds / _SECONDS[b"H"]), _MOST)
