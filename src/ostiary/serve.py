"""Listen, until told to stop.

SIGTERM, SIGINT   stop accepting, let what is under way end, then exit; a second one cuts it off
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from ostiary.config.schema import GatewaySpec, ListenerSpec
from ostiary.edge.http1 import Http1Connection, Listening
from ostiary.errors import ConfigError
from ostiary.gateway import Gateway
from ostiary.listener.tls import ServerTls, compile_tls
from ostiary.model import Peer

log = structlog.get_logger("ostiary.serve")

_BACKLOG: Final = 4096
_TICK: Final = 0.5
DRAIN: Final = 30.0
"""Seconds that exchanges under way are given when the gateway stops."""


def _address(transport: asyncio.BaseTransport) -> str:
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else ""


def _prover(tls: ServerTls | None) -> Callable[[asyncio.Transport], Peer]:
    """Return how the peer of a connection is proven; called once per connection."""
    if tls is None:
        return lambda transport: Peer(_address(transport))
    return lambda transport: tls.peer(transport.get_extra_info("ssl_object"), _address(transport))


class Listener:
    """One bound address."""

    def __init__(self, name: str, spec: ListenerSpec, gateway: Gateway, folder: Path) -> None:
        self.name = name
        self._spec = spec
        self._tls = compile_tls(spec.tls, folder) if spec.tls is not None else None
        scheme = "http" if self._tls is None else "https"
        self._shared = Listening(gateway, spec.limits, spec.timeouts, scheme, _prover(self._tls), set(), name=name)
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    @property
    def port(self) -> int:
        """The port that was bound."""
        assert self._server is not None  # noqa: S101 - asked only while it listens
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Bind and accept.

        Raises:
            ConfigError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        spec = self._spec
        try:
            self._server = await loop.create_server(
                lambda: Http1Connection(self._shared, loop),
                spec.bind.host,
                spec.bind.port,
                ssl=self._tls.context if self._tls else None,
                ssl_handshake_timeout=spec.timeouts.handshake if self._tls else None,
                backlog=_BACKLOG,
            )
        except OSError as error:
            raise ConfigError(f"listeners > {self.name} > bind: {spec.bind} cannot be bound: {error}") from error
        self._ticking = loop.call_later(_TICK, self._tick)
        log.info("listening", listener=self.name, address=str(spec.bind), port=self.port, tls=self._tls is not None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in tuple(self._shared.connections):
            connection.tick(now)
        self._ticking = loop.call_later(_TICK, self._tick)

    def abort(self) -> None:
        """Cut every connection."""
        for connection in tuple(self._shared.connections):
            connection.abort()

    async def aclose(self, drain: float) -> None:
        """Stop accepting; end idle connections at once, the others with their exchange or after `drain` seconds."""
        if self._server is None:
            return
        self._shared.stopping = True
        self._server.close()
        for connection in tuple(self._shared.connections):
            connection.shut_down()
        loop = asyncio.get_running_loop()
        end = loop.time() + drain
        while self._shared.connections and loop.time() < end:  # noqa: ASYNC110 - once in a lifetime
            await asyncio.sleep(0.02)
        self.abort()
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.sleep(0)


@asynccontextmanager
async def listening(
    gateway: Gateway, spec: GatewaySpec, folder: Path, *, drain: float = DRAIN
) -> AsyncIterator[dict[str, Listener]]:
    """Start a gateway and its listeners; at the end, stop them in the opposite order.

    Raises:
        ConfigError: something cannot work as configured; nothing stays started.
    """
    listeners = {name: Listener(name, one, gateway, folder) for name, one in spec.listeners.items()}
    await gateway.start()
    try:
        for listener in listeners.values():
            await listener.start()
        yield listeners
    finally:
        await asyncio.gather(*(listener.aclose(drain) for listener in listeners.values()))
        await gateway.aclose()


async def serve(gateway: Gateway, spec: GatewaySpec, folder: Path) -> None:
    """Serve until a signal says stop.

    Raises:
        ConfigError: something cannot work as configured.
    """
    loop = asyncio.get_running_loop()
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with listening(gateway, spec, folder) as listeners:
        stop.listeners = tuple(listeners.values())
        gc.collect()
        gc.freeze()  # what was compiled lives as long as the process; the collector need not look at it
        log.info("ready", routes=len(spec.routes))
        await stop.first.wait()
        log.info("stopping", drain_seconds=DRAIN)


class Stop:
    """What a signal does: the first lets what is under way end, a further one cuts it off.

    Attributes:
        first: set by the first signal, also by one that comes while the gateway still starts.
        listeners: whose connections a further one cuts.
    """

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.listeners: tuple[Listener, ...] = ()

    def __call__(self) -> None:
        """Take a signal."""
        if self.first.is_set():
            log.warning("stopping at once")
            for listener in self.listeners:
                listener.abort()
        self.first.set()
