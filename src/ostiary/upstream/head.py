"""The head of the request, in octets (RFC 9112, section 3)."""

from __future__ import annotations

from typing import Final

from ostiary.errors import InternalError
from ostiary.model import Outbound, Request
from ostiary.reasons import Reason

_WITH_CONTENT: Final = frozenset(("POST", "PUT", "PATCH"))


def request_head(outbound: Outbound, host: bytes, length: int | None) -> bytes:
    """Return the request line and the fields, framed for a body of that length (None: chunked).

    Raises:
        InternalError: something in it would be read as the end of a line. Edges and injectors refuse
            such values; should one get this far, it is not sent.
    """
    target, fields = outbound.target, outbound.headers.fields
    head = b"%b %b HTTP/1.1\r\nHost: %b\r\n%b%b\r\n" % (
        outbound.request.method.encode(),
        target,
        host,
        b"".join([b"%b: %b\r\n" % (name, value) for name, _, value in fields]),
        framing := _framing(outbound.request, length),
    )
    lines = len(fields) + 3 + framing.count(b"\n")
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b" " in target or b"\0" in head:
        raise InternalError("the outbound head has a line break or a blank in a value", reason=Reason.INJECTION_UNSAFE)
    return head


def _framing(request: Request, length: int | None) -> bytes:
    if request.upgrade is not None:
        return b"Connection: Upgrade\r\nUpgrade: %b\r\n" % request.upgrade
    if length is None:
        return b"Transfer-Encoding: chunked\r\n"
    if length or request.method in _WITH_CONTENT:
        return b"Content-Length: %d\r\n" % length
    return b""
