"""A gateway behind a proxy that ends TLS: whose certificate is told by a header is found out first."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass

from ostiary.edge.carry import Handler
from ostiary.listener.forwarded import Forwarded
from ostiary.model import Answer, Request
from ostiary.observe.access import AccessLog


@dataclass(slots=True)
class Behind:
    """Hands each request on with the caller's certificate in place of the proxy's.

    Attributes:
        gateway: where requests go.
        forwarded: who the proxy is, and how it tells certificates.
        access: the gateway's access log.
    """

    gateway: Handler
    forwarded: Forwarded
    access: AccessLog

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Carry one request through, or raise the GatewayError that it ends with."""
        request.peer = self.forwarded.peer(request.peer, request.headers)
        return self.gateway.handle(request, answer)


def behind(gateway: Handler, forwarded: Forwarded | None) -> Handler:
    """Return the gateway, or what stands before it."""
    return gateway if forwarded is None else Behind(gateway, forwarded, gateway.access)
