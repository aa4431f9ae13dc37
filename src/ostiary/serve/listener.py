"""One bound address, and the connections that came in by it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import structlog

from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import SocketSpec, UnixBind
from ostiary.edge.alpn import speaking
from ostiary.edge.carry import Handler
from ostiary.edge.decide.trusted import Guard
from ostiary.edge.listening import Connection, Listening, UnderWay, local_of
from ostiary.errors import ConfigError
from ostiary.serve.acceptor import Acceptor
from ostiary.serve.deciding import by_grpc, by_status, speaking_to
from ostiary.serve.descriptors import Descriptors
from ostiary.serve.middleware import behind
from ostiary.serve.place import Place, prover
from ostiary.serve.sockets import bind, permit

log = structlog.get_logger("ostiary.serve")

_TICK: Final = 0.5
_SLICE: Final = 0.0002
"""Seconds for which deadlines are looked at before others have their turn: a crowd's may all pass in one moment.
A request has four turns at least, and waits so long before each of them."""
_SHARE: Final = 0.25
"""For how long beside that, in parts of the time that others have taken: else a busy gateway would be late."""
_SHAKING: Final = 0.5
"""Seconds that a handshake is given at the end: whoever needs longer has asked for nothing yet."""
_LOOK: Final = 0.2
"""Seconds between two looks at who has taken everything."""


class Listener:
    """One bound address.

    Args:
        place: what the configuration says of it.
        gateway: where requests go.
        descriptors: whether one more connection may be accepted.
    """

    def __init__(self, place: Place, gateway: Handler, descriptors: Descriptors) -> None:
        self._place = place
        self._shared = Listening(
            behind(gateway, place.spec, place.forwarded, place.judges, place.name),
            place.spec.limits,
            place.spec.timeouts,
            place.scheme,
            prover(place),
            name=place.name,
            either_scheme=by_grpc(place.spec),
            tunnels=place.spec.decide is None,
            verdicts=by_status(place.spec),
        )
        self._socket: socket.socket | None = None
        self._acceptor = Acceptor(self._shared, self._protocol, self._context, descriptors, self._proxied)
        self._ticking: asyncio.Handle | None = None
        self._told: set[Connection] = set()  # the connections that know of the end
        self._changes = 0  # of what revocation lists say

    @property
    def place(self) -> Place:
        """What the configuration says of it."""
        return self._place

    @property
    def port(self) -> int:
        """The port that was bound; 0 on a unix socket."""
        assert self._socket is not None  # noqa: S101 - asked only while it listens
        return 0 if isinstance(self._place.spec.bind, UnixBind) else int(self._socket.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections live."""
        return len(self._shared.connections)

    @property
    def refused(self) -> int:
        """How many connections were beyond a limit."""
        return self._shared.refused

    def under_way(self) -> list[UnderWay]:
        """Return every exchange that was handed to the gateway and has not ended."""
        return [exchange for connection in self._shared.connections for exchange in connection.under_way()]

    def bind(self, *, shared: bool = False) -> None:
        """Take the address. Nobody is let in yet.

        Args:
            shared: other processes of this gateway take it as well (SO_REUSEPORT).

        Raises:
            ConfigError: it is not to be had.
        """
        spec = self._place.spec
        try:
            self._socket = bind(spec.bind, spec.socket, shared=shared)
        except OSError as error:
            where = f"listeners > {self._place.name} > bind"
            raise ConfigError(f"{where}: {spec.bind} cannot be bound: {error.strerror}") from error

    def open(self, inherited: socket.socket | None = None) -> None:
        """Let callers in, through the socket that was bound, or through that of another listener."""
        self._socket = inherited or self._socket
        assert self._socket is not None  # noqa: S101 - bound, or inherited
        self._acceptor.open(self._socket)
        self._tick()
        place = self._place
        log.info(
            "listening", listener=place.name, address=str(place.spec.bind), port=self.port, tls=place.tls is not None
        )

    def change(self, place: Place, gateway: Handler) -> None:
        """Take what a new configuration says of the same socket and scheme; valid from the next request on."""
        before, self._place = self._place, place
        place.inherit(before)
        for lists in before.lists:
            lists.stop()
        shared = self._shared
        shared.gateway = behind(gateway, place.spec, place.forwarded, place.judges, place.name)
        shared.limits = place.spec.limits
        shared.timeouts = place.spec.timeouts
        shared.prove = prover(place)
        shared.name = place.name
        shared.either_scheme = by_grpc(place.spec)
        shared.tunnels, shared.verdicts = place.spec.decide is None, by_status(place.spec)
        self._permit(before.spec)

    def share(self) -> None:
        """Let other sockets of this user listen on the address as well (SO_REUSEPORT)."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

    def abort(self) -> None:
        """Cut every connection."""
        self._acceptor.abort()
        for connection in tuple(self._shared.connections):
            connection.abort()

    def close(self) -> None:
        """Let nobody in whom the kernel has not let in, and end idle connections; others end with their exchange."""
        listener = self._acceptor.close()
        if listener is not None:
            self._acceptor.admit_the_rest(listener)
        self.unbind()  # first: whoever sees his connection end, and comes again, goes to another one
        self._tell()

    def hand_over(self) -> socket.socket | None:
        """Close, but for the socket: return it. It still listens."""
        self._tell()
        return self._acceptor.close()

    def _tell(self) -> None:
        """Let every connection know of the end."""
        self._shared.stopping = True
        self._told = set(self._shared.connections)
        for connection in self._told.copy():
            connection.shut_down()

    def unbind(self) -> None:
        """Give the address up."""
        if self._socket is not None:
            self._socket.close()

    async def drain(self, seconds: float) -> None:
        """Wait until the connections of a closed listener have ended; after some seconds, cut them."""
        loop = asyncio.get_running_loop()
        begin = look = loop.time()
        while (now := loop.time()) < begin + seconds:
            if now >= look:
                self._part(now, waited=now - begin)
                look = now + _LOOK
            if not self._shared.connections and (not self._acceptor.shaking or now > begin + _SHAKING):
                break
            await asyncio.sleep(0.02)
        self.abort()
        self._told.clear()
        if self._ticking is not None:
            self._ticking.cancel()
        for lists in self._place.lists:
            lists.stop()
        await asyncio.sleep(0)

    def _part(self, now: float, waited: float) -> None:
        """Wait for nobody's farewell: a caller whose machine is gone never says one."""
        for connection in tuple(self._shared.connections):
            if waited > _SHAKING and connection not in self._told:
                self._told.add(connection)
                connection.shut_down()
            if connection.parted():
                connection.tick(now)

    def _permit(self, before: ListenerSpec) -> None:
        """Give the file of a unix socket other permissions, where a new configuration wants that."""
        spec = self._place.spec
        if not isinstance(spec.bind, UnixBind) or spec.socket == before.socket:
            return
        try:
            permit(Path(spec.bind.path), spec.socket or SocketSpec())
        except OSError as error:  # then it is the gateway's own, and nobody else can connect
            log.error("a unix socket cannot be given away", address=str(spec.bind), detail=error.strerror)  # noqa: TRY400 - no programming error

    def _look_at_lists(self) -> None:
        """Fetch revocation lists when it is time; when they say something new, every peer is proven again."""
        changes = 0
        for lists in self._place.lists:
            lists.tick()
            changes += lists.changes
        if changes != self._changes:
            self._changes = changes
            self._shared.prove = prover(self._place)

    def _protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        shared, spec, loop = self._shared, self._place.spec, asyncio.get_running_loop()
        if spec.decide is not None:
            return Guard(shared, speaking_to(shared, spec, loop))
        return speaking(shared, spec.protocols, loop)

    def _proxied(self, connection: socket.socket, address: str) -> bool:
        proxies, spec = self._place.proxies, self._place.spec.proxy_protocol
        if spec is None:
            return False
        if not address:
            return proxies is not None and proxies.covers(local_of(connection))
        return any(ip_address(address) in network for network in spec.networks)

    def _context(self) -> ssl.SSLContext | None:
        tls = self._place.tls
        return None if tls is None else tls.context

    def _tick(self) -> None:
        self._look_at_lists()
        self._sweep(iter(tuple(self._shared.connections)))

    def _sweep(self, rest: Iterator[Connection], left: float = 0.0) -> None:
        """Let connections act on deadlines that have passed: each of them may cost an answer.

        Args:
            rest: those that were not looked at yet.
            left: when others got their turn, on the clock of `time.perf_counter`; 0: this is the beginning.
        """
        loop, living = asyncio.get_running_loop(), self._shared.connections
        now, begun = loop.time(), time.perf_counter()
        end = begun + max(_SLICE, _SHARE * (begun - left) if left else 0.0)
        for connection in rest:
            if connection in living:
                connection.tick(now)
            if (left := time.perf_counter()) > end:
                self._ticking = loop.call_soon(self._sweep, rest, left)
                return
        self._ticking = loop.call_later(_TICK, self._tick)
