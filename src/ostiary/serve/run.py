"""From the first signal to the last.

SIGTERM, SIGINT   readiness is false; after `lame_duck` nobody is let in; what is under way ends; exit.
                  A second one cuts off what is left.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import structlog

from ostiary.observe.lifecycle import Lifecycle
from ostiary.serve.server import Server

log = structlog.get_logger("ostiary.serve")

Companion = Callable[[], Coroutine[Any, Any, None]]
"""What runs beside the server until it is told to stop: whoever looks for a new configuration, for one."""


async def serve(server: Server, lifecycle: Lifecycle | None = None, *, companions: Sequence[Companion] = ()) -> None:
    """Serve until a signal says stop.

    Args:
        server: not yet started.
        lifecycle: where it is told how far we are.
        companions: what runs beside it; each is cancelled when the end begins.

    Raises:
        ConfigError: something cannot work as configured.
    """
    life = lifecycle or Lifecycle()
    stop = Stop(server)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.start()
    settle()
    life.ready = True
    log.info("ready", routes=server.gateway.size, pid=os.getpid())
    try:
        await _until(stop, companions)
        life.draining = True
        log.info("stopping", drain_seconds=server.ending.drain, lame_duck_seconds=server.ending.lame_duck)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.second.wait(), server.ending.lame_duck)
    finally:
        await server.stop()


async def _until(stop: Stop, companions: Sequence[Companion]) -> None:
    """Run what runs beside the server, until the first signal, or until one of them ends."""
    loop = asyncio.get_running_loop()
    beside = [loop.create_task(companion()) for companion in companions]
    for task in beside:
        task.add_done_callback(lambda _: stop.first.set())
    try:
        await stop.first.wait()
    finally:
        for task in beside:
            task.cancel()
        ended = await asyncio.gather(*beside, return_exceptions=True)
    for end in ended:
        if isinstance(end, Exception):
            raise end


def settle() -> None:
    """Tell the collector that what is there stays: it need not look at it again."""
    gc.collect()
    gc.freeze()


class Stop:
    """What a signal does: the first lets what is under way end, a further one cuts it off.

    Attributes:
        first: set by the first signal, also by one that comes while the gateway still starts.
        second: set by a further one.
    """

    def __init__(self, server: Server) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self._server = server

    def __call__(self) -> None:
        """Take a signal."""
        if self.first.is_set():
            log.warning("stopping at once")
            self.second.set()
            self._server.abort()
        self.first.set()
