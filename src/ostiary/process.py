"""A process that serves, put together; or one that supervises others which do."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path

import uvloop

from ostiary.admin.source import Own
from ostiary.admin.view import Idle, Nothing, View
from ostiary.authn.memory import Memory
from ostiary.build import compile_gateway
from ostiary.config.loaded import Loaded
from ostiary.config.reading.child_process import examine_apart
from ostiary.config.schema import ListenerSpec
from ostiary.config.sockets import UnixBind
from ostiary.errors import ConfigError
from ostiary.explain.running import answer
from ostiary.gateway import Gateway
from ostiary.jwks import state_folder
from ostiary.observe.access import AccessLog
from ostiary.observe.lifecycle import Lifecycle
from ostiary.observe.metrics import Metrics
from ostiary.reload import POLL, Change, Reloader
from ostiary.serve import Ending, Place, Server, bind, compile_places, probe, serve
from ostiary.serve.admin import administered
from ostiary.serve.observers import observed
from ostiary.workers import Aggregate, Channel, Supervisor, keeping, tell


def run_gateway(file: Path, loaded: Loaded, channel: Channel | None = None) -> None:
    """Serve a configuration, and every change of it, until a signal says stop.

    Args:
        file: the configuration.
        loaded: what it says now.
        channel: to the supervisor, when this is a worker. Then it is the supervisor who looks for changes.

    Raises:
        ConfigError: something cannot work as configured.
    """
    uvloop.run(_gateway(file, loaded, channel))


async def _gateway(file: Path, loaded: Loaded, channel: Channel | None) -> None:
    metrics, life = Metrics(), Lifecycle(configured_at=time.time())
    access = AccessLog(sys.stdout.fileno(), metrics, turn=channel.turn if channel else None)
    memory = Memory(channel.memory if channel else None)
    async with observed(access, loaded, worker=channel.number if channel else None) as observers:
        over = loaded.overlays
        change = Change(file, loaded.draft, poll=POLL if channel is None else None, overlays=over)
        gateway, places = _built(loaded, access, memory)
        server = Server(gateway, places, ending=Ending.of(loaded.spec), shared=channel is not None)

        view = View(server, life, metrics, access)
        async with _seen(Own(view, lambda asked: answer(server.gateway, asked)), view, channel) as seen:

            async def take(read: Loaded) -> None:
                fresh, where = await asyncio.to_thread(_built, read, access, memory)
                with observers.changing(read), seen(read):
                    await server.change(fresh, where, Ending.of(read.spec))

            read = channel.examined if channel else examine_apart
            reloader = Reloader(file, take, life, change, over, read=read)
            companions = [reloader.run, *([channel.hold] if channel else [])]
            await serve(server, life, companions=companions)


@asynccontextmanager
async def _seen(
    own: Own, view: View, channel: Channel | None
) -> AsyncIterator[Callable[[Loaded], AbstractContextManager[None]]]:
    """Let operators see how it is, by a listener of our own or by the supervisor's, while the block runs.

    Yields:
        What prepares that for another configuration.
    """
    if channel is None:
        async with administered(view, own) as admin:
            yield admin.changing
        return
    view.lag.start()
    try:
        async with channel.answering(lambda what: tell(own, what)), keeping(channel.ledger, view):
            yield lambda _: nullcontext()
    finally:
        view.lag.stop()


def _built(loaded: Loaded, access: AccessLog, memory: Memory | None = None) -> tuple[Gateway, dict[str, Place]]:
    state = state_folder(loaded.spec.state, loaded.folder)
    gateway = compile_gateway(loaded, access, memory=memory)
    return gateway, compile_places(loaded.spec.listeners, loaded.folder, state, gateway.shown)


def run_workers(file: Path, loaded: Loaded, count: int) -> int:
    """Supervise that many processes which serve a configuration, until a signal says stop.

    Args:
        file: the configuration.
        loaded: what it says now.
        count: how many.

    Returns:
        The exit code.

    Raises:
        ConfigError: the configuration cannot be shared by several processes.
    """
    _claim(loaded.spec.listeners.values())
    return uvloop.run(_workers(file, loaded, count))


async def _workers(file: Path, loaded: Loaded, count: int) -> int:
    over, access = loaded.overlays, AccessLog()
    named = [word for overlay in over for word in ("--overlay", str(overlay))]
    itself = (sys.executable, "-P", "-m", "ostiary")  # -P: nothing is imported from the folder it is started in
    supervisor = Supervisor((*itself, "serve", str(file), *named), count)
    supervisor.said.say(loaded)
    life = supervisor.life
    life.configured_at = time.time()
    view = View(Idle(Nothing(loaded)), life, Metrics(), access)
    together = Aggregate(supervisor, view)
    async with observed(access, loaded, worker=0) as observers, administered(view, together) as admin:

        async def review(read: Loaded) -> None:
            _fixed(read.spec.listeners.values())
            with observers.changing(read), admin.changing(read):
                _free(read.spec.listeners)
                await asyncio.to_thread(_built, read, AccessLog())
            view.serving = Idle(Nothing(read))
            supervisor.said.say(read)
            supervisor.pass_on(signal.SIGHUP)

        change = Change(file, loaded.draft, overlays=over)
        return await supervisor.run([Reloader(file, review, life, change, over).run, together.keep])


def _fixed(listeners: Iterable[ListenerSpec]) -> None:
    for listener in listeners:
        if isinstance(listener.bind, UnixBind):
            raise ConfigError(f"bind: {listener.bind}: several workers cannot share a unix socket; start one process")
        if listener.bind.port == 0:
            raise ConfigError(f"bind: {listener.bind}: several workers share a port, so it must be named")


def _free(listeners: Mapping[str, ListenerSpec]) -> None:
    """Find out whether workers can have every address: with one that is taken, those who come later could not start."""
    for name, listener in listeners.items():
        if isinstance(listener.bind, UnixBind):
            continue
        try:
            probe(listener.bind)
        except OSError as error:
            raise ConfigError(
                f"listeners > {name} > bind: {listener.bind} cannot be bound: {error.strerror}"
            ) from error


def _claim(listeners: Iterable[ListenerSpec]) -> None:
    """Find out whether every address is to be had: workers, who share them, would not notice a stranger."""
    _fixed(listeners := tuple(listeners))
    for listener in listeners:
        try:
            bind(listener.bind).close()
        except OSError as error:
            raise ConfigError(f"bind: {listener.bind} cannot be bound: {error.strerror}") from error
