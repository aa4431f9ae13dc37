"""One connection to Redis, made and looked at before it is believed.

A server counts when it is the master, may not drop what it was told, and the gateway may log in. Since when it
remembers stands in it, under the name of its run: a server that was started anew may have forgotten what it knew.
So a connection is never made anew behind our back: it is one of redis-py's, without its pool.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Connection as Plain
from redis.asyncio import SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from ostiary.config.shared import RedisUrl
from ostiary.errors import SharedUnavailable
from ostiary.model import Secret
from ostiary.shared.link import Command

_KEEPS: Final = "noeviction"


class VerifiedConnection(SSLConnection):
    """TLS by our rules: the authorities of the configuration, and no others beside them."""

    def __init__(self, *, tls: ssl.SSLContext, **how: Any) -> None:
        super().__init__(**how)
        self.ssl_context.context = tls


def wire(url: RedisUrl, tls: ssl.SSLContext | None, user: str | None, password: Secret | None) -> AbstractConnection:
    """Return a connection that is not made yet, tries nothing again, and leaves time-outs to us.

    Args:
        url: where the server listens.
        tls: how it is verified, and what it is shown; for rediss:// only.
        user: who logs in; None: the default user.
        password: with what; None: with nothing.
    """
    said = None if password is None else password.reveal().decode()
    how: dict[str, Any] = {"username": user, "password": said, "db": url.database, "protocol": 2}
    how |= {"retry": Retry(NoBackoff(), 0), "socket_timeout": None, "socket_connect_timeout": None}
    if url.scheme == "unix":
        return UnixDomainSocketConnection(path=url.path, **how)
    if tls is None:
        return Plain(host=url.host, port=url.port, **how)
    return VerifiedConnection(host=url.host, port=url.port, tls=tls, **how)


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


async def trip(wire: AbstractConnection, commands: Sequence[Command]) -> list[Any]:
    """Send several commands at once, and return the answers; a refusal stands among them.

    Raises:
        ConnectionError: the connection has broken.
    """
    try:
        await wire.send_packed_command(wire.pack_commands(commands), check_health=False)
        return [await _answer(wire) for _ in commands]
    except RedisError as error:
        raise ConnectionError(worded(error)) from None


async def _answer(wire: AbstractConnection) -> Any:
    try:
        return await wire.read_response(disable_decoding=True)
    except ResponseError as refusal:
        return refusal


async def introduce(wire: AbstractConnection, prefix: str, now: float) -> RedisConnection:
    """Return a connection, if the server is one that can be believed.

    Args:
        wire: not connected yet.
        prefix: what names of keys begin with.
        now: epoch seconds.

    Raises:
        SharedUnavailable: it is not, or cannot be asked.
    """
    try:
        await wire.connect()  # type: ignore[no-untyped-call]
        said = _read(await _ask(wire, "INFO"))
        _judge(said)
        return RedisConnection(wire, await _since(wire, f"{prefix}:epoch", said["run_id"], now))
    except BaseException as error:
        await wire.disconnect(nowait=True)
        if isinstance(error, RedisError | OSError):
            raise SharedUnavailable(worded(error)) from None
        raise


async def _ask(wire: AbstractConnection, *command: str) -> Any:
    (answer,) = await trip(wire, [command])
    if isinstance(answer, Exception):
        raise SharedUnavailable(f"{command[0]} refused: {worded(answer)}")
    return answer


def _read(information: bytes) -> Mapping[str, str]:
    """Return what INFO says: `name:value` lines."""
    lines = (line.partition(":") for line in information.decode("utf-8", "replace").splitlines())
    return {name: value for name, _, value in lines}


def _judge(said: Mapping[str, str]) -> None:
    if said.get("role") != "master":
        raise SharedUnavailable("the server is a replica")
    policy = said.get("maxmemory_policy", _KEEPS)
    if said.get("maxmemory", "0") != "0" and policy != _KEEPS:
        raise SharedUnavailable(f"the server forgets when it is full: maxmemory-policy is {policy}, not {_KEEPS}")


async def _since(wire: AbstractConnection, key: str, run: str, now: float) -> float:
    """Return from when on a run of the server remembers everything: from when it was first seen."""
    noted = await _ask(wire, "GET", key)
    words = noted.decode().split() if isinstance(noted, bytes) else []
    if words[:1] == [run]:
        return float(words[1])
    await _ask(wire, "SET", key, f"{run} {now}")
    return now


def worded(error: Exception) -> str:
    """Return what went wrong, in words that hold no secret: a kind, and the server's own word for it."""
    word = str(error).partition(" ")[0] if isinstance(error, ResponseError) else ""
    return f"{type(error).__name__} {word}".strip() if word.isupper() else type(error).__name__
