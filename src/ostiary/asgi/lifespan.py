"""Two lives under one lifespan: ours begins before the application's, and ends after it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ostiary.config.problem import ConfigInvalid
from ostiary.config.render import render
from ostiary.edge.asgi.body import Message, Receive
from ostiary.edge.asgi.exchange import Send
from ostiary.edge.asgi.handler import Scope
from ostiary.errors import ConfigError

_log = structlog.get_logger("ostiary.asgi")

_FAILED: Final = "lifespan.startup.failed"
_STARTED: Final = "lifespan.startup.complete"

PROVEN_BEFORE: Final = "ostiary.proven"
"""In the scope of an application's lifespan: whoever calls it will have been proven."""


class Lifespan:
    """One run of the lifespan protocol.

    Args:
        app: the application, which may not know the protocol.
        start: begins our life; raises ConfigError.
        aclose: ends it.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        start: Callable[[], Awaitable[None]],
        aclose: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._start = start
        self._aclose = aclose
        self._first: Message | None = None
        self._answered = False  # whether the application has said anything

    async def run(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the server, with the application or in its place."""
        self._first = await receive()
        try:
            await self._start()
        except ConfigError as error:
            await send({"type": _FAILED, "message": _text(error)})
            return
        try:
            await self._with_app(scope, receive, send)
        finally:
            await self._aclose()

    async def _with_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def told() -> Message:
            first, self._first = self._first, None
            return await receive() if first is None else first

        async def say(message: Message) -> None:
            self._answered = True
            if message["type"] != _STARTED:  # it has ended, or never began
                await self._aclose()
            await send(message)

        try:
            await self._app({**scope, PROVEN_BEFORE: True}, told, say)
        except Exception as error:
            if self._answered:
                raise
            _log.info("the application knows no lifespan", error=type(error).__name__)
        if not self._answered:
            await _alone(receive, send)


def _text(error: ConfigError) -> str:
    return render(error.problems, error.source) if isinstance(error, ConfigInvalid) else str(error)


async def _alone(receive: Receive, send: Send) -> None:
    await send({"type": _STARTED})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
