"""One configuration that serves, and the requests that it carries."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from ostiary.edge.asgi.body import Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope
from ostiary.gateway import Gateway


class Edge(Protocol):
    """Hands requests to a gateway."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""


class Generation:
    """A gateway behind its edge, for as long as a request is under way with it.

    Args:
        gateway: started by whoever makes this.
        edge: hands requests to it.

    Attributes:
        gateway: as above.
    """

    def __init__(self, gateway: Gateway, edge: Edge) -> None:
        self.gateway = gateway
        self._edge = edge
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            AnswerBroken: the answer ended in the middle; the server has to cut the connection.
        """
        self._busy += 1
        self._idle.clear()
        try:
            await self._edge.handle(scope, receive, send)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def retire(self, seconds: float) -> None:
        """Close the gateway after the last request that it carries, or after some seconds."""
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), seconds)
        finally:
            await self.gateway.aclose()
