"""The head of a stream -> the request that the gateway is asked."""

from __future__ import annotations

from ostiary.config.schema import ListenerLimits
from ostiary.edge.head import check_target, read_head
from ostiary.edge.http2.head import Fields, content_length, read
from ostiary.edge.http2.opening import WEBSOCKET, open_tunnel
from ostiary.edge.http2.stream import Http2Stream
from ostiary.edge.listening import Listening
from ostiary.errors import BadRequest, ContentTooLarge, HeadersTooLarge
from ostiary.model import Headers, Peer, Request


def read_request(
    stream: Http2Stream, fields: Fields, listening: Listening, limits: ListenerLimits, peer: Peer
) -> Request:
    """Return the request of a stream, and note on the stream how its body is framed.

    Args:
        stream: with `read` set when the stream ended with its head.
        fields: as HPACK has decoded them.
        listening: whose connection it is.
        limits: of the listener, as they are for this connection.
        peer: who is on the line.

    Raises:
        HeadersTooLarge, TargetTooLong: the head is larger than the limits.
        BadRequest: it is malformed or ambiguous.
        MethodNotAllowed, MisdirectedRequest, ContentTooLarge: as for any edge.
    """
    _measure(fields, limits)
    head = read(fields, listening.scheme, either=listening.either_scheme, tunnels=listening.tunnels)
    check_target(head.target, limits.target)
    method, headers = head.method, head.headers
    if head.protocol is not None:
        opening, headers = open_tunnel(head.protocol, headers, ended=stream.read)
        stream.await_opening(opening)
        method = "GET"
    request = read_head(
        id=stream.id,
        method=method,
        target=head.target,
        headers=headers,
        peer=peer,
        scheme=listening.scheme,
        body=stream,
        record=stream.record,
    )
    if stream.opening is None:
        _read_framing(stream, headers, limits)
    else:
        request.upgrade = WEBSOCKET
    return request


def _measure(fields: Fields, limits: ListenerLimits) -> None:
    if len(fields) > limits.header_count:
        raise HeadersTooLarge("too many fields")
    size = sum(len(name) + len(value) + 4 for name, value in fields)
    if size > limits.headers:
        raise HeadersTooLarge(f"{size} octets")


def _read_framing(stream: Http2Stream, headers: Headers, limits: ListenerLimits) -> None:
    stream.length = content_length(headers, ended=stream.read)
    if limits.body is not None and stream.length is not None and stream.length > limits.body:
        raise ContentTooLarge(f"{stream.length} octets announced")
    expect = headers.get(b"expect")
    if expect is not None:
        if expect.lower() != b"100-continue":
            raise BadRequest("an unknown expectation")
        stream.expects = True
