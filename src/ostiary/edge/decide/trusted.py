"""Who may ask: found out when a connection is accepted, before an octet of it is read.

Whoever may ask sees credentials in the answers. On loopback and on a unix socket it is the machine that keeps
others away; everywhere else it is a client certificate of a name that the configuration knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, cast

import structlog

from ostiary.edge.listening import Listening, address_of
from ostiary.errors import GatewayError, InvalidCertificate
from ostiary.listener.forwarded import Trusted
from ostiary.model import Peer
from ostiary.reasons import Reason

_log = structlog.get_logger("ostiary.decide")

Prover: TypeAlias = Callable[[asyncio.Transport], Peer]


def asking(prove: Prover, trusted: Trusted) -> Prover:
    """Return how the peer of a connection is proven: as ever, and it must be one of the proxies.

    The host of an ask is the caller's, or none at all, and not compared with the name that the proxy asked for in TLS.
    """

    def prover(transport: asyncio.Transport) -> Peer:
        peer = prove(transport)
        if not trusted.covers(peer):
            raise InvalidCertificate("not one of the proxies", reason=Reason.CERTIFICATE_NAME_NOT_ALLOWED)
        return replace(peer, server_name=None)

    return prover


class Guard(asyncio.Protocol):
    """Stands before a connection until it is known who is at its other end."""

    def __init__(self, listening: Listening, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listening = listening
        self._protocol = protocol
        self._address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection to who speaks its protocol, or cut it."""
        stream = cast("asyncio.Transport", transport)
        self._address = address_of(transport)
        try:
            self._listening.prove(stream)
        except GatewayError as refusal:
            facts = {"listener": self._listening.name, "address": self._address, "reason": str(refusal.reason)}
            _log.warning("somebody asks who may not", **facts)
            stream.abort()
            return  # and `connection_lost` comes here
        protocol = self._protocol()
        stream.set_protocol(protocol)
        protocol.connection_made(stream)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Count it as gone."""
        self._listening.left(self._address)
