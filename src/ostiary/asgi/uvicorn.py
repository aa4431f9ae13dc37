"""uvicorn, whose applications learn of the client's certificate (extra `uvicorn`).

    uvicorn.run(app, http=HttpProtocol, ws=WebSocketProtocol, ssl_cert_reqs=ssl.CERT_OPTIONAL, ssl_ca_certs=..., ...)
    uvicorn --http ostiary.asgi.uvicorn:HttpProtocol --ws ostiary.asgi.uvicorn:WebSocketProtocol ...

They write the TLS extension of ASGI into each scope of a connection with TLS; it is made once for each connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("ostiary.asgi.uvicorn needs an extra: pip install 'ostiary[uvicorn]'") from error

from ostiary.edge.asgi.tls_extension import TLS, tls_extension

if TYPE_CHECKING:
    from ostiary.asgi.uvicorn_websocket import WebSocketProtocol

__all__ = ["HttpProtocol", "WebSocketProtocol"]


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection in."""
        super().connection_made(transport)
        self.app = telling(self.app, transport)


def __getattr__(name: str) -> Any:
    """Import the class for WebSockets when it is asked for: it needs `websockets`, which not everybody has."""
    if name == "WebSocketProtocol":
        from ostiary.asgi.uvicorn_websocket import WebSocketProtocol  # noqa: PLC0415 - see above

        return WebSocketProtocol
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def telling(app: Any, transport: asyncio.Transport) -> Any:
    """Return the application as one connection sees it. What uvicorn says itself, once it does, stays."""
    ssl_object = transport.get_extra_info("ssl_object")
    if ssl_object is None:
        return app
    extension = tls_extension(ssl_object)

    async def told(scope: Any, receive: Any, send: Any) -> None:
        scope.setdefault("extensions", {}).setdefault(TLS, extension)
        await app(scope, receive, send)

    return told
