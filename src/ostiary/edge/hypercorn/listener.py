"""Hypercorn, on a listener's own TLS: HTTP/1.1 and HTTP/2 for the ASGI edge.

Hypercorn does not tell an application who is on the line. Here each connection is proven as the native
edge proves it, and its applications see the outcome in an extension of their scope.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.typing import AppWrapper
from hypercorn.utils import wrap_app

from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import internet
from ostiary.edge.asgi.exchange import AnswerBroken
from ostiary.edge.asgi.handler import PROVEN, Proven
from ostiary.edge.asgi.tls_extension import TLS, tls_extension
from ostiary.edge.hypercorn.heads import Heads
from ostiary.edge.hypercorn.streams import outlive_answers
from ostiary.edge.listening import plain
from ostiary.errors import ConfigError, GatewayError
from ostiary.listener.tls import ServerTls, compile_tls
from ostiary.model import Peer

App = Callable[[Any, Any, Any], Awaitable[None]]

_BACKLOG: Final = 4096


class HypercornListener:
    """Accepts connections for an ASGI application, which has been started by the caller.

    Args:
        app: the application.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._accepting: _Accepting | None = None
        self._server: asyncio.Server | None = None

    @asynccontextmanager
    async def open(
        self, spec: ListenerSpec, folder: Path, *, drain: float = 30.0, http3: bool = False
    ) -> AsyncIterator[asyncio.Server]:
        """Accept connections while the block runs.

        Args:
            spec: the listener: where it binds, its TLS, limits and timeouts.
            folder: of the configuration file.
            drain: seconds that exchanges under way are given at the end.
            http3: accept HTTP/3 as well, on the UDP port of the same number.

        Raises:
            ConfigError: the TLS cannot work as configured, or the listener is a unix socket.
            OSError: the address cannot be bound.
        """
        address = internet(spec.bind)
        self._accepting = accepting = _Accepting(self._app, spec, _tls(spec, folder))
        where = {"host": address.host, "port": address.port, "backlog": _BACKLOG}
        self._server = server = await accepting.listen(where)
        try:
            async with AsyncExitStack() as beside:
                if http3:
                    from ostiary.edge.hypercorn.quic import quic_listening  # noqa: PLC0415 - an extra

                    bound = server.sockets[0].getsockname()[:2]
                    quic = quic_listening(accepting.app, spec, folder, bound, accepting.config)
                    await beside.enter_async_context(quic)
                yield server
        finally:
            self._server.close()
            await accepting.drain(drain)

    @asynccontextmanager
    async def changing(self, spec: ListenerSpec, folder: Path) -> AsyncIterator[None]:
        """Prepare what a new configuration says of the listener. It holds once the block has ended well.

        New connections get the new TLS, on the same socket; those that live keep theirs.

        Raises:
            ConfigError: it cannot work as configured, or wants another address; nothing has changed.
        """
        accepting, server = self._accepting, self._server
        if accepting is None or server is None or spec.bind != accepting.spec.bind:
            raise ConfigError(f"{spec.bind}: under Hypercorn another address takes a restart")
        fresh = _Accepting(self._app, spec, _tls(spec, folder))
        after = await accepting.listen({"sock": server.sockets[0].dup(), "start_serving": False}, fresh)
        try:
            yield
        except BaseException:
            after.close()
            raise
        accepting.follow(fresh)
        self._server = after
        await after.start_serving()
        server.close()


@asynccontextmanager
async def living(app: App) -> AsyncIterator[None]:
    """Run an application's lifespan around the block.

    Raises:
        ConfigError: the application does not start; it says why.
    """
    life = Lifespan(wrap_app(app, 0, "asgi"), Config(), asyncio.get_running_loop(), {})
    task = asyncio.get_running_loop().create_task(life.handle_lifespan())
    try:
        await life.wait_for_startup()
        if task.done() and (failed := task.exception()) is not None:
            raise ConfigError(str(failed)) from failed
        yield
        await life.wait_for_shutdown()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _tls(spec: ListenerSpec, folder: Path) -> ServerTls | None:
    if spec.tls is None:
        return None
    tls = compile_tls(spec.tls, folder)
    tls.context.set_alpn_protocols(["h2", "http/1.1"])
    return tls


class _Server(TCPServer):
    """A connection that ends when its caller has: Hypercorn would wait for as long as it might have been idle."""

    async def _read_data(self) -> None:
        outlive_answers(self)
        await super()._read_data()
        await self.idle_task.stop()


class _Accepting:
    """Hypercorn's connections of one listener.

    Attributes:
        app: the application, as Hypercorn calls it.
        config: what Hypercorn is told.
        spec: the listener.
        tls: its TLS, or None.
    """

    def __init__(self, app: App, spec: ListenerSpec, tls: ServerTls | None) -> None:
        self.app = wrap_app(app, 0, "asgi")
        self.spec = spec
        self.config = _config(spec)
        self.tls = tls
        self._context = WorkerContext(None)
        self._tasks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._addresses: Counter[str] = Counter()

    async def listen(self, where: dict[str, Any], fresh: _Accepting | None = None) -> asyncio.Server:
        """Accept connections somewhere, with the TLS of now, or with that of a configuration to come."""
        like = fresh or self
        return await asyncio.start_server(
            self.serve,
            **where,
            ssl=like.tls.context if like.tls else None,
            ssl_handshake_timeout=like.spec.timeouts.handshake if like.tls else None,
        )

    def follow(self, fresh: _Accepting) -> None:
        """Do from now on as a new configuration says. What Hypercorn announces of HTTP/3 stays as it is."""
        if fresh.tls is not None and self.tls is not None:
            fresh.tls.inherit(self.tls)
        fresh.config.alt_svc_headers = self.config.alt_svc_headers
        self.spec, self.config, self.tls = fresh.spec, fresh.config, fresh.tls

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        proven = self._prove(writer)
        address = proven.peer.address
        if not self._has_room(address):
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks[task] = writer
        self._addresses[address] += 1
        try:
            await self._carry(_telling(self.app, proven, writer), reader, writer)
        finally:
            del self._tasks[task]
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _has_room(self, address: str) -> bool:
        limits = self.spec.limits
        most = limits.connections_per_address
        return len(self._tasks) < limits.connections and (most is None or self._addresses[address] < most)

    async def _carry(self, app: AppWrapper, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads = None
        if not _by_http2(writer):  # there a connection is never without a head in HTTP/1.1's sense
            heads = Heads(reader, writer, self.spec.timeouts.headers)
            app, reader = heads.before(app), cast("asyncio.StreamReader", heads)
        try:
            await _Server(app, asyncio.get_running_loop(), self.config, self._context, {}, reader, writer).run()
        except* (ssl.SSLError, ConnectionError):
            writer.transport.abort()  # the caller broke it off: that is nothing for a log
        finally:
            if heads is not None:
                heads.forget()

    def _prove(self, writer: asyncio.StreamWriter) -> Proven:
        name = writer.get_extra_info("peername")
        address = plain(str(name[0])) if isinstance(name, tuple) else ""
        if self.tls is None:
            return Proven(Peer(address))
        try:
            return Proven(self.tls.peer(writer.get_extra_info("ssl_object"), address))
        except GatewayError as refusal:
            return Proven(Peer(address), refusal)

    async def drain(self, seconds: float) -> None:
        """Close idle connections; give the others `seconds`, then cut them."""
        await self._context.terminated.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                self._tasks[task].transport.abort()  # nobody's farewell is waited for
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _by_http2(writer: asyncio.StreamWriter) -> bool:
    ssl_object = writer.get_extra_info("ssl_object")
    return ssl_object is not None and ssl_object.selected_alpn_protocol() == "h2"


def _telling(app: AppWrapper, proven: Proven, writer: asyncio.StreamWriter) -> AppWrapper:
    """Return the application as one connection sees it."""
    extensions: dict[str, Any] = {PROVEN: proven}
    if (ssl_object := writer.get_extra_info("ssl_object")) is not None:
        said = None if proven.refusal is None else str(proven.refusal.reason)
        extensions[TLS] = {**tls_extension(ssl_object), "client_cert_error": said}

    async def told(scope: Any, receive: Any, send: Any, sync_spawn: Any, call_soon: Any) -> None:
        scope["extensions"].update(extensions)
        try:
            await app(scope, receive, send, sync_spawn, call_soon)
        except AnswerBroken:
            writer.transport.abort()  # hypercorn itself would leave an HTTP/2 stream open for ever

    return told


def _config(spec: ListenerSpec) -> Config:
    config = Config()
    config.h11_max_incomplete_size = spec.limits.headers
    config.keep_alive_timeout = spec.timeouts.keep_alive
    config.h2_max_header_list_size = spec.limits.headers
    config.include_server_header = False
    config.websocket_max_message_size = 0
    return config
