"""The application, and its life: it starts, takes up new configurations, and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self, TypeAlias

from ostiary.asgi.generation import Edge, Generation
from ostiary.authn.memory import Memory
from ostiary.build import compile_gateway
from ostiary.config.load import examine, load_checked
from ostiary.config.loaded import Loaded
from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import AsgiEdge, Scope, deny_websocket
from ostiary.errors import ConfigError
from ostiary.gateway import Gateway
from ostiary.observe.access import AccessLog
from ostiary.observe.lifecycle import Lifecycle
from ostiary.reload import Change, Reloader
from ostiary.serve.observers import Observers, observed

VARIABLE: Final = "OSTIARY_CONFIG"
"""The environment variable that names the configuration file."""

OVERLAYS: Final = "OSTIARY_OVERLAY"
"""The one that names what is laid over it, with `:` between the files."""

Bounds: TypeAlias = Callable[[Loaded], tuple[ListenerLimits, ListenerTimeouts]]
"""What requests may be, as a configuration says."""

Beside: TypeAlias = Callable[[Loaded], AbstractAsyncContextManager[None]]
"""What else changes with the configuration: it is prepared, and holds once the block has ended well."""

MakeEdge: TypeAlias = Callable[[Gateway, ListenerLimits, ListenerTimeouts], Edge]
"""What hands requests to a gateway."""


class Compile(Protocol):
    """From a configuration to its gateway, as `build.compile_gateway` does it."""

    def __call__(self, loaded: Loaded, access: AccessLog | None = None, *, memory: Memory | None = None) -> Gateway:
        """Return the gateway, not yet started. Raises ConfigError."""


def app(path: str | Path | None = None, *, access: AccessLog | None = None, reload: bool = True) -> GatewayApp:
    """Return the gateway of a configuration file as an ASGI application.

    Args:
        path: the file; the one that OSTIARY_CONFIG names by default.
        access: where the access log goes; to stdout by default. `AccessLog()` keeps silent.
        reload: take up changes of the file, and of every file that it points at, while the application runs.

    Raises:
        ConfigError: the file has mistakes, or none is named.
    """
    return GatewayApp(load_checked(named(path), overlays()), access=access, reload=reload)


def overlays() -> list[Path]:
    """Return the files that the environment lays over the configuration."""
    return [Path(one) for one in os.environ.get(OVERLAYS, "").split(os.pathsep) if one]


def named(path: str | Path | None) -> Path:
    """Return a path, or the one that the environment names.

    Raises:
        ConfigError: there is neither.
    """
    found = path or os.environ.get(VARIABLE)
    if not found:
        raise ConfigError(f"name the configuration file, or set {VARIABLE}")
    return Path(found)


class GatewayApp:
    """An ASGI 3 application.

    It starts with the server's lifespan; as a context manager; or, where neither reaches it (a mount), with
    its first request.

    Args:
        loaded: the configuration.
        access: where the access log goes; to stdout by default.
        reload: take up changes while it runs. SIGHUP asks for it, where nobody else listens to that signal.
        bounds: what requests may be.
        beside: what else changes with the configuration.
        compile: makes the gateway of a configuration.
        edge: makes what hands requests to it.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        access: AccessLog | None = None,
        reload: bool = True,
        bounds: Bounds = lambda _: (ListenerLimits(), ListenerTimeouts()),
        beside: Beside = lambda _: nullcontext(),
        compile: Compile = compile_gateway,  # noqa: A002 - the word of the house
        edge: MakeEdge = AsgiEdge,
    ) -> None:
        self._access = access or _stdout()
        self._bounds = bounds
        self._beside = beside
        self._compile = compile
        self._edge = edge
        self._loaded = loaded
        self._reload = reload
        self._memory = Memory()
        self._serving = self._generation(compile(loaded, self._access, memory=self._memory))
        self._observers: Observers | None = None
        self._life = AsyncExitStack()
        self._starting = asyncio.Lock()
        self._started = False
        self._retiring: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        match scope["type"]:
            case "http":
                await self.start()
                await self._serving.handle(scope, receive, send)
            case "websocket":
                await deny_websocket(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case other:
                raise NotImplementedError(f"ASGI has no {other!r} here")

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a scope to the edge of the configuration that serves; it has been started."""
        await self._serving.handle(scope, receive, send)

    async def start(self) -> None:
        """Start the gateway, unless it has been.

        Raises:
            ConfigError: a part cannot work as configured.
        """
        if self._started:
            return
        async with self._starting:
            if not self._started:
                await self._begin()
                self._started = True

    async def aclose(self) -> None:
        """Stop the gateway."""
        async with self._starting:
            self._started = False
            await self._life.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # --- its life ------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except ConfigError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _begin(self) -> None:
        async with AsyncExitStack() as life:
            self._observers = await life.enter_async_context(observed(self._access, self._loaded))
            await self._serving.gateway.start()
            life.push_async_callback(self._end)
            if self._reload:
                self._watch(life)
            self._life = life.pop_all()

    async def _end(self) -> None:
        """Close what serves, and what still ends."""
        retiring = tuple(self._retiring)
        for task in retiring:
            task.cancel()
        await asyncio.gather(*retiring, return_exceptions=True)
        await self._serving.gateway.aclose()

    def _watch(self, life: AsyncExitStack) -> None:
        loaded = self._loaded
        change = Change(loaded.path, loaded.draft, overlays=loaded.overlays)
        reloader = Reloader(loaded.path, self._take, Lifecycle(), change, loaded.overlays, read=examine)
        life.enter_context(_hangup(change.ask))
        task = asyncio.get_running_loop().create_task(reloader.follow())

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        life.push_async_callback(stop)

    async def _take(self, read: Loaded) -> None:
        """Serve what a new configuration says: every request from now on."""
        assert self._observers is not None  # noqa: S101 - it has started
        gateway = await asyncio.to_thread(self._compile, read, self._access, memory=self._memory)
        gateway.inherit(self._serving.gateway)
        async with self._beside(read):
            with self._observers.changing(read):
                await gateway.start()
        self._loaded, before = read, self._serving
        self._serving = self._generation(gateway)
        task = asyncio.get_running_loop().create_task(before.retire(read.spec.drain_timeout))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _generation(self, gateway: Gateway) -> Generation:
        assert gateway.loaded is not None  # noqa: S101 - it was compiled from a file
        return Generation(gateway, self._edge(gateway, *self._bounds(gateway.loaded)))


@contextmanager
def _hangup(ask: Callable[[], None]) -> Iterator[None]:
    """Let SIGHUP ask, if it would end the process otherwise: signals belong to whoever runs the server."""
    loop = asyncio.get_running_loop()
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL:
        yield
        return
    try:
        loop.add_signal_handler(signal.SIGHUP, ask)
    except (ValueError, RuntimeError, NotImplementedError):  # not in the main thread, or a loop that knows no signals
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def _stdout() -> AccessLog:
    return AccessLog(sys.__stdout__.fileno() if sys.__stdout__ else None)
