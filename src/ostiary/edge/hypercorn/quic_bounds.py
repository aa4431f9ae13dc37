"""How many callers HTTP/3 has under Hypercorn, and for how long one may ask for nothing.

Hypercorn bounds neither. aioquic ends a connection of which nothing comes, but a caller who says now and then that he
is there keeps it as long as he likes. So it is counted here whose a connection is, and looked at whether a request
is under way on it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

from aioquic._buffer import Buffer
from aioquic.quic.packet import pull_quic_header
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.udp_server import UDPServer
from hypercorn.events import Event, RawData
from hypercorn.protocol.quic import QuicProtocol
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from ostiary.config.schema import ListenerSpec

_OWN_ID: Final = 8  # octets of the connection ids that Hypercorn gives
_LOOK: Final = 0.5
"""Seconds between two looks at who has gone, while there is no room: a flood asks for it with each datagram."""


class _Caller:
    """One connection.

    Args:
        address: of the other end.
        spec: the listener.
        end: closes the connection.
    """

    def __init__(self, address: str, spec: ListenerSpec, end: Any) -> None:
        self.address = address
        self._patience = spec.timeouts.keep_alive
        self._end = end
        self._under_way = 0
        self._late: asyncio.TimerHandle | None = None
        self._wait(spec.timeouts.headers)

    def before(self, app: AppWrapper) -> AppWrapper:
        """Return an application that tells when a request begins, and when it has ended."""

        async def told(scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any) -> None:
            self.forget()
            self._under_way += 1
            try:
                await app(scope, receive, send, sync_spawn, call_soon)
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._wait(self._patience)

        return told

    def forget(self) -> None:
        """Wait for nothing."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _wait(self, seconds: float) -> None:
        self._late = asyncio.get_running_loop().call_later(seconds, self._end)


class _Bounded(QuicProtocol):
    """Hypercorn's connections over QUIC, counted."""

    def __init__(self, spec: ListenerSpec, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spec = spec
        self._callers: dict[int, tuple[Any, _Caller]] = {}
        self._addresses: Counter[str] = Counter()
        self._looked = 0.0
        self._ending: set[asyncio.Task[None]] = set()
        self.quic_config.idle_timeout = min(self.quic_config.idle_timeout, spec.timeouts.keep_alive)

    async def handle(self, event: Event) -> None:
        """Take a datagram, unless it would begin a connection for which there is no room."""
        if not isinstance(event, RawData) or event.address is None:
            await super().handle(event)
            return
        try:
            name = pull_quic_header(Buffer(data=event.data), host_cid_length=_OWN_ID).destination_cid
        except ValueError:
            return
        known, address = name in self.connections, str(event.address[0])
        if not known and not self._has_room(address):
            return
        await super().handle(event)
        connection = self.connections.get(name)
        if connection is not None and id(connection) not in self._callers:
            self._callers[id(connection)] = connection, _Caller(address, self._spec, lambda: self._end(connection))
            self._addresses[address] += 1
        if connection is not None and connection.h3 is not None and not hasattr(connection.h3, "caller"):
            caller = self._callers[id(connection)][1]
            connection.h3.caller = caller  # type: ignore[attr-defined]
            connection.h3.app = caller.before(connection.h3.app)

    def _has_room(self, address: str) -> bool:
        limits, now = self._spec.limits, asyncio.get_running_loop().time()
        most = limits.connections_per_address
        if self._fits(address, limits.connections, most) or now < self._looked + _LOOK:
            return self._fits(address, limits.connections, most)
        self._looked = now
        self._forget_the_gone()
        return self._fits(address, limits.connections, most)

    def _fits(self, address: str, most: int, of_address: int | None) -> bool:
        return len(self._callers) < most and (of_address is None or self._addresses[address] < of_address)

    def _forget_the_gone(self) -> None:
        for number, (connection, caller) in tuple(self._callers.items()):
            if not connection.cids:  # which Hypercorn takes from it when it has ended
                caller.forget()
                del self._callers[number]
                self._addresses[caller.address] -= 1
        self._addresses += Counter()  # without those who have none

    def _end(self, connection: Any) -> None:
        connection.quic.close()
        task = asyncio.get_running_loop().create_task(self.send_all(connection))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


class BoundedServer(UDPServer):
    """Hypercorn's server of datagrams, whose connections are bounded.

    Attributes:
        spec: the listener; set before it runs.
    """

    spec: ListenerSpec

    async def run(self) -> None:
        """Serve until it is to end, and every connection has ended."""
        assert self.transport is not None  # noqa: S101 - it runs once it is bound
        socket = self.transport.get_extra_info("socket")
        server = parse_socket_addr(socket.family, socket.getsockname())
        state = ConnectionState(self.state.copy())
        async with TaskGroup(self.loop) as group:
            what = (self.app, self.config, self.context, group, state, server, self.protocol_send)
            self.protocol = _Bounded(self.spec, *what)
            while not self.context.terminated.is_set() or not self.protocol.idle:
                await self.protocol.handle(await self.protocol_queue.get())
