"""One request through the gateway. The only place where errors end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from ostiary.errors import GatewayError, InternalError
from ostiary.model import Answer, Request
from ostiary.observe.access import AccessLog

log = structlog.get_logger("ostiary.edge")


class Handler(Protocol):
    """What an edge needs of the gateway.

    Attributes:
        access: where each request gets its line.
    """

    access: AccessLog

    async def handle(self, request: Request, answer: Answer) -> None:
        """Carry one request through, or raise the GatewayError that it ends with."""


async def carry(gateway: Handler, request: Request, answer: Answer) -> None:
    """Hand a request to the gateway; whatever goes wrong becomes the end of the answer."""
    try:
        await gateway.handle(request, answer)
    except GatewayError as error:
        answer.fail(error)
    except Exception:
        log.exception("a request failed in the gateway", id=request.id, route=request.record.route)
        answer.fail(InternalError("an exception; see the log"))


if sys.version_info >= (3, 12):

    def begin(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        """Run a coroutine at once, up to where it first waits: most requests never do."""
        return asyncio.Task(coroutine, loop=loop, eager_start=True)

else:

    def begin(coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None]:
        """Run a coroutine as a task."""
        return loop.create_task(coroutine)
