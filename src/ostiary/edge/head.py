"""What makes the head of a request acceptable, whichever edge it came through.

Ambiguity is refused here, before anything is matched: a header that may stand once stands once, in
one spelling; the path has one reading; the host that was asked for is the host of the connection.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import count
from secrets import token_hex
from typing import Final

from ostiary.errors import BadRequest, MethodNotAllowed, MisdirectedRequest, TargetTooLong
from ostiary.model import Body, Headers, Peer, Record, Request
from ostiary.reasons import Reason
from ostiary.routing.path import canonical_host, canonical_path

_ONCE: Final = frozenset({b"host", b"authorization", b"content-length", b"content-type", b"transfer-encoding"})
"""Fields that may stand once (RFC 9110, section 5.3): two of them are read in two ways."""

_ONE_SPELLING: Final = frozenset({b"content-length", b"transfer-encoding"})
"""Framing fields with a `-`: `Content_Length` is framing to some upstreams and not to others."""

_FORBIDDEN: Final = bytes(set(range(32)) - {9}) + b"\x7f"
"""What no field value holds (RFC 9110, section 5.5)."""

_LONGEST: Final = 18
"""Digits of a Content-Length that fit into 64 bits."""

_PROTOCOL: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:/[A-Za-z0-9!#$%&'*+.^_`|~-]+)?")

_OCTETS: Final = tuple(f"{octet:02x}" for octet in range(256))


def _counted() -> Iterator[str]:
    """Count. Formatting a number takes as long as a few dozen additions, so the last octet is not formatted."""
    prefix = token_hex(6)
    for high in count():
        start = f"{prefix}{high:08x}"
        for octet in _OCTETS:
            yield start + octet


_IDS = _counted()


def _copied() -> None:
    """Begin anew: a process that was copied (fork(2)) gives none of the ids that the others give."""
    global _IDS  # noqa: PLW0603 - once, before it serves
    _IDS = _counted()


os.register_at_fork(after_in_child=_copied)


def next_id() -> str:
    """Return a request id, unique across processes. It identifies; it protects nothing."""
    return next(_IDS)


def check_target(target: bytes, most: int) -> None:
    """Refuse a target that is longer than it may be.

    Raises:
        TargetTooLong: it is (RFC 9112, section 3).
    """
    if len(target) > most:
        raise TargetTooLong(f"{len(target)} octets")


def check_fields(headers: Headers) -> None:
    """Refuse fields that can be read in two ways.

    Raises:
        BadRequest: a field that may stand once is repeated, or a framing field is misspelt.
    """
    seen: set[bytes] | None = None
    for name, folded, value in headers.fields:
        if value.translate(None, _FORBIDDEN) != value:
            raise BadRequest("a field with control characters")
        if folded in _ONCE:
            if folded in _ONE_SPELLING and name.lower() != folded:
                raise BadRequest("a framing field in another spelling", reason=Reason.REQUEST_AMBIGUOUS)
            if seen is None:
                seen = {folded}
            elif folded in seen:
                raise BadRequest(f"{folded.decode()} is repeated", reason=Reason.REQUEST_AMBIGUOUS)
            else:
                seen.add(folded)


def body_length(headers: Headers, *, old: bool) -> int | None:
    """Return the octets of the body: 0 for none, None for a chunked one (RFC 9112, section 6.3).

    Args:
        headers: fields that `check_fields` has let pass.
        old: whether this is HTTP/1.0, which knows no codings.

    Raises:
        BadRequest: the body is framed in two ways, or in a way that is not known.
    """
    length = headers.get(b"content-length")
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or old or coding.lower() != b"chunked":
            raise BadRequest("a body framed in two ways, or in an unknown one", reason=Reason.REQUEST_AMBIGUOUS)
        return None
    if length is None:
        return 0
    if not length.isdigit() or len(length) > _LONGEST:
        raise BadRequest("Content-Length is not a number", reason=Reason.REQUEST_AMBIGUOUS)
    return int(length)


def upgrade_of(request: Request, length: int | None) -> bytes:
    """Return the protocol that a request asks to change to (RFC 9110, section 7.8), in lower case.

    Raises:
        BadRequest: it asks with a method or a body that no protocol we could pass on begins with, or for several.
    """
    asked = request.headers.all(b"upgrade")
    if len(asked) != 1 or not _PROTOCOL.fullmatch(asked[0]) or request.method != "GET" or length != 0:
        raise BadRequest("an upgrade that cannot be passed on", reason=Reason.UPGRADE_UNSUPPORTED)
    return asked[0].lower()


def _authority(headers: Headers) -> bytes:
    authority = headers.get(b"host")
    if authority is None:
        raise BadRequest("there is no Host", reason=Reason.HOST_INVALID)
    return authority


def read_head(
    *,
    id: str,  # noqa: A002 - the word of the house
    method: str,
    target: bytes,
    headers: Headers,
    peer: Peer,
    scheme: str,
    body: Body,
    record: Record,
) -> Request:
    """Return the request, or refuse it.

    Raises:
        BadRequest: the head is ambiguous, or its host or path is not valid.
        MethodNotAllowed: CONNECT and TRACE are never forwarded (RFC 9110, sections 9.3.6 and 9.3.8).
        MisdirectedRequest: TLS was set up for another host (RFC 9110, section 15.5.20).
    """
    check_fields(headers)
    if method in ("CONNECT", "TRACE"):
        raise MethodNotAllowed(f"{method} is never forwarded")
    authority = _authority(headers)
    host, path = canonical_host(authority), canonical_path(target)
    if peer.server_name is not None and peer.server_name.lower().rstrip(".") != host:
        raise MisdirectedRequest("Host differs from the name that TLS was set up for")
    return Request(
        id=id,
        method=method,
        target=target,
        path=path,
        host=host,
        authority=authority,
        scheme=scheme,
        headers=headers,
        peer=peer,
        body=body,
        record=record,
    )
