"""The gateway as an ASGI 3 application.

    hypercorn --bind ... 'ostiary.asgi:app()'           with OSTIARY_CONFIG in the environment
    Mount("/legacy", app=ostiary.asgi.app("gateway.yaml"))

Client certificates are known only under `serve_hypercorn`; under any other server every route that demands
one refuses. Under a mount, routes match the whole path as the caller sent it, the mount's prefix included,
and that is what goes upstream. An answer that ends in the middle leaves as the exception `AnswerBroken`:
the server must then close the connection, as ASGI servers do when an application raises.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio import Server
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ostiary.build import compile_gateway
from ostiary.config.load import Loaded, load_checked
from ostiary.config.schema import ListenerLimits, ListenerSpec, ListenerTimeouts
from ostiary.edge.asgi import AsgiEdge, Scope, deny_websocket
from ostiary.edge.asgi_exchange import AnswerBroken, Receive, Send
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog

__all__ = ["VARIABLE", "AnswerBroken", "GatewayApp", "app", "hypercorn", "serve_hypercorn"]

VARIABLE: Final = "OSTIARY_CONFIG"
"""The environment variable that names the configuration file."""


def app(path: str | Path | None = None, *, access: AccessLog | None = None) -> GatewayApp:
    """Return the gateway of a configuration file as an ASGI application.

    Args:
        path: the file; the one that OSTIARY_CONFIG names by default.
        access: where the access log goes; to stdout by default. `AccessLog()` keeps silent.

    Raises:
        ConfigError: the file has mistakes, or none is named.
    """
    return GatewayApp(load_checked(_named(path)), access=access)


class GatewayApp:
    """An ASGI 3 application.

    It starts with the server's lifespan; as a context manager; or, where neither reaches it (a mount), with
    its first request.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        access: AccessLog | None = None,
        limits: ListenerLimits | None = None,
        timeouts: ListenerTimeouts | None = None,
    ) -> None:
        self._gateway = compile_gateway(loaded, access or _stdout())
        self._edge = AsgiEdge(self._gateway, limits or ListenerLimits(), timeouts or ListenerTimeouts())
        self._starting = asyncio.Lock()
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        match scope["type"]:
            case "http":
                await self.start()
                await self._edge.handle(scope, receive, send)
            case "websocket":
                await deny_websocket(scope, receive, send)
            case "lifespan":
                await self._live(receive, send)
            case other:
                raise NotImplementedError(f"ASGI has no {other!r} here")

    async def start(self) -> None:
        """Start the gateway, unless it has been.

        Raises:
            ConfigError: a part cannot work as configured.
        """
        if self._started:
            return
        async with self._starting:
            if not self._started:
                await self._gateway.start()
                self._started = True

    async def aclose(self) -> None:
        """Stop the gateway."""
        async with self._starting:
            self._started = False
            await self._gateway.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

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


@asynccontextmanager
async def hypercorn(
    path: str | Path | None = None,
    *,
    listener: str | None = None,
    access: AccessLog | None = None,
    drain: float | None = None,
    http3: bool = False,
) -> AsyncIterator[Server]:
    """Run the gateway on Hypercorn while the block runs, with the TLS of one of its listeners.

    Args:
        path: the configuration file; the one that OSTIARY_CONFIG names by default.
        listener: which listener; may be left out where there is one.
        access: where the access log goes; to stdout by default.
        drain: seconds that exchanges under way are given at the end; `drain_timeout` of the file by default.
        http3: accept HTTP/3 as well (extra `http3`); only for a listener that asks for no client certificates.

    Raises:
        ConfigError: something cannot work as configured, or Hypercorn is not installed.
    """
    try:
        from ostiary.edge.hypercorn import hypercorn_listening  # noqa: PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("Hypercorn is not installed: pip install 'ostiary[asgi]'") from error
    loaded = load_checked(_named(path))
    spec = _listener(loaded, listener)
    _require_plain(spec)
    patience = loaded.spec.drain_timeout if drain is None else drain
    gateway = GatewayApp(loaded, access=access, limits=spec.limits, timeouts=spec.timeouts)
    serving = hypercorn_listening(gateway, spec, loaded.folder, drain=patience, http3=http3)
    async with gateway, serving as server:
        yield server


async def serve_hypercorn(path: str | Path | None = None, *, listener: str | None = None, http3: bool = False) -> None:
    """Serve on Hypercorn until SIGTERM or SIGINT.

    Args:
        path: the configuration file; the one that OSTIARY_CONFIG names by default.
        listener: which listener; may be left out where there is one.
        http3: accept HTTP/3 as well, see `hypercorn`.

    Raises:
        ConfigError: something cannot work as configured, or Hypercorn is not installed.
    """
    stop = asyncio.Event()
    async with hypercorn(path, listener=listener, http3=http3):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


def _named(path: str | Path | None) -> Path:
    named = path or os.environ.get(VARIABLE)
    if not named:
        raise ConfigError(f"name the configuration file, or set {VARIABLE}")
    return Path(named)


def _listener(loaded: Loaded, name: str | None) -> ListenerSpec:
    listeners = loaded.spec.listeners
    if name is None and len(listeners) == 1:
        return next(iter(listeners.values()))
    if name not in listeners:
        raise ConfigError(f"name one of the listeners: {', '.join(listeners)}")
    return listeners[name]


def _require_plain(spec: ListenerSpec) -> None:
    """Return when Hypercorn can keep what a listener promises.

    Raises:
        ConfigError: the listener asks somebody about each caller while it runs, which only the native one does.
    """
    asked = None if spec.tls is None else spec.tls.client.revocation
    live = asked is not None and (asked.urls or asked.ocsp is not None)
    words = {"forwarded": spec.forwarded, "proxy_protocol": spec.proxy_protocol, "urls or ocsp of revocation": live}
    for word, wanted in words.items():
        if wanted:
            raise ConfigError(f"{word} is kept by the native listener only: `ostiary serve`")


def _stdout() -> AccessLog:
    return AccessLog(sys.__stdout__.fileno() if sys.__stdout__ else None)
