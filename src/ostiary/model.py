"""The words of the house, as types.

Each step hands over the ticket to the next: `Request -> Principal -> Permit -> Outbound`. Only an
authenticator makes a `Principal`, only a policy makes a `Permit`, and only a `Permit` opens an
`Outbound`. Everything here is a value or a contract; nothing here does input or output.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn, Protocol

from ostiary.errors import BadRequest, GatewayError
from ostiary.reasons import Reason

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Secret:
    """Bytes that do not print.

    `repr`, `str`, formatting and pickling show or carry nothing; comparison takes constant time.
    `reveal()` is the one way to the bytes, and is easy to find in a review.
    """

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes | str) -> None:
        self._bytes = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Return the secret bytes."""
        return self._bytes

    def __repr__(self) -> str:
        return "Secret(******)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._bytes, other._bytes)

    def __hash__(self) -> NoReturn:
        raise TypeError("a Secret is not a key")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down")


# --- the head of a request ---------------------------------------------------------------------

_FOLD: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_.", b"abcdefghijklmnopqrstuvwxyz--")


def fold(name: bytes) -> bytes:
    """Return the one spelling under which a header name is compared.

    Case is ignored (RFC 9110, section 5.1), and `_` and `.` count as `-`, because some upstreams
    cannot tell them apart: `X_Subject` is another spelling of `X-Subject`, and must not pass where
    that one does not.
    """
    return name.translate(_FOLD)


class Headers:
    """The header fields of a message, in order.

    `fields` holds triples (name as received, folded name, value). Look-ups take folded names.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: list[tuple[bytes, bytes, bytes]] | None = None) -> None:
        self.fields = [] if fields is None else fields

    @classmethod
    def of(cls, pairs: Sequence[tuple[bytes, bytes]]) -> Headers:
        """Make headers from (name, value) pairs."""
        return cls([(name, fold(name), value) for name, value in pairs])

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return ((name, value) for name, _, value in self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def add(self, name: bytes, value: bytes) -> None:
        """Append a field."""
        self.fields.append((name, fold(name), value))

    def get(self, folded: bytes) -> bytes | None:
        """Return the first value of that name, or None."""
        for _, name, value in self.fields:
            if name == folded:
                return value
        return None

    def all(self, folded: bytes) -> list[bytes]:
        """Return every value of that name, in order."""
        return [value for _, name, value in self.fields if name == folded]

    def only(self, folded: bytes) -> bytes | None:
        """Return the value of a field that may stand once, or None when it is absent.

        Raises:
            BadRequest: the field is repeated, in whatever spelling: that is read in two ways.
        """
        found: bytes | None = None
        for _, name, value in self.fields:
            if name == folded:
                if found is not None:
                    raise BadRequest(f"{name.decode()} is repeated", reason=Reason.REQUEST_AMBIGUOUS)
                found = value
        return found


# --- who is on the line ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a verified client certificate says. Parsed once per connection.

    Attributes:
        subject, issuer: distinguished names (RFC 4514).
        serial: the serial number.
        common_names: every CN of the subject, in order.
        san_uris, san_dns, san_emails: the alternative names (RFC 5280, section 4.2.1.6).
        not_before, not_after: validity, seconds since the epoch.
        thumbprint: SHA-256 of the DER, base64url without padding: `x5t#S256` (RFC 8705, section 3.1).
        der: the certificate itself.
        organizations, units: every O and every OU of the subject, in order.
        san_upns: user principal names, an otherName of Microsoft's.
        spki: SHA-256 of the public key, base64: stays the same when a certificate is renewed with its key.
        chain: the verified authorities above it as DER, nearest first, the trust anchor included.
    """

    subject: str
    issuer: str
    serial: int
    common_names: tuple[str, ...]
    san_uris: tuple[str, ...]
    san_dns: tuple[str, ...]
    san_emails: tuple[str, ...]
    not_before: float
    not_after: float
    thumbprint: str
    der: bytes = field(repr=False)
    organizations: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    san_upns: tuple[str, ...] = ()
    spki: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)


class Local(NamedTuple):
    """The process at the other end of a unix socket, as the kernel says of it (SO_PEERCRED, unix(7)).

    Attributes:
        user: number of the user that it runs as.
        group: number of the group that it runs with.
    """

    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection, as TLS proved it.

    Attributes:
        address: IP address, without the port ("" on a unix socket).
        certificate: the verified client certificate, or None when none was presented.
        server_name: the name that the client asked for (SNI, RFC 6066), or None.
        tls_version: "TLSv1.3", or None on a connection in clear.
        local: the process at the other end of a unix socket, or None.
    """

    address: str
    certificate: Certificate | None = None
    server_name: str | None = None
    tls_version: str | None = None
    local: Local | None = None


# --- the exchange, as an edge offers it --------------------------------------------------------


class BodySink(Protocol):
    """Where the body of a request flows to."""

    def feed(self, data: bytes) -> None:
        """Take the next piece."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The body is complete; `trailers` came behind it (RFC 9110, section 6.5), judged by nobody yet."""

    def abandon(self) -> None:
        """The caller went away, or broke the body's framing: let go of the exchange."""


class Body(Protocol):
    """The body of a request, as the edge holds it.

    Attributes:
        length: octets announced; 0 for no body, None when it is chunked and unknown.
    """

    length: int | None

    def flow_to(self, sink: BodySink) -> None:
        """Hand everything received so far, and everything to come, to `sink`."""

    def pause(self) -> None:
        """Back-pressure: take no more from the caller for now."""

    def resume(self) -> None:
        """Take from the caller again."""


class Flow(Protocol):
    """The source of an answer, for back-pressure from the caller's side."""

    def pause(self) -> None:
        """The caller reads slowly: stop reading the upstream."""

    def resume(self) -> None:
        """Read the upstream again."""


class Tunnel(BodySink, Flow, Protocol):
    """The upstream's side of an exchange that has changed its protocol: what it is fed goes there as it is."""


class Answer(Protocol):
    """The caller's side of an answer. Each call only translates; none of them waits."""

    def inform(self, status: int, headers: Headers) -> None:
        """Pass an informational response on (RFC 9110, section 15.2)."""

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        """Begin the final response.

        Args:
            status: 200 to 599.
            headers: end-to-end fields only; framing is the edge's.
            length: octets of content, or None when unknown. A response to HEAD, and 204 and 304, have
                no content whatever the length says (RFC 9110, section 6.4.1).
            source: whom to pause when the caller reads slowly.
        """

    def switch(self, protocol: bytes, headers: Headers, tunnel: Tunnel) -> None:
        """Change the protocol (101; RFC 9110, section 7.8): from here on octets go both ways, as they are.

        Called only for a request that has an `upgrade`. What the upstream says is written, its end is `finish`.

        Args:
            protocol: the one that was asked for.
            headers: end-to-end fields of the answer.
            tunnel: takes what the caller says.
        """

    def write(self, data: bytes) -> None:
        """Send a piece of content."""

    def flush(self) -> None:
        """Send what may be held back: nothing more is at hand for now."""

    def finish(self, trailers: Headers | None = None) -> None:
        """The content is complete."""

    def fail(self, error: GatewayError) -> None:
        """End with a problem if nothing was sent yet, else break the answer off visibly."""


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
        *("challenges", "credential", "credential_version", "detail", "endpoint", "principal", "reason", "route"),
        *("started", "trace", "upstream", "upstream_answered", "upstream_started"),
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


# --- the tickets -------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Credential:
    """What an upstream wants to be shown: a whole, immutable record.

    Attributes:
        alias: its name in the configuration.
        id: the public half (a user name), "" where there is none.
        secret: the secret half.
        version: the vault's own name for this version; compared for equality only.
    """

    alias: str
    id: str
    secret: Secret
    version: str


# --- contracts of the rooms --------------------------------------------------------------------


class Authenticator(Protocol):
    """Judges one kind of evidence.

    Attributes:
        method: the kind: "mtls", "jwt", ...
        evidence: where it looks; each kind of evidence has one owner per route.
        challenge: what to say in `WWW-Authenticate` when it found nothing, or None.
    """

    @property
    def method(self) -> str:
        """The kind of evidence."""

    @property
    def evidence(self) -> frozenset[str]:
        """Where it looks."""

    @property
    def challenge(self) -> str | None:
        """What to say in `WWW-Authenticate`, or None."""

    async def authenticate(self, request: Request) -> Principal | None:
        """Return who was proven, or None when there is no evidence of this kind.

        Raises:
            GatewayError: there is evidence, and it is bad, or it cannot be judged now. Final.
        """


class Rule(Protocol):
    """One condition of a policy. A pure function of its arguments.

    A rule that looks at nothing but the principal says so with `lasting = True`: its answer may be remembered.
    """

    def check(self, principal: Principal, request: Request) -> None:
        """Return when the condition holds.

        Raises:
            Forbidden: it does not hold.
        """


class Injector(Protocol):
    """Writes into the head that goes upstream.

    Attributes:
        owns: folded names of the headers it writes: stripped from every request beforehand.
    """

    @property
    def owns(self) -> frozenset[bytes]:
        """Folded names of the headers it writes."""

    async def inject(self, outbound: Outbound) -> None:
        """Write.

        Raises:
            CredentialUnavailable: what it writes cannot be had now.
        """


class CredentialSource(Protocol):
    """Where an injector gets its credential from. The cache of the vault room is one."""

    @property
    def alias(self) -> str:
        """Its name in the configuration."""

    async def get(self) -> Credential:
        """Return the credential, from memory where it is fresh.

        Raises:
            CredentialUnavailable: it cannot be had, and no copy may be used.
        """


class SigningKey(Protocol):
    """One version of a key that signs: a token is made with one of these from its header to its last octet."""

    @property
    def kid(self) -> str:
        """Its id, as the published key set has it (RFC 7517, section 4.5)."""

    @property
    def alg(self) -> str:
        """How it signs: ES256, RS256, ... (RFC 7518, section 3.1)."""

    async def sign(self, data: bytes) -> bytes:
        """Return the signature as JOSE has it: for elliptic curves r and s, never DER (RFC 7518, section 3.4).

        Raises:
            CredentialUnavailable: whoever keeps the key cannot sign now.
        """


class KeySource(Protocol):
    """Where the key that signs now comes from. The rings of the room `keys` are such sources."""

    @property
    def alias(self) -> str:
        """Its name in the configuration."""

    def current(self) -> SigningKey | None:
        """Return the version that signs now, if that is known without asking: the same object while it is the same."""

    async def get(self) -> SigningKey:
        """Return the version that signs now; does not suspend while it is known.

        Raises:
            CredentialUnavailable: there is none, or it cannot be known now.
        """
