"""How a call ends: with a code in trailers, whatever the status of HTTP (gRPC over HTTP/2, "Responses")."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from ostiary.model import Headers


class Code(IntEnum):
    """The codes of gRPC that are said here."""

    OK = 0
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class CallFailed(Exception):
    """A call that ends without a message. Its text is for whoever has called, and holds nothing that came.

    Attributes:
        code: what the call ends with.
        text: why.
    """

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


_MEANS: Final[Mapping[int, Code]] = MappingProxyType(
    {
        400: Code.INVALID_ARGUMENT,
        401: Code.UNAUTHENTICATED,
        404: Code.NOT_FOUND,
        429: Code.RESOURCE_EXHAUSTED,
        500: Code.INTERNAL,
        502: Code.UNAVAILABLE,
        503: Code.UNAVAILABLE,
        504: Code.DEADLINE_EXCEEDED,
    }
)

_PLAIN: Final = "".join(chr(one) for one in range(0x20, 0x7F) if one != 0x25)  # noqa: PLR2004 - visible ASCII but `%`


def code_of(status: int) -> Code:
    """Return the code that says nearest what a status of HTTP says. It is never OK: it stands for refusals."""
    return _MEANS.get(status, Code.PERMISSION_DENIED)


def trailers(code: Code, text: str = "") -> Headers:
    """Return the fields that end a call. The text is percent-encoded (gRPC over HTTP/2, "Percent-Encoded")."""
    fields = [(b"grpc-status", b"%d" % code)]
    if text:
        fields.append((b"grpc-message", quote(text, safe=_PLAIN).encode("ascii")))
    return Headers.of(fields)
