"""The tickets: `Request -> Principal -> Permit -> Outbound`, and what the log will say of the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ostiary.model.exchange import Body
from ostiary.model.headers import Headers
from ostiary.model.peer import Certificate, Peer
from ostiary.reasons import Reason

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Trace(NamedTuple):
    """Which trace a request belongs to (W3C Trace Context).

    Attributes:
        id: of the trace: 32 hexadecimal digits.
        parent: the caller's span: 16 hexadecimal digits, or "" when the trace begins here.
        span: ours.
        sampled: whether it is to be recorded.
        state: `tracestate` as received.
    """

    id: str
    parent: str
    span: str
    sampled: bool
    state: bytes


class Record:
    """What the log will say of one request. Filled in as the request passes through the rooms.

    Times are seconds on the monotonic clock; 0.0 means "did not happen".
    """

    __slots__ = (
        *("called", "challenges", "credential", "credential_version", "detail", "endpoint", "principal", "reason"),
        *("route", "rewritten", "started", "trace", "upstream", "upstream_answered", "upstream_started"),
    )

    def __init__(
        self,
        *,
        started: float = 0.0,
        route: str | None = None,
        challenges: tuple[str, ...] = (),
        principal: Principal | None = None,
        reason: Reason = Reason.INTERNAL,
        detail: str = "",
        credential: str | None = None,
        credential_version: str | None = None,
        upstream: str | None = None,
        endpoint: str | None = None,
        upstream_started: float = 0.0,
        upstream_answered: float = 0.0,
        trace: Trace | None = None,
    ) -> None:
        self.started = started
        self.route = route
        self.challenges = challenges
        self.principal = principal
        self.reason = reason
        self.detail = detail
        self.credential = credential
        self.credential_version = credential_version
        self.upstream = upstream
        self.endpoint = endpoint
        self.upstream_started = upstream_started
        self.upstream_answered = upstream_answered
        self.trace = trace
        self.called: int | None = None  # how a call of gRPC has ended: the status that its caller was told
        self.rewritten: bytes | None = None  # the path that the upstream sees, where it is not the caller's


class Request:
    """The head of one incoming request, and a handle on its body.

    Attributes:
        id: request id, chosen by the gateway.
        method: as received; methods are case-sensitive (RFC 9110, section 9.1).
        target: path and query as received; what is forwarded.
        path: the canonical path that routes are matched on: percent-decoded once, unambiguous.
        host: lower case, without port, without a trailing dot.
        authority: the Host field as received.
        scheme: "https" or "http".
        headers: the fields as received.
        peer: who is on the line.
        body: the body as the edge holds it.
        record: what the log will say.
        upgrade: the protocol to change to (RFC 9110, section 7.8) in lower case, if the caller asks and the edge can.
    """

    __slots__ = (
        "authority",
        "body",
        "headers",
        "host",
        "id",
        "method",
        "path",
        "peer",
        "record",
        "scheme",
        "target",
        "upgrade",
    )

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - the word of the house
        method: str,
        target: bytes,
        path: str,
        host: str,
        authority: bytes,
        scheme: str,
        headers: Headers,
        peer: Peer,
        body: Body,
        record: Record,
    ) -> None:
        self.id = id
        self.method = method
        self.target = target
        self.path = path
        self.host = host
        self.authority = authority
        self.scheme = scheme
        self.headers = headers
        self.peer = peer
        self.body = body
        self.record = record
        self.upgrade: bytes | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who was proven. Only an authenticator makes one.

    Attributes:
        subject: the name.
        issuer: who vouches for it: the issuer's name in the configuration, or the distinguished name of the
            authority (RFC 4514), so that one name from two authorities is two principals.
        method: "mtls", "jwt", "anonymous", ...
        claims: the verified claims of a token; empty otherwise.
        certificate: the certificate that came with it, if any.
        tenant, environment: where the principal belongs, if it is known.
        others: the other principals of an `all:`, by method.
        expires: seconds since the epoch after which the evidence is void, or None.
        permissions, scopes: the claims of that meaning as the token wrote them, of any type, or None when
            absent. Only rules read them, because what has the wrong type must be refused, not ignored.
    """

    subject: str
    issuer: str
    method: str
    claims: Mapping[str, Any] = field(default_factory=lambda: NOTHING, repr=False)
    certificate: Certificate | None = None
    tenant: str | None = None
    environment: str | None = None
    others: Mapping[str, Principal] = field(default_factory=lambda: NOTHING)
    expires: float | None = None
    permissions: Any = field(default=None, repr=False)
    scopes: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Permit:
    """That a policy's conditions held for a principal. Only a policy makes one."""

    principal: Principal
    policy: str


class Outbound:
    """The head that goes upstream. Opened by a permit; injectors write into it.

    Attributes:
        permit: what opened it.
        request: the request it stands for.
        target: path and query, as received plus what was injected.
        headers: what will be sent; the edge's framing and the Host field excluded.
    """

    __slots__ = ("headers", "permit", "request", "target")

    def __init__(self, permit: Permit, request: Request, target: bytes, headers: Headers) -> None:
        self.permit = permit
        self.request = request
        self.target = target
        self.headers = headers
