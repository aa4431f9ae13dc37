"""What stands between a listener and the gateway: what has to be known of the caller before a route is looked for.

request -> whose certificate? (forwarded) -> is it revoked? (asked) -> does it end soon? (told) -> gateway
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast

from ostiary.config.schema import ClientSpec, ListenerSpec
from ostiary.edge.carry import Handler
from ostiary.listener.forwarded import Forwarded
from ostiary.listener.points import Points, compile_points
from ostiary.listener.responder import Responder
from ostiary.listener.revocation import Revocation
from ostiary.model import Answer, Certificate, Request
from ostiary.observe.access import AccessLog
from ostiary.serve.deciding import answering, decisions_of
from ostiary.serve.expiry import Telling


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


class Judge(Protocol):
    """Who knows whether certificates are revoked, or finds out."""

    def settled(self, certificate: Certificate) -> bool:
        """Whether it is known that a certificate holds; raises a GatewayError when it is known not to."""

    async def check(self, certificate: Certificate) -> None:
        """Find out; raise the GatewayError that follows."""


@dataclass(slots=True)
class Asking:
    """Asks whether the caller's certificate is revoked.

    Attributes:
        gateway: where requests go.
        judge: whom to ask.
        access: the gateway's access log.
    """

    gateway: Handler
    judge: Judge
    access: AccessLog

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Carry one request through, or raise the GatewayError that it ends with."""
        certificate = request.peer.certificate
        if certificate is None or self.judge.settled(certificate):
            return self.gateway.handle(request, answer)
        return self._ask(request, answer)

    async def _ask(self, request: Request, answer: Answer) -> None:
        if request.peer.certificate is not None:
            await self.judge.check(request.peer.certificate)
        await self.gateway.handle(request, answer)


@dataclass(slots=True)
class Warned:
    """Tells callers whose certificate ends soon.

    Attributes:
        gateway: where requests go.
        before: seconds before the end.
        access: the gateway's access log.
        clock: seconds since the epoch.
    """

    gateway: Handler
    before: float
    access: AccessLog
    clock: Callable[[], float] = time.time

    def handle(self, request: Request, answer: Answer) -> Awaitable[None]:
        """Carry one request through, or raise the GatewayError that it ends with."""
        certificate = request.peer.certificate
        if certificate is not None and certificate.not_after - self.clock() < self.before:
            answer = cast("Answer", Telling(answer, certificate.not_after))
        return self.gateway.handle(request, answer)


def behind(
    gateway: Handler, spec: ListenerSpec, forwarded: Forwarded | None, judges: Iterable[Judge], name: str = ""
) -> Handler:
    """Return the gateway, or what stands before it.

    Args:
        gateway: where requests go.
        spec: the listener.
        forwarded: how a proxy tells the caller's certificate, or None.
        judges: whom to ask about certificates.
        name: of the listener.
    """
    asked = clients_of(spec)
    handler = gateway if spec.decide is None else decisions_of(gateway)
    if asked is not None and asked.warn_before is not None:
        handler = Warned(handler, asked.warn_before, gateway.access)
    for judge in judges:
        handler = Asking(handler, judge, gateway.access)
    if spec.decide is not None:
        return answering(handler, name, spec, forwarded)
    if forwarded is not None:
        handler = Behind(handler, forwarded, gateway.access)
    return handler


def clients_of(spec: ListenerSpec) -> ClientSpec | None:
    """Return what a listener demands of its callers' certificates; behind a proxy, of those that are told."""
    if spec.decide is not None:
        return spec.decide.client
    if spec.forwarded is not None:
        return spec.forwarded.client
    return None if spec.tls is None or spec.tls.client.mode == "off" else spec.tls.client


def responder_of(spec: ListenerSpec) -> Responder | None:
    """Return whom a listener asks about certificates, or None."""
    asked = clients_of(spec)
    revocation = None if asked is None else asked.revocation
    if revocation is None or revocation.ocsp is None:
        return None
    ocsp, patience = revocation.ocsp, (revocation.refresh, revocation.timeout)
    return Responder(ocsp.url, revocation.mode == "hard", *patience, ocsp.about == "leaf", ocsp.hosts)


def points_of(spec: ListenerSpec, beside: Revocation | None) -> Points | None:
    """Return what looks at the lists that certificates name, or None.

    Args:
        spec: the listener.
        beside: the lists that come otherwise.
    """
    asked = clients_of(spec)
    revocation = None if asked is None else asked.revocation
    return None if revocation is None else compile_points(revocation, beside)
