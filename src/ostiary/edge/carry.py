"""One request through the gateway, and its line in the log. The only place where errors end."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import structlog

from ostiary.errors import GatewayError, InternalError
from ostiary.model import Answer, Record, Request
from ostiary.observe.access import AccessLog
from ostiary.observe.ended import Ended

log = structlog.get_logger("ostiary.edge")


class Handler(Protocol):
    """What an edge needs of the gateway.

    Attributes:
        access: where each request gets its line.
    """

    access: AccessLog

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Carry one request through, or raise the GatewayError that it ends with."""


class Carried(Protocol):
    """What an edge knows of a request and its answer; `ended.Ended` says what each of it is."""

    record: Record
    request: Request | None
    id: str
    method: str
    target: bytes
    address: str
    status: int
    sent: int


async def carry(gateway: Handler, request: Request, answer: Answer) -> None:
    """Hand a request to the gateway; whatever goes wrong becomes the end of the answer."""
    try:
        await gateway.handle(request, answer)
    except GatewayError as error:
        answer.fail(error)
    except Exception:
        log.exception("a request failed in the gateway", id=request.id, route=request.record.route)
        answer.fail(InternalError("an exception; see the log"))


def log_end(gateway: Handler, carried: Carried, now: float, listener: str = "") -> None:
    """Have the line of a request written that has ended.

    Args:
        gateway: whose log it is.
        carried: the request and its answer.
        now: the loop's clock, seconds.
        listener: the name of the one it came through.
    """
    request = carried.request
    gateway.access.write(
        Ended(
            carried.record,
            id=carried.id,
            method=carried.method,
            target=carried.target,
            host="" if request is None else request.host,
            address=carried.address,
            status=carried.status,
            sent=carried.sent,
            now=now,
            listener=listener,
        )
    )
