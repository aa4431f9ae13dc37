"""The head of the request, as fields of HTTP/2 (RFC 9113, section 8.3.1)."""

from __future__ import annotations

import re
from math import inf
from typing import Final

from ostiary.errors import InternalError
from ostiary.grpc import write_timeout
from ostiary.http2.names import NAME
from ostiary.model import Headers, Outbound
from ostiary.reasons import Reason

TRAILERS: Final = (b"te", b"trailers")
"""The one thing that may be said of transfer codings (section 8.2.2); servers of gRPC want to hear it."""
INDEXED: Final = frozenset(
    {
        *(b":authority", b"accept", b"accept-encoding", b"accept-language", b"content-type", b"user-agent"),
        *(b"grpc-accept-encoding", b"grpc-encoding", b"x-forwarded-host", b"x-forwarded-proto"),
    }
)
"""Names that may enter the table of a connection. All callers share it: what is injected, or one's own, stays out."""

_TIMEOUT: Final = b"grpc-timeout"
_BREAKS: Final = re.compile(rb"[\0\r\n]")
_WITH_CONTENT: Final = frozenset(("POST", "PUT", "PATCH"))

Field = tuple[bytes, bytes]


def request_fields(
    outbound: Outbound, scheme: str, host: bytes, length: int | None, *, call: bool, left: float
) -> list[Field]:
    """Return the fields of a request.

    Args:
        outbound: what the permit opened, and injectors have written.
        scheme: of the connection.
        host: what is said to be asked.
        length: octets of its content; None when nobody knows.
        call: it is a call of gRPC.
        left: seconds that its caller will still wait; `inf` when he does not say.

    Raises:
        InternalError: something in it could be read as something else. Edges and injectors refuse
            such values; should one get this far, it is not sent.
    """
    request = outbound.request
    fields = [
        (b":method", request.method.encode()),
        (b":scheme", scheme.encode()),
        (b":authority", host),
        (b":path", outbound.target),
    ]
    fields += _told(outbound.headers, left)
    if call or request.headers.get(b"te") == TRAILERS[1]:
        fields.append(TRAILERS)
    if length or (length == 0 and request.method in _WITH_CONTENT):
        fields.append((b"content-length", b"%d" % length))
    if b" " in outbound.target or any(_BREAKS.search(value) for _, value in fields):
        raise InternalError("the outbound head has a line break or a blank in a value", reason=Reason.INJECTION_UNSAFE)
    return fields


def _told(headers: Headers, left: float) -> list[Field]:
    told = []
    for name, folded, value in headers.fields:
        lower = name.lower()
        if not NAME.fullmatch(lower):
            raise InternalError("the outbound head has a name that is none", reason=Reason.INJECTION_UNSAFE)
        if folded == _TIMEOUT and left < inf:
            told.append((_TIMEOUT, write_timeout(left)))
        else:
            told.append((lower, value.strip(b" \t")))  # section 8.2.1
    return told
