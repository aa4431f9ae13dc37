"""redis-py's connections, without its pool: made once, by our rules, and never anew behind our back."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Connection as Plain
from redis.asyncio import SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from ostiary.config.redis import RedisUrl
from ostiary.errors import SharedUnavailable
from ostiary.model import Secret
from ostiary.shared.question import Command


class VerifiedConnection(SSLConnection):
    """TLS by our rules: the authorities of the configuration, and no others beside them."""

    def __init__(self, *, tls: ssl.SSLContext, **how: Any) -> None:
        super().__init__(**how)
        self.ssl_context.context = tls


def wire(
    url: RedisUrl, tls: ssl.SSLContext | None, user: str | None, password: Secret | None, *, protocol: int = 2
) -> AbstractConnection:
    """Return a connection that is not made yet, tries nothing again, and leaves time-outs to us.

    Args:
        url: where the server listens.
        tls: how it is verified, and what it is shown; for rediss:// only.
        user: who logs in; None: the default user.
        password: with what; None: with nothing.
        protocol: version of RESP; in 3 a server can speak unasked.
    """
    said = None if password is None else password.reveal().decode()
    how: dict[str, Any] = {"username": user, "password": said, "db": url.database, "protocol": protocol}
    how |= {"retry": Retry(NoBackoff(), 0), "socket_timeout": None, "socket_connect_timeout": None}
    if url.scheme == "unix":
        return UnixDomainSocketConnection(path=url.path, **how)
    if tls is None:
        return Plain(host=url.host, port=url.port, **how)
    return VerifiedConnection(host=url.host, port=url.port, tls=tls, **how)


async def made(wire: AbstractConnection) -> AbstractConnection:
    """Connect, and return the same connection.

    Raises:
        SharedUnavailable: that does not work.
    """
    try:
        await wire.connect()  # type: ignore[no-untyped-call]
    except BaseException as error:
        await wire.disconnect(nowait=True)
        if isinstance(error, RedisError | OSError):
            raise SharedUnavailable(worded(error)) from None
        raise
    return wire


async def trip(wire: AbstractConnection, commands: Sequence[Command]) -> list[Any]:
    """Send several commands at once, and return the answers; a refusal stands among them.

    Raises:
        ConnectionError: the connection has broken.
    """
    await sent(wire, *commands)
    try:
        return [await _answer(wire) for _ in commands]
    except RedisError as error:
        raise ConnectionError(worded(error)) from None


async def sent(wire: AbstractConnection, *commands: Command) -> None:
    """Send several commands at once.

    Raises:
        ConnectionError: the connection has broken.
    """
    try:
        await wire.send_packed_command(wire.pack_commands(commands), check_health=False)
    except RedisError as error:
        raise ConnectionError(worded(error)) from None


async def _answer(wire: AbstractConnection) -> Any:
    try:
        return await wire.read_response(disable_decoding=True)
    except ResponseError as refusal:
        return refusal


async def ask(wire: AbstractConnection, *command: str) -> Any:
    """Return the answer to one command.

    Raises:
        SharedUnavailable: it is a refusal.
        ConnectionError: the connection has broken.
    """
    (answer,) = await trip(wire, [command])
    if isinstance(answer, Exception):
        raise SharedUnavailable(f"{command[0]} refused: {worded(answer)}")
    return answer


def worded(error: Exception) -> str:
    """Return what went wrong, in words that hold no secret: a kind, and the server's own word for it."""
    word = str(error).partition(" ")[0] if isinstance(error, ResponseError) else ""
    return f"{type(error).__name__} {word}".strip() if word.isupper() else type(error).__name__
