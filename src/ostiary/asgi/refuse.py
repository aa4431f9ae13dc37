"""How an application's caller is refused, and what the log learns of the answer."""

from __future__ import annotations

from collections.abc import Sequence

from ostiary.edge.asgi.body import Message, Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope
from ostiary.errors import GatewayError
from ostiary.problem import render


class Counted:
    """The server's `send`, which notes down what was answered.

    Args:
        send: the server's.
        id: of the request; the answer tells it.

    Attributes:
        status: of the answer; 101 for an accepted WebSocket, 0 before there is one.
        sent: octets of content.
    """

    def __init__(self, send: Send, id: str) -> None:  # noqa: A002 - the word of the house
        self._send = send
        self._field = (b"x-request-id", id.encode())
        self.status = 0
        self.sent = 0

    async def __call__(self, message: Message) -> None:
        """Pass a message on."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self.status = message["status"]
                message = {**message, "headers": self._named(message.get("headers", ()))}
            case "http.response.body" | "websocket.http.response.body":
                self.sent += len(message.get("body", b""))
            case "websocket.accept":
                self.status = 101
            case "websocket.close" if not self.status:
                self.status = 403  # what servers make of it before the handshake
        await self._send(message)

    def _named(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        return [*(one for one in headers if one[0].lower() != self._field[0]), self._field]


async def refuse(  # noqa: PLR0917 - the three of ASGI, and the three of a problem
    scope: Scope,
    receive: Receive,
    send: Send,
    error: GatewayError,
    id: str,  # noqa: A002 - the word of the house
    challenges: Sequence[str],
) -> None:
    """Answer with a problem document (RFC 9457), or deny the handshake of a WebSocket.

    Without the extension `websocket.http.response` the server answers 403 by itself; the close code is 1008.
    """
    status, headers, content = render(error, id, challenges)
    fields = [(name.lower(), value) for name, value in headers]
    fields.append((b"content-length", b"%d" % len(content)))
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008, "reason": error.title})
            return
        kind = "websocket.http.response"
    body = b"" if scope.get("method") == "HEAD" else content
    await send({"type": f"{kind}.start", "status": status, "headers": fields})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})
