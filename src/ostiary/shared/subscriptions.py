"""Lines on which Redis and its sentinels say something of their own: where the master is, that a key was changed."""

from __future__ import annotations

import asyncio
from typing import Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from ostiary.errors import SharedUnavailable
from ostiary.shared.wire import ask, made, sent, worded

_SILENT: Final = 5.0
"""Seconds of silence after which a server that speaks unasked is asked whether it is there."""


class SentinelConnection:
    """A line to a sentinel.

    Args:
        wire: which is connected.
    """

    def __init__(self, wire: AbstractConnection) -> None:
        self._wire = wire

    async def master(self, name: str) -> tuple[str, int] | None:
        """Return where the master of that name is; None: the sentinel knows none.

        Raises:
            SharedUnavailable: it refuses, or says what cannot be read.
            ConnectionError: the connection has broken.
        """
        said = await ask(self._wire, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        if said is None:
            return None
        try:
            host, port = said
            return host.decode("ascii"), int(port)
        except (TypeError, ValueError, AttributeError):
            raise SharedUnavailable("a sentinel says what cannot be read") from None

    async def aclose(self) -> None:
        """Close it."""
        await self._wire.disconnect(nowait=True)


class TrackingConnection:
    """A connection on which the server says that a key was changed.

    Args:
        wire: which is connected, and told of what.
        timeout: seconds for an answer.
    """

    def __init__(self, wire: AbstractConnection, timeout: float) -> None:
        self._wire = wire
        self._timeout = timeout
        self._reading: asyncio.Task[bool] | None = None

    async def news(self) -> bool:
        """Return whether the server has said something; False: it was silent for a while, and is there.

        Raises:
            ConnectionError: the connection has broken.
            TimeoutError: the server does not answer.
        """
        if not await self._waited(_SILENT):
            await sent(self._wire, ("PING",))
            if not await self._waited(self._timeout):
                raise TimeoutError
        reading, self._reading = self._reading, None
        return reading is not None and reading.result()

    async def _waited(self, patience: float) -> bool:
        """Whether something was read. Reading goes on: a connection whose reading is broken off is closed."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        done, _ = await asyncio.wait((self._reading,), timeout=patience)
        return bool(done)

    async def _read(self) -> bool:
        try:
            return bool(await self._wire.read_response(disable_decoding=True, push_request=True) != b"PONG")
        except RedisError as error:
            raise ConnectionError(worded(error)) from None

    async def aclose(self) -> None:
        """Close it."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self._wire.disconnect(nowait=True)


async def sentinel(wire: AbstractConnection) -> SentinelConnection:
    """Return a line to a sentinel.

    Raises:
        SharedUnavailable: there is none to be had.
    """
    return SentinelConnection(await made(wire))


async def tracking(wire: AbstractConnection, key: str, patience: float) -> TrackingConnection:
    """Return a connection on which the server says that a key was changed.

    Args:
        wire: not connected yet, of version 3.
        key: which.
        patience: seconds for an answer.

    Raises:
        SharedUnavailable: there is none to be had, or the server does not do that.
    """
    await made(wire)
    try:
        await ask(wire, "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", key)
    except BaseException:
        await wire.disconnect(nowait=True)
        raise
    return TrackingConnection(wire, patience)
