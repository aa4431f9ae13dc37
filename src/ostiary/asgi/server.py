"""Hypercorn, with the TLS of one of the listeners."""

from __future__ import annotations

import asyncio
import signal
from asyncio import Server
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ostiary.asgi.app import GatewayApp, named, overlays
from ostiary.asgi.inside import App
from ostiary.config.load import load_checked
from ostiary.config.loaded import Loaded
from ostiary.config.schema import ListenerLimits, ListenerSpec, ListenerTimeouts
from ostiary.config.sockets import listening_address
from ostiary.errors import ConfigError
from ostiary.observe.access import AccessLog


@asynccontextmanager
async def hypercorn(
    path: str | Path | None = None,
    *,
    listener: str | None = None,
    access: AccessLog | None = None,
    drain: float | None = None,
    http3: bool = False,
    reload: bool = True,
) -> AsyncIterator[Server]:
    """Run the gateway on Hypercorn while the block runs, with the TLS of one of its listeners.

    Args:
        path: the configuration file; the one that OSTIARY_CONFIG names by default.
        listener: which listener; may be left out where there is one.
        access: where the access log goes; to stdout by default.
        drain: seconds that exchanges under way are given at the end; `drain_timeout` of the file by default.
        http3: accept HTTP/3 as well (extra `http3`); only for a listener that asks for no client certificates.
        reload: take up changes of the file, and of every file that it points at, while it runs: also of the
            listener's TLS, limits and timeouts. Its address, and the certificate shown over QUIC, stay.

    Yields:
        What accepts connections at the start. A change of TLS puts another one on the same socket.

    Raises:
        ConfigError: something cannot work as configured, or Hypercorn is not installed.
    """
    try:
        from ostiary.edge.hypercorn.listener import HypercornListener  # noqa: PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("Hypercorn is not installed: pip install 'ostiary[asgi]'") from error
    loaded, chosen = load_checked(named(path), overlays()), _Chosen(listener)

    def beside(read: Loaded) -> AbstractAsyncContextManager[None]:
        return listening.changing(chosen.spec(read), read.folder)

    gateway = GatewayApp(loaded, access=access, reload=reload, bounds=chosen.bounds, beside=beside)
    listening = HypercornListener(gateway)
    patience = loaded.spec.drain_timeout if drain is None else drain
    async with gateway, listening.open(chosen.spec(loaded), loaded.folder, drain=patience, http3=http3) as server:
        yield server


@asynccontextmanager
async def serving(
    app: App, path: str | Path | None = None, *, listener: str | None = None, bind: str | None = None
) -> AsyncIterator[Server]:
    """Run any application on Hypercorn while the block runs, with the TLS of a listener: one behind the middleware.

    Each connection is proven as the listener demands, and the application is told in its scope. The TLS is that of the
    start; who wants it to follow the file restarts.

    Args:
        app: any ASGI 3 application; its lifespan is run.
        path: the configuration file; the one that OSTIARY_CONFIG names by default.
        listener: which listener; may be left out where there is one.
        bind: another address than the listener's.

    Yields:
        What accepts connections.

    Raises:
        ConfigError: something cannot work as configured, the application does not start, or Hypercorn is not installed.
    """
    try:
        from ostiary.edge.hypercorn.listener import HypercornListener, living  # noqa: PLC0415 - an extra, not there for everybody
    except ImportError as error:
        raise ConfigError("Hypercorn is not installed: pip install 'ostiary[asgi]'") from error
    loaded = load_checked(named(path), overlays())
    spec = _listener(loaded, listener)
    _require_plain(spec)
    if bind is not None:
        spec = spec.model_copy(update={"bind": listening_address(bind)})
    listening = HypercornListener(app).open(spec, loaded.folder, drain=loaded.spec.drain_timeout)
    async with living(app), listening as server:
        yield server


async def serve_hypercorn(
    path: str | Path | None = None, *, listener: str | None = None, http3: bool = False, reload: bool = True
) -> None:
    """Serve on Hypercorn until SIGTERM or SIGINT.

    Args:
        path: the configuration file; the one that OSTIARY_CONFIG names by default.
        listener: which listener; may be left out where there is one.
        http3: accept HTTP/3 as well, see `hypercorn`.
        reload: take up changes while it runs, see `hypercorn`. SIGHUP asks for it.

    Raises:
        ConfigError: something cannot work as configured, or Hypercorn is not installed.
    """
    stop = asyncio.Event()
    async with hypercorn(path, listener=listener, http3=http3, reload=reload):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One listener, in whatever configuration.

    Attributes:
        name: its name; None where there is one only.
    """

    name: str | None

    def spec(self, read: Loaded) -> ListenerSpec:
        """Return what a configuration says of it.

        Raises:
            ConfigError: there is no such listener, or Hypercorn cannot keep what it promises.
        """
        found = _listener(read, self.name)
        _require_plain(found)
        return found

    def bounds(self, read: Loaded) -> tuple[ListenerLimits, ListenerTimeouts]:
        """Return what requests may be."""
        found = self.spec(read)
        return found.limits, found.timeouts


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
    live = asked is not None and asked.live
    words: dict[str, object] = {
        "forwarded": spec.forwarded,
        "proxy_protocol": spec.proxy_protocol,
        "revocation that is fetched": live,
    }
    words["decide"] = spec.decide
    for word, wanted in words.items():
        if wanted:
            raise ConfigError(f"{word} is kept by the native listener only: `ostiary serve`")
