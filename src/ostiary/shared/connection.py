"""One connection to Redis, made and looked at before it is believed.

A server counts when it is the master, may not drop what it was told, and the gateway may log in. Since when it
remembers stands in it, under the name of its run: a server that was started anew may have forgotten what it knew.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Connection as Plain
from redis.asyncio import ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
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


def client_of(url: RedisUrl, tls: ssl.SSLContext | None, user: str | None, password: Secret | None) -> Redis:
    """Return a client that has one connection, tries nothing again, and leaves time-outs to us.

    Args:
        url: where the server listens.
        tls: how it is verified, and what it is shown; for rediss:// only.
        user: who logs in; None: the default user.
        password: with what; None: with nothing.
    """
    said = None if password is None else password.reveal().decode()
    how: dict[str, Any] = {
        "username": user,
        "password": said,
        "db": url.database,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": None,
        "socket_connect_timeout": None,
        "lib_name": None,
        "lib_version": None,
        "max_connections": 1,
    }
    if url.scheme == "unix":
        how |= {"connection_class": UnixDomainSocketConnection, "path": url.path}
    else:
        how |= {"connection_class": Plain if tls is None else VerifiedConnection, "host": url.host, "port": url.port}
        how |= {} if tls is None else {"tls": tls}
    return Redis(connection_pool=ConnectionPool(**how), single_connection_client=True)


class RedisConnection:
    """A connection that redis-py keeps.

    Args:
        client: which has one connection, and tries nothing again.
        since: from when on the server remembers everything, epoch seconds.
    """

    def __init__(self, client: Redis, since: float) -> None:
        self._client = client
        self.since = since

    async def trip(self, commands: Sequence[Command]) -> list[Any]:
        """Send several commands at once, and return the answers."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except RedisError as error:
            raise ConnectionError(worded(error)) from None
        return answers

    async def aclose(self) -> None:
        """Close it."""
        await self._client.aclose()


async def introduce(client: Redis, prefix: str, now: float) -> RedisConnection:
    """Return a connection, if the server is one that can be believed.

    Args:
        client: not connected yet.
        prefix: what names of keys begin with.
        now: epoch seconds.

    Raises:
        SharedUnavailable: it is not, or cannot be asked.
    """
    try:
        said = await client.info()
        _judge(said)
        return RedisConnection(client, await _since(client, f"{prefix}:epoch", str(said["run_id"]), now))
    except BaseException as error:
        await client.aclose()
        if isinstance(error, RedisError | OSError):
            raise SharedUnavailable(worded(error)) from None
        raise


def _judge(said: dict[str, Any]) -> None:
    if said.get("role") != "master":
        raise SharedUnavailable("the server is a replica")
    policy = said.get("maxmemory_policy", _KEEPS)
    if said.get("maxmemory") and policy != _KEEPS:
        raise SharedUnavailable(f"the server forgets when it is full: maxmemory-policy is {policy}, not {_KEEPS}")


async def _since(client: Redis, key: str, run: str, now: float) -> float:
    """Return from when on a run of the server remembers everything: from when it was first seen."""
    noted = await client.get(key)
    words = noted.decode().split() if isinstance(noted, bytes) else []
    if words[:1] == [run]:
        return float(words[1])
    await client.set(key, f"{run} {now}")
    return now


def worded(error: Exception) -> str:
    """Return what went wrong, in words that hold no secret: a kind, and the server's own word for it."""
    word = str(error).partition(" ")[0] if isinstance(error, ResponseError) else ""
    return f"{type(error).__name__} {word}".strip() if word.isupper() else type(error).__name__
