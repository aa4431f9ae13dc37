"""Applications of several frameworks with a WebSocket, which note down when they live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import litestar as lite
from fastapi import FastAPI, Security, WebSocket
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from ostiary.asgi.fastapi import Principal, principal

WHERE = "/live/one"


def starlette(lifespan: Any) -> Any:
    async def live(socket: Any) -> None:
        await socket.accept()
        await socket.send_text(socket.scope["ostiary"].principal.subject)
        await socket.close()

    return Starlette(routes=[WebSocketRoute(WHERE, live)], lifespan=lifespan)


def fastapi(lifespan: Any) -> Any:
    app = FastAPI(lifespan=lifespan)

    @app.websocket(WHERE)
    async def live(socket: WebSocket, caller: Annotated[Principal, Security(principal)]) -> None:
        await socket.accept()
        await socket.send_text(caller.subject)
        await socket.close()

    return app


def litestar(lifespan: Any) -> Any:
    @lite.websocket(WHERE)
    async def live(socket: lite.WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.user.display_name)
        await socket.close()

    return lite.Litestar([live], lifespan=[lifespan], openapi_config=None)


LIVE: dict[str, Callable[[Any], Any]] = {"starlette": starlette, "fastapi": fastapi, "litestar": litestar}


class Life:
    """A lifespan that notes down its beginning and its end."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    @asynccontextmanager
    async def __call__(self, _: Any) -> AsyncIterator[None]:
        """Begin, and end."""
        self.noted.append("begins")
        yield
        self.noted.append("ends")
