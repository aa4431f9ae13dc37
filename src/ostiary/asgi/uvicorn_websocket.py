"""WebSockets under uvicorn, whose applications learn of the client's certificate (needs `websockets`)."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ostiary.asgi.uvicorn import telling


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSockets. The handshake in TLS was that of the connection that they began with."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection over."""
        super().connection_made(transport)
        self.app = telling(self.app, transport)
