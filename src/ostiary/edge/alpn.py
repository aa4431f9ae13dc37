"""Which protocol a connection speaks: what the two ends agreed on in the handshake (RFC 7301).

Whoever did not ask for `h2` speaks HTTP/1.1, or is not served where that is not offered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from ostiary.edge.http1.connection import Http1Connection
from ostiary.edge.http2.connection import Http2Connection
from ostiary.edge.listening import Listening, address_of

H2, HTTP1 = "h2", "http/1.1"


class Agreed(asyncio.Protocol):
    """Stands in until the handshake is over, then hands the connection to who speaks its protocol."""

    def __init__(self, listening: Listening, protocols: Sequence[str], loop: asyncio.AbstractEventLoop) -> None:
        self._listening = listening
        self._protocols = protocols
        self._loop = loop
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Look at what was agreed on: asyncio and uvloop call this when the handshake is over."""
        stream = cast("asyncio.Transport", transport)
        self._address = address_of(transport)
        protocol: asyncio.Protocol
        if stream.get_extra_info("ssl_object").selected_alpn_protocol() == H2:
            protocol = Http2Connection(self._listening, self._loop)
        elif HTTP1 in self._protocols:
            protocol = Http1Connection(self._listening, self._loop)
        else:
            stream.abort()
            return  # and `connection_lost` comes here
        stream.set_protocol(protocol)
        protocol.connection_made(stream)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Nothing was agreed on that is served here."""
        self._listening.left(self._address)


def speaking(listening: Listening, protocols: Sequence[str], loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
    """Return the protocol of a new connection; in clear it is HTTP/1.1.

    Args:
        listening: what the connections share.
        protocols: those that the listener offers.
        loop: the event loop.
    """
    if listening.scheme == "https" and protocols != (HTTP1,):
        return Agreed(listening, protocols, loop)
    return Http1Connection(listening, loop)


def speaking_h2(listening: Listening, loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
    """Return the protocol of a new connection where nothing but HTTP/2 is spoken; in clear by prior knowledge.

    That both ends know it is what the configuration says (RFC 9113, section 3.3); in TLS it is agreed on as ever.

    Args:
        listening: what the connections share.
        loop: the event loop.
    """
    if listening.scheme == "https":
        return Agreed(listening, (H2,), loop)
    return Http2Connection(listening, loop)
