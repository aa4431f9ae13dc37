"""One request through the gateway. The only place where errors end."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

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

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
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
