"""Who is at the other end of a connection: found out once, and again when a reload has changed who is let in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ostiary.config.schema import ListenerLimits
from ostiary.edge.listening import Listening
from ostiary.errors import GatewayError
from ostiary.model import Peer


class Proof:
    """What the listener makes of one peer.

    Attributes:
        peer: who it is; no more than an address, where the certificate was refused.
        refusal: what the peer's certificate deserves, or None.
        name: the host that TLS was set up for (SNI, RFC 6066), in one spelling, or None.
        limits: what the peer's requests may cost.
        octets, fields, target: of a head: the limits that every request is held to.
    """

    __slots__ = ("_by", "_listening", "fields", "limits", "name", "octets", "peer", "refusal", "target")

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._by: Callable[[asyncio.Transport], Peer] | None = None
        self._measure(listening.limits)
        self.peer = Peer("")
        self.refusal: GatewayError | None = None
        self.name: str | None = None

    @property
    def stale(self) -> bool:
        """Whether a reload has changed who is let in since."""
        return self._by is not self._listening.prove

    def now(self, transport: asyncio.Transport) -> Peer:
        """Return who it is, as the listener lets people in now; see `refusal`."""
        listening = self._listening
        if self._by is not listening.prove:
            self._by = listening.prove
            self._measure(listening.limits)
            self.refusal = None
            try:
                self.peer = listening.prove(transport)
            except GatewayError as refusal:
                self.refusal = refusal
            if self.peer.server_name is not None:
                self.name = self.peer.server_name.lower().rstrip(".")
        return self.peer

    def _measure(self, limits: ListenerLimits) -> None:
        self.limits = limits
        self.octets, self.fields, self.target = limits.headers, limits.header_count, limits.target

    def admit(self) -> None:
        """Return if the peer may ask at all.

        Raises:
            GatewayError: what its certificate deserves.
        """
        if self.refusal is not None:
            raise self.refusal
