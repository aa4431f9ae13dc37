"""The head of the request, in octets (RFC 9112, section 3)."""

from __future__ import annotations

from typing import Final

from ostiary.errors import InternalError
from ostiary.model import Outbound, Request
from ostiary.reasons import Reason
from ostiary.wire import Field, head_octets

_NUL, _LF, _CR, _BLANK = b"\0\n\r "  # an octet is found in octets much faster than a string of one
_WITH_CONTENT: Final = frozenset(("POST", "PUT", "PATCH"))


def request_head(outbound: Outbound, host: bytes, length: int | None) -> bytes:
    """Return the request line and the fields, framed for a body of that length (None: chunked).

    Raises:
        InternalError: something in it would be read as the end of a line. Edges and injectors refuse
            such values; should one get this far, it is not sent.
    """
    request, target, fields = outbound.request, outbound.target, outbound.headers.fields
    method = request.method.encode()
    first = [method, b" ", target, b" HTTP/1.1\r\nHost: ", host, b"\r\n"]
    _check([method, target, host, request.upgrade or b""], fields)
    if _BLANK in target:
        raise InternalError("the outbound target has a blank in it", reason=Reason.INJECTION_UNSAFE)
    return head_octets(first, fields, _framing(request, length))


def _check(said: list[bytes], fields: list[Field]) -> None:
    for name, _, value in fields:
        said.append(name)
        said.append(value)
    together = b"".join(said)
    if _CR in together or _LF in together or _NUL in together:
        raise InternalError("the outbound head has a line break in a value", reason=Reason.INJECTION_UNSAFE)


def _framing(request: Request, length: int | None) -> bytes:
    if request.upgrade is not None:
        return b"Connection: Upgrade\r\nUpgrade: %b\r\n" % request.upgrade
    if length is None:
        return b"Transfer-Encoding: chunked\r\n"
    if length or request.method in _WITH_CONTENT:
        return b"Content-Length: %d\r\n" % length
    return b""
