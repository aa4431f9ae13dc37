"""How an endpoint is reached, whichever HTTP is spoken there: its name, its connections, and why there are none."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from ostiary.config.upstreams import UpstreamSpec
from ostiary.config.values import Endpoint
from ostiary.eager import in_a_task
from ostiary.errors import GatewayError, UpstreamTimeout, UpstreamUnreachable
from ostiary.upstream.ahead import bound

REST: Final = 1.0
"""Seconds in which an endpoint that could not be reached is tried last."""

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What is known of an endpoint now.

    Attributes:
        name: scheme, host and port.
        up: whether it could be reached when it was last tried, or has not been for a while.
        idle, busy, connecting: how many connections of each state.
    """

    name: str
    up: bool
    idle: int
    busy: int
    connecting: int


class Reaching:
    """Makes connections to one endpoint.

    Attributes:
        name: scheme, host and port.
        host: host and port, as its Host field.
    """

    def __init__(self, endpoint: Endpoint, spec: UpstreamSpec, context: ssl.SSLContext | None) -> None:
        self.name = str(endpoint)
        self.host = _host(spec.host, self.name.partition("://")[2])
        self._endpoint = endpoint
        self._context = context if endpoint.scheme == "https" else None
        self._server_name = (spec.tls.server_name or endpoint.host) if self._context else None
        self._patience = spec.timeouts.connect

    async def connect(self, loop: asyncio.AbstractEventLoop, make: Callable[[], P]) -> P:
        """Return a new connection, on which nothing was said yet.

        Raises:
            UpstreamUnreachable: the endpoint refuses, or is not who it should be.
            UpstreamTimeout: it did not accept in time.
        """
        await in_a_task()
        try:
            async with asyncio.timeout(self._patience):
                transport, connection = await loop.create_connection(
                    make,
                    self._endpoint.host,
                    self._endpoint.port,
                    ssl=self._context,
                    server_hostname=self._server_name,
                )
        except (OSError, ValueError) as error:
            raise self._unreachable(error) from error
        bound(transport)
        return connection

    def _unreachable(self, error: Exception) -> GatewayError:
        if isinstance(error, TimeoutError):
            return UpstreamTimeout(f"{self.name}: no connection in time")
        if isinstance(error, ssl.SSLCertVerificationError):
            return UpstreamUnreachable(f"{self.name}: {error.verify_message}")
        return UpstreamUnreachable(f"{self.name}: {getattr(error, 'strerror', None) or type(error).__name__}")


def _host(said: str, own: str) -> bytes:
    """Return what the Host field says where the caller's is not passed on."""
    return (own if said in ("preserve", "endpoint") else said).encode()
