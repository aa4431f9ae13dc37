"""What the connections of one listener share, and what a listener asks of each of them."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, runtime_checkable

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.carry import Handler
from ostiary.errors import GatewayError
from ostiary.model import Local, Peer


class UnderWay(Protocol):
    """An exchange, seen from outside.

    Attributes:
        answered: whether it has ended, in whatever way.
    """

    answered: bool


@runtime_checkable
class Carried(UnderWay, Protocol):
    """An exchange that an upstream has a part in."""

    @property
    def lasting(self) -> bool:
        """Whether it may rightly take hours: a tunnel, or a call that waits for something to happen."""

    def abandon(self) -> None:
        """Let go of the upstream."""

    def fail(self, error: GatewayError) -> None:
        """End with an error."""


class Connection(Protocol):
    """A connection from a caller, whatever protocol it speaks."""

    def tick(self, now: float) -> None:
        """Act on a deadline that has passed, on the loop's clock."""

    def shut_down(self) -> None:
        """Close when idle; what is under way ends first."""

    def abort(self) -> None:
        """Cut it."""

    def under_way(self) -> Iterable[UnderWay]:
        """Return the exchanges that were handed to the gateway and have not ended."""

    def parted(self) -> bool:
        """Whether it is being closed, and ends by `tick` as soon as the caller has taken all that was written.

        Nobody needs to say farewell (RFC 8446, section 6.1).
        """


@dataclass(slots=True)
class Listening:
    """What every connection of one listener shares. A reload exchanges most of it while they live.

    Attributes:
        gateway: where the next request goes.
        limits, timeouts: as the configuration says now.
        scheme: "https" or "http".
        prove: who is at the other end of a transport. Another function than at the connection's start means that
            the listener's TLS has changed: the peer has to be proven again before its next request.
        connections: those that live.
        stopping: whether the listener is being closed.
        name: of the listener.
        refused: connections beyond a limit.
        present: connections from the moment they are accepted, and so in their handshake, too.
        addresses: those of each address.
        tunnels: callers by HTTP/2 may begin a WebSocket on a stream; by HTTP/1.1 they always may ask.
        either_scheme: callers by HTTP/2 may write either: Envoy writes `http` of its own calls, over TLS as well.
        verdicts: proxies ask here, to whom the status of an answer is the verdict, whatever their callers speak.
    """

    gateway: Handler
    limits: ListenerLimits
    timeouts: ListenerTimeouts
    scheme: str
    prove: Callable[[asyncio.Transport], Peer]
    connections: set[Connection] = field(default_factory=set)
    stopping: bool = False
    name: str = ""
    refused: int = 0
    present: int = 0
    addresses: dict[str, int] = field(default_factory=dict)
    either_scheme: bool = False
    tunnels: bool = True
    verdicts: bool = False

    def arrived(self, address: str) -> str | None:
        """Count a connection that was accepted, before anything is known of it but its address.

        Returns:
            None; or the limit that it is beyond, and then it is not counted.
        """
        count = self.addresses.get(address, 0)
        if self.present >= self.limits.connections:
            return "limits.connections"
        most = self.limits.connections_per_address if address else None  # callers on a unix socket have none
        if most is not None and count >= most:
            return "limits.connections_per_address"
        self.addresses[address] = count + 1
        self.present += 1
        return None

    def left(self, address: str) -> None:
        """Count a connection that is gone; to be called once for each that arrived, by the edge that carried it."""
        count = self.addresses.pop(address, 0)
        if count > 1:
            self.addresses[address] = count - 1
        self.present -= bool(count)


_TOLD: dict[tuple[object, object], str] = {}
"""Whose connections of a proxy are, by their two ends. An entry is written anew when a port is used again."""

_UNIX: Final = "unix"
"""In place of an end, where there is no address to tell ends apart; then the other is the descriptor."""

_CREDENTIALS: Final = struct.Struct("3i")  # pid, uid, gid: `struct ucred` of Linux


def address_of(transport: asyncio.BaseTransport) -> str:
    """Return the IP address of the other end, without a zone; "" on a unix socket.

    Of a connection that came by a proxy, it is the address that the proxy has told.
    """
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return (_TOLD.get((_UNIX, _descriptor(transport))) if _TOLD else None) or ""
    told = _TOLD.get((transport.get_extra_info("sockname"), name)) if _TOLD else None
    return told or plain(name[0])


def tell(connection: socket.socket, address: str) -> None:
    """Note whose a connection of a proxy is."""
    _TOLD[_ends(connection)] = address


def forget(connection: socket.socket) -> None:
    """Forget whose the connection was that had the descriptor of this one before."""
    _TOLD.pop(_ends(connection), None)


def _ends(connection: socket.socket) -> tuple[object, object]:
    if connection.family == socket.AF_UNIX:
        return _UNIX, connection.fileno()
    return connection.getsockname(), connection.getpeername()


def _descriptor(transport: asyncio.BaseTransport) -> int | None:
    end = transport.get_extra_info("socket")
    return None if end is None else int(end.fileno())


def local_of(connection: Any) -> Local | None:
    """Return what the kernel says of the process at the other end; None where it says nothing.

    Args:
        connection: a socket, or what a transport has in its place.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None or connection is None or connection.family != socket.AF_UNIX:
        return None
    _, user, group = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return Local(user, group)


def plain(address: str) -> str:
    """Return an address without its zone (RFC 4007, section 11), which not everybody writes."""
    return address.partition("%")[0]
