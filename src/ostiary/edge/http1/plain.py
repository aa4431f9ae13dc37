"""Heads that are plain: read at a glance, without the parser.

Nearly every request without a body is plain: a common method, one target, plain lines, each name once.
Such a head is taken apart here; everything else goes to the parser from its first octet on. What is
plain is plain to the parser too, and means the same (tests compare the two).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

from ostiary.edge.http1.exchange import Exchange
from ostiary.errors import BadRequest
from ostiary.model import Headers, Peer, Request
from ostiary.remember import MANY, TEXT, Remembered
from ostiary.routing.path import canonical_host, canonical_path
from ostiary.wire import Field, FieldLines

_LINE: Final = re.compile(rb"(GET|HEAD|DELETE|OPTIONS) (/[\x21-\x7e]*) HTTP/1\.1")
_LONGEST: Final = 512  # octets of a request line that may be plain
_CLOSER: Final = frozenset(
    (
        *(b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer"),
        *(b"http2-settings", b"proxy-connection"),
    )
)


def _plain(field: Field) -> Field | None:
    """Return a field, unless it is about framing or about the connection, and wants a closer look."""
    _, folded, value = field
    closer = folded in _CLOSER or (folded == b"connection" and value.lower() != b"keep-alive")
    return None if closer else field


class Asked(NamedTuple):
    """What a request line says."""

    method: str
    target: bytes
    path: str


def _ask(line: bytes) -> Asked | None:
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    method, target = match.groups()
    try:
        return Asked(method.decode(), target, canonical_path(target))
    except BadRequest:
        return None


PlainHead: TypeAlias = tuple[Asked, str, bytes, Headers]
"""What a plain head says (HTTP/1.1, no body, the connection stays): request line, host, Host field, fields."""

_ASKED: Final = Remembered(_ask, MANY, TEXT)
_FIELDS: Final = FieldLines(_plain)


def read_plain(data: bytes, most: int) -> PlainHead | None:
    """Return the head, or None when it is not plain.

    Args:
        data: octets that end with an empty line.
        most: fields that a head may have.
    """
    lines = data[:-4].split(b"\r\n")
    first = lines[0]
    asked = _ASKED.of(first) if len(first) <= _LONGEST else None
    del lines[0]
    if asked is None or len(lines) > most:
        return None
    fields = []
    names = {}
    for line in lines:
        field = _FIELDS.read(line)
        if field is None:
            return None
        fields.append(field)
        names[field[1]] = field[2]
    authority = names.get(b"host")
    if authority is None or len(names) != len(fields):
        return None
    try:
        host = canonical_host(authority)
    except BadRequest:
        return None
    return asked, host, authority, Headers(fields)


def plain_request(head: PlainHead, exchange: Exchange, peer: Peer, scheme: str) -> Request:
    """Return the request that a plain head begins, and ends."""
    asked, host, authority, headers = head
    return Request(
        id=exchange.id,
        method=asked.method,
        target=asked.target,
        path=asked.path,
        host=host,
        authority=authority,
        scheme=scheme,
        headers=headers,
        peer=peer,
        body=exchange,
        record=exchange.record,
    )
