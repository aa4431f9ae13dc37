"""The fields of an HTTP/2 request -> method, target and fields as HTTP/1.1 has them (RFC 9113, section 8).

HPACK carries any octet in names and values. What would be something else on the other side, which speaks
HTTP/1.1, is refused here: it would be another request there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from ostiary.edge.head import body_length
from ostiary.errors import BadRequest
from ostiary.http2.names import NAME, OF_CONNECTIONS, USUAL, VALUE
from ostiary.model import Headers, fold
from ostiary.reasons import Reason
from ostiary.remember import Remembered

Fields: TypeAlias = Sequence[tuple[bytes, bytes]]

_METHOD: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PSEUDO: Final = frozenset({b":method", b":scheme", b":authority", b":path", b":protocol"})
_SCHEMES: Final = frozenset({b"http", b"https"})


class Malformed(BadRequest):
    """The request is malformed: a stream error, before which it may be answered (section 8.1.1)."""


class Head(NamedTuple):
    """What an HTTP/2 head says.

    Attributes:
        method: as received.
        target: path and query as received.
        headers: the fields; `host` is the authority, and cookies are one field.
        protocol: the one that a tunnel is asked for, or None.
    """

    method: str
    target: bytes
    headers: Headers
    protocol: bytes | None = None


def shown(fields: Fields) -> tuple[str, bytes]:
    """Return method and target for the log, whatever else is wrong with the head."""
    said = {name: value for name, value in reversed(fields) if name in (b":method", b":path")}
    return said.get(b":method", b"").decode("latin-1"), said.get(b":path", b"")


def read(fields: Fields, scheme: str, *, either: bool = False, tunnels: bool = False) -> Head:
    """Return what a block of fields says.

    Args:
        fields: as HPACK has decoded them.
        scheme: of the connection: a request for another one is not ours.
        either: the other end writes either scheme, and nothing depends on it.
        tunnels: the caller knows that he may ask for a protocol (RFC 8441, section 4).

    Raises:
        Malformed: it says more than one thing, or what no request says.
    """
    pseudo, rest = _split(fields)
    method = pseudo.get(b":method", b"")
    if not _METHOD.fullmatch(method):
        raise Malformed(":method is missing, or no token")
    protocol = pseudo.get(b":protocol")
    if protocol is not None and (method != b"CONNECT" or not tunnels):
        raise Malformed(":protocol where none can be asked for")
    if method != b"CONNECT" or protocol is not None:  # without one it has neither (section 8.5), and is refused later
        said = pseudo.get(b":scheme")
        if said != scheme.encode() and not (either and said in _SCHEMES):
            raise Malformed(":scheme is missing, or not that of the connection")
        if not pseudo.get(b":path"):
            raise Malformed(":path is missing, or empty", reason=Reason.PATH_INVALID)
    headers = _checked(rest)
    _name_host(headers, pseudo.get(b":authority"))
    return Head(method.decode("ascii"), pseudo.get(b":path", b""), headers, protocol)


def _split(fields: Fields) -> tuple[dict[bytes, bytes], Fields]:
    """Part the pseudo-header fields, which come first and once (section 8.3), from the others."""
    pseudo: dict[bytes, bytes] = {}
    for at, (name, value) in enumerate(fields):
        if not name.startswith(b":"):
            return pseudo, fields[at:]
        if name not in _PSEUDO:
            raise Malformed("an unknown pseudo-header field")
        if name in pseudo:
            raise Malformed(f"{name.decode()} is repeated", reason=Reason.REQUEST_AMBIGUOUS)
        pseudo[name] = value
    return pseudo, ()


def _checked(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    headers = Headers()
    crumbs: list[bytes] = []
    for name, value in fields:
        folded = _folded(name)
        if value.strip(b" \t") != value:
            raise Malformed("a value with white space around it")  # section 8.2.1
        if name == b"cookie":
            crumbs.append(value)
        elif name == b"te" and value.lower() != b"trailers":
            raise Malformed("te: not trailers")  # section 8.2.2
        else:
            headers.fields.append((name, folded, value))
    if crumbs:
        headers.add(b"cookie", b"; ".join(crumbs))  # section 8.2.3
    return headers


def _judge(name: bytes) -> bytes:
    """Return the folded name of an ordinary field.

    Raises:
        Malformed: it is no token in lower case (section 8.2.1), or is about one connection (section 8.2.2).
    """
    if not NAME.fullmatch(name):
        raise Malformed("a field name that is no token in lower case, or a pseudo-header field behind others")
    if name in OF_CONNECTIONS:
        raise Malformed(f"{name.decode()} in HTTP/2", reason=Reason.REQUEST_AMBIGUOUS)
    return fold(name)


_JUDGED: Final = Remembered(_judge)


def _folded(name: bytes) -> bytes:
    """Return the folded name of an ordinary field, or refuse it; names of a usual length are judged once."""
    return _JUDGED.of(name) if len(name) <= USUAL else _judge(name)


def _name_host(headers: Headers, authority: bytes | None) -> None:
    """Write the authority as Host; where both are there, they agree (section 8.3.1)."""
    if authority is None:
        return
    host = headers.get(b"host")
    if host is None:
        headers.fields.insert(0, (b"host", b"host", authority))
    elif host != authority:
        raise Malformed("Host differs from :authority", reason=Reason.HOST_INVALID)


def read_trailers(fields: Fields, *, tunnel: bool = False) -> Headers:
    """Return the fields of a trailer section (section 8.1).

    Raises:
        Malformed: it could be taken for something else, or stands behind a tunnel (section 8.5).
    """
    if tunnel:
        raise Malformed("fields behind a tunnel")
    for _, value in fields:
        if not VALUE.fullmatch(value):
            raise Malformed("a trailer's value with what no value has")
    return _checked(fields)


def content_length(headers: Headers, *, ended: bool) -> int | None:
    """Return the octets of the body: 0 for none, None when that is not said.

    Args:
        headers: fields that `check_fields` has let pass.
        ended: whether the stream ended with its head.

    Raises:
        Malformed: there is a length and no content.
    """
    length = body_length(headers, old=False)
    if ended and length:
        raise Malformed("a length without content", reason=Reason.REQUEST_AMBIGUOUS)
    return None if not ended and headers.get(b"content-length") is None else length
