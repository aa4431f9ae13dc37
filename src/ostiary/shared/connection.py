"""One connection to Redis, looked at before it is believed.

A server counts when it is the master, may not drop what it was told, and the gateway may log in. Since when it
remembers stands in it, under the name of its run: a server that was started anew may have forgotten what it knew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from ostiary.errors import SharedUnavailable
from ostiary.shared.question import Command
from ostiary.shared.wire import ask, made, trip, worded

_KEEPS: Final = "noeviction"
_WORDS: Final = 2
"""That are noted: which run of the server, and from when on it remembers."""


class RedisConnection:
    """A connection that is believed.

    Args:
        wire: which is connected.
        since: from when on the server remembers everything, epoch seconds.
    """

    def __init__(self, wire: AbstractConnection, since: float) -> None:
        self._wire = wire
        self.since = since

    async def trip(self, commands: Sequence[Command]) -> list[Any]:
        """Send several commands at once, and return the answers; a refusal stands among them.

        Raises:
            ConnectionError: the connection has broken.
        """
        return await trip(self._wire, commands)

    async def aclose(self) -> None:
        """Close it."""
        await self._wire.disconnect(nowait=True)


async def introduce(wire: AbstractConnection, prefix: str, now: float) -> RedisConnection:
    """Return a connection, if the server is one that can be believed.

    Args:
        wire: not connected yet.
        prefix: what names of keys begin with.
        now: epoch seconds.

    Raises:
        SharedUnavailable: it is not, or cannot be asked.
    """
    await made(wire)
    try:
        said = _read(await ask(wire, "INFO"))
        _judge(said)
        return RedisConnection(wire, await _since(wire, f"{prefix}:epoch", _run(said), now))
    except BaseException as error:
        await wire.disconnect(nowait=True)
        if isinstance(error, RedisError | OSError):
            raise SharedUnavailable(worded(error)) from None
        raise


def _read(information: bytes) -> Mapping[str, str]:
    """Return what INFO says: `name:value` lines."""
    lines = (line.partition(":") for line in information.decode("utf-8", "replace").splitlines())
    return {name: value for name, _, value in lines}


def _judge(said: Mapping[str, str]) -> None:
    if said.get("redis_mode") == "sentinel":
        raise SharedUnavailable("the server is a sentinel: it belongs below `sentinel`")
    if said.get("redis_mode") == "cluster":
        raise SharedUnavailable("the server is one of a cluster, which is not spoken to")
    if said.get("role") != "master":
        raise SharedUnavailable("the server is a replica")
    policy = said.get("maxmemory_policy", _KEEPS)
    if said.get("maxmemory", "0") != "0" and policy != _KEEPS:
        raise SharedUnavailable(f"the server forgets when it is full: maxmemory-policy is {policy}, not {_KEEPS}")


def _run(said: Mapping[str, str]) -> str:
    run = said.get("run_id", "")
    if not run:
        raise SharedUnavailable("the server does not say which run of it this is")
    return run


async def _since(wire: AbstractConnection, key: str, run: str, now: float) -> float:
    """Return from when on a run of the server remembers everything: from when it was first seen."""
    since = noted_since(await ask(wire, "GET", key), run)
    if since is not None:
        return since
    await ask(wire, "SET", key, f"{run} {now}")
    return now


def noted_since(noted: Any, run: str) -> float | None:
    """Return from when on a run remembers everything; None when that is not noted, or not as a moment.

    Args:
        noted: what stands in the server, whoever has written it.
        run: of the server.
    """
    words = noted.decode("utf-8", "replace").split() if isinstance(noted, bytes) else []
    if len(words) != _WORDS or words[0] != run:
        return None
    try:
        since = float(words[1])
    except ValueError:
        return None
    return since if isfinite(since) and since > 0 else None
