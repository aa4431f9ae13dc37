"""A WebSocket that begins on a stream (RFC 8441), and the handshake that stands for it in HTTP/1.1 (RFC 6455).

To the gateway it is what a WebSocket over HTTP/1.1 is: GET with an upgrade. HTTP/2 needs no key; upstreams do, so one
is made here, and the answer to it is checked here: what does not shake hands has not understood that a tunnel begins.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1
from secrets import token_bytes
from typing import Final

from ostiary.errors import BadRequest, UpstreamInvalid
from ostiary.model import Headers
from ostiary.reasons import Reason

WEBSOCKET: Final = b"websocket"
_KEY, _ACCEPT = b"sec-websocket-key", b"sec-websocket-accept"
_OF_HANDSHAKES: Final = frozenset({_KEY, _ACCEPT})
_OF_CONTENT: Final = (b"content-length", b"expect")
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455, section 1.3
_SUCCESSES: Final = range(200, 300)


class Opening:
    """The handshake with an upstream.

    Attributes:
        key: what the upstream has to answer to: 16 octets of chance, in base64.
    """

    __slots__ = ("key",)

    def __init__(self) -> None:
        self.key = b64encode(token_bytes(16))

    def agreed(self, headers: Headers) -> Headers:
        """Return what the caller is shown of an answer that changes the protocol.

        Raises:
            UpstreamInvalid: it is no answer to our key (RFC 6455, section 4.1).
        """
        if headers.all(_ACCEPT) != [accept_of(self.key)]:
            raise UpstreamInvalid("101 without the answer to the key of a WebSocket")
        return Headers([field for field in headers.fields if field[1] != _ACCEPT])

    def declined(self, status: int) -> None:
        """Return when a status says no: any of 2xx says yes to whoever has asked by CONNECT (RFC 9110, section 9.3.6).

        Raises:
            UpstreamInvalid: it is one of those, and no protocol was changed.
        """
        if status in _SUCCESSES:
            raise UpstreamInvalid(f"{status} in place of 101")


def accept_of(key: bytes) -> bytes:
    """Return what a key is answered with (RFC 6455, section 4.2.2)."""
    return b64encode(sha1(key + _GUID, usedforsecurity=False).digest())


def open_tunnel(protocol: bytes, headers: Headers, *, ended: bool) -> tuple[Opening, Headers]:
    """Return the handshake for what a caller asks, and his fields with its key.

    Args:
        protocol: the one that he asks for.
        headers: his fields.
        ended: whether he says nothing more.

    Raises:
        BadRequest: it is no WebSocket, or one with content, or one that has ended already.
    """
    if protocol.lower() != WEBSOCKET:
        raise BadRequest("a protocol that has no other end", reason=Reason.UPGRADE_UNSUPPORTED)
    if ended or any(headers.get(name) is not None for name in _OF_CONTENT):
        raise BadRequest("a tunnel with content, or without an end to speak to", reason=Reason.REQUEST_AMBIGUOUS)
    opening = Opening()
    fields = [field for field in headers.fields if field[1] not in _OF_HANDSHAKES]
    return opening, Headers([*fields, (b"Sec-WebSocket-Key", _KEY, opening.key)])
