"""Accept the connections of one listening socket, as long as there is room for them.

A connection is let in in three steps: there is a descriptor for it; its listener and its address have not
as many as they may have; then TLS, within `timeouts.handshake`. The first makes callers wait in the
kernel's queue, the second turns them away before they cost a handshake.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import structlog

from ostiary.edge.listening import Listening, forget, plain, tell
from ostiary.listener.farewell import Farewell
from ostiary.listener.handshake import CALLER, FAREWELL
from ostiary.listener.proxy_protocol import NotProxied, receive
from ostiary.serve.descriptors import Descriptors

log = structlog.get_logger("ostiary.serve")

_AT_ONCE: Final = 8
"""Connections that are accepted before others get their turn: each costs a tenth of a millisecond."""

_PAUSE: Final = 0.25
"""Seconds before it is looked again whether there are descriptors."""

_WRITTEN: Final = 1 << 17
"""Octets that TLS may keep for a caller who reads slowly, before his upstream is read no more; loops have half a
megabyte for it, and the memory that they take for as much is twice that."""

_QUIET: Final = 10.0
"""Seconds between two lines of the log about callers who are turned away."""


class Acceptor:
    """Lets callers in.

    Args:
        listening: what their connections share.
        protocol: makes the protocol of a connection.
        context: returns the TLS to use for a new connection, or None for none.
        descriptors: whether there is room for one more.
        proxied: whether a connection, and of which address, begins with a header of the PROXY protocol.
    """

    def __init__(
        self,
        listening: Listening,
        protocol: Callable[[], asyncio.Protocol],
        context: Callable[[], ssl.SSLContext | None],
        descriptors: Descriptors,
        proxied: Callable[[socket.socket, str], bool] = lambda *_: False,
    ) -> None:
        self._listening = listening
        self._protocol = protocol
        self._context = context
        self._descriptors = descriptors
        self._proxied = proxied
        self._socket: socket.socket | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._shaking: set[asyncio.Task[None]] = set()
        self._told = 0.0
        self._full = False

    def open(self, listener: socket.socket) -> None:
        """Accept from a socket that listens."""
        self._socket = listener
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept)

    def close(self) -> socket.socket | None:
        """Accept no more. Return the socket, which still listens."""
        listener, self._socket = self._socket, None
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        elif listener is not None:
            asyncio.get_running_loop().remove_reader(listener.fileno())
        return listener

    def admit_the_rest(self, listener: socket.socket) -> None:
        """Let those in whom the kernel has let in already, and nobody else; it would break their connections off."""
        listener.listen(0)
        while self._descriptors.take():
            try:
                accepted, address = listener.accept()
            except OSError:  # that was the last
                return
            self._greet(accepted, address)

    @property
    def shaking(self) -> int:
        """How many connections are in their handshake."""
        return len(self._shaking)

    def abort(self) -> None:
        """Break off every handshake."""
        for task in tuple(self._shaking):
            task.cancel()

    # --- accepting -----------------------------------------------------------------------------

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if self._socket is None:
                return
            if not self._descriptors.take():
                self._rest("file descriptors are used up: callers wait")
                return
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # the machine's table of files is full, or its memory
                self._rest(f"no connection can be accepted: {error.strerror}")
                return
            self._full = False
            self._greet(accepted, address)

    def _greet(self, accepted: socket.socket, address: Any) -> None:
        if accepted.family == socket.AF_UNIX:
            forget(accepted)
        self._admit(accepted, plain(str(address[0])) if address else "")

    def _rest(self, why: str) -> None:
        """Accept nothing for a moment; that costs nothing, however many callers wait."""
        if self._socket is None:
            return
        if not self._full:
            log.warning(why, listener=self._listening.name, connections=len(self._listening.connections))
            self._full = True
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket.fileno())
        self._waiting = loop.call_later(_PAUSE, self._again)

    def _again(self) -> None:
        self._waiting = None
        if self._socket is not None:
            self.open(self._socket)
            self._accept()

    def _admit(self, accepted: socket.socket, address: str) -> None:
        limit = self._listening.arrived(address)
        if limit is not None:
            self._turn_away(accepted, address, limit)
            return
        accepted.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._introduce(accepted, address))
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    def _turn_away(self, accepted: socket.socket, address: str, limit: str) -> None:
        accepted.close()
        self._listening.refused += 1
        now = asyncio.get_running_loop().time()
        if now >= self._told + _QUIET:
            self._told = now
            facts = {"listener": self._listening.name, "limit": limit, "address": address}
            log.warning("connections refused: there are too many", **facts, refused=self._listening.refused)

    async def _introduce(self, accepted: socket.socket, address: str) -> None:
        """Shake hands, and leave the connection to its protocol."""
        loop = asyncio.get_running_loop()
        context = self._context()
        timeouts = self._listening.timeouts
        patience, parting = (None, None) if context is None else (timeouts.handshake, timeouts.send)
        farewell = Farewell(accepted)
        try:
            if self._proxied(accepted, address):
                address = await self._ask_the_proxy(accepted, address)
            CALLER.set({"listener": self._listening.name, "address": address})
            FAREWELL.set(farewell.say)
            transport, _ = await loop.connect_accepted_socket(
                self._protocol,
                accepted,
                ssl=context,
                ssl_handshake_timeout=patience,
                ssl_shutdown_timeout=parting,  # within it slow readers take the rest, too; see `Connection.parted`
            )
        except BaseException as error:  # from here on nobody's `connection_lost` will say that it is gone
            try:
                await farewell.over()
            finally:
                self._listening.left(address)
            if not isinstance(error, OSError):  # which ssl.SSLError and TimeoutError are; they are counted elsewhere
                raise
        else:
            if context is not None:
                transport.set_write_buffer_limits(high=_WRITTEN)

    async def _ask_the_proxy(self, accepted: socket.socket, proxy: str) -> str:
        """Return whose connection it is that a proxy has made, and count it as theirs."""
        try:
            async with asyncio.timeout(self._listening.timeouts.handshake):
                told = await receive(accepted) or proxy
            tell(accepted, told)
        except BaseException:
            accepted.close()
            raise
        if told == proxy:
            return proxy
        limit = self._listening.arrived(told)
        if limit is not None:
            self._turn_away(accepted, told, limit)
            raise NotProxied(f"beyond {limit}")
        self._listening.left(proxy)
        return told
