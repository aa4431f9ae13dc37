"""What a decision listener has that others have not: who may ask, how certificates are told, and who answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ostiary.config.decisions import CERTIFICATES, DecideSpec
from ostiary.config.listeners import ForwardedSpec, ListenerSpec
from ostiary.edge.alpn import speaking, speaking_h2
from ostiary.edge.carry import Handler
from ostiary.edge.decide.dialects import HEADERS, READERS
from ostiary.edge.decide.fastcgi import FastCgiConnection
from ostiary.edge.decide.handler import Decisions
from ostiary.edge.listening import Listening
from ostiary.gateway import Gateway
from ostiary.listener.forwarded import Forwarded, Trusted, compile_forwarded
from ostiary.listener.local import compile_local
from ostiary.pki.condition import condition
from ostiary.pki.dialect import Style


def trusted_of(spec: DecideSpec) -> Trusted:
    """Return who may ask; the address that they come from is the business of `bind`.

    Raises:
        ConfigError: a pattern cannot be read, or this machine has no such user or group.
    """
    conditions = () if spec.proxy is None else tuple(condition(*one) for one in spec.proxy.match.items())
    return Trusted((), conditions, None if spec.local is None else compile_local(spec.local))


def told_certificates(spec: DecideSpec, folder: Path) -> Forwarded | None:
    """Return how certificates are told, or None when they are not looked at.

    Raises:
        ConfigError: a file is missing or wrong.
    """
    if spec.client is None or spec.client.mode == "off":
        return None
    header = HEADERS[spec.dialect].decode()
    told = ForwardedSpec.model_construct(dialect=CERTIFICATES[spec.dialect], header=header, client=spec.client)
    found = compile_forwarded(told, folder)  # whom to believe is known before anything is read, see `Guard`
    return replace(found, style=_filled(found.style))


def _filled(style: Style) -> Style:
    """Return a dialect in which a placeholder is never "no certificate": recipes do not let it come to that."""
    return replace(style, absent=frozenset(one for one in style.absent if not one.startswith(style.unfilled)))


def answering(gateway: Handler, name: str, spec: ListenerSpec, forwarded: Forwarded | None) -> Handler:
    """Return what answers those who ask.

    Args:
        gateway: decides.
        name: of the listener.
        spec: the listener.
        forwarded: how certificates are told, or None.
    """
    assert spec.decide is not None  # noqa: S101 - a decision listener
    dialect = spec.decide.dialect
    decisions = Decisions(
        gateway,
        name=name,
        dialect=dialect,
        read=READERS[dialect],
        longest=spec.limits.target,
        limits=spec.limits if by_grpc(spec) else None,
        forwarded=forwarded,
    )
    if not by_grpc(spec):
        return decisions
    from ostiary.edge.decide.grpc.service import Service  # noqa: PLC0415 - its messages are an extra

    return Service(decisions, spec.limits)


def by_grpc(spec: ListenerSpec) -> bool:
    """Whether proxies ask by messages of gRPC."""
    return spec.decide is not None and spec.decide.dialect == "envoy-grpc"


def by_status(spec: ListenerSpec) -> bool:
    """Whether proxies read the verdict from the status of the answer."""
    return spec.decide is not None and not by_grpc(spec)


def decisions_of(gateway: Handler) -> Handler:
    """Return the gateway whose pipelines end in an answer."""
    assert isinstance(gateway, Gateway)  # noqa: S101 - the admin listener does not decide
    assert gateway.decisions is not None  # noqa: S101 - `build` makes them for every gateway
    return gateway.decisions.gateway


def speaking_to(
    listening: Listening, spec: ListenerSpec, loop: asyncio.AbstractEventLoop
) -> Callable[[], asyncio.Protocol]:
    """Return what makes the protocol of a connection from a proxy: HTTP, but for Apache; HTTP/2 for gRPC."""
    if spec.decide is not None and spec.decide.dialect == "apache":
        return lambda: FastCgiConnection(listening, loop)
    if by_grpc(spec):
        return lambda: speaking_h2(listening, loop)
    return lambda: speaking(listening, spec.protocols, loop)
