"""What of a request's head passes, and what is said about the caller instead.

Strip first, then inject (the design's rule): everything a caller could pretend with is gone before the
gateway or an injector writes. Names are compared folded, so that no other spelling slips through.
"""

from __future__ import annotations

from typing import Final

from ostiary.model import Headers, Outbound, Permit, Request, fold
from ostiary.remember import Remembered
from ostiary.wire import Field

# Fields about one connection only (RFC 9110, section 7.6.1), and those that frame or route a message:
# each side of the gateway writes its own.
HOP_BY_HOP: Final = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"proxy-authenticate", b"proxy-authorization", b"content-length", b"http2-settings"),
    )
)
ROUTING: Final = frozenset((b"host", b"expect", b"proxy"))  # `Proxy` turns into HTTP_PROXY behind CGI (httpoxy)

# What only a proxy may say: addresses, schemes, paths, methods, certificates, and who somebody is that another
# gateway let in. From a caller it is pretence.
PRETENCE: Final = frozenset(
    (
        *(b"forwarded", b"x-forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"true-client-ip"),
        *(b"client-ip", b"x-original-forwarded-for", b"x-envoy-external-address", b"cf-connecting-ip"),
        *(b"fastly-client-ip", b"x-host", b"x-http-host-override", b"x-arr-clientcert"),
        *(b"forwarded-for", b"x-remote-ip", b"x-remote-addr", b"x-originating-ip", b"fly-client-ip"),
        *(b"do-connecting-ip", b"proxy-client-ip", b"wl-proxy-client-ip", b"wl-proxy-ssl", b"wl-proxy-client-cert"),
        *(b"x-azure-clientip", b"x-azure-socketip", b"x-scheme", b"x-url-scheme", b"front-end-https"),
        *(b"x-script-name", b"x-middleware-subrequest"),  # CVE-2025-29927: the second skips checks
        *(b"remote-user", b"x-remote-user", b"x-ms-client-principal", b"x-ms-client-principal-id"),
        *(b"x-ms-client-principal-name", b"x-goog-iap-jwt-assertion", b"x-goog-authenticated-user-email"),
        *(b"x-goog-authenticated-user-id", b"x-amzn-oidc-data", b"x-amzn-oidc-identity", b"x-amzn-oidc-accesstoken"),
        *(b"cf-access-jwt-assertion", b"cf-access-authenticated-user-email"),
        *(b"x-original-url", b"x-original-uri", b"x-original-host", b"x-original-method", b"x-rewrite-url"),
        *(b"x-envoy-original-path", b"x-http-method-override", b"x-http-method", b"x-method-override"),
        *(b"client-cert", b"client-cert-chain", b"x-request-id"),
    )
)
PRETENCES: Final = (b"x-forwarded-", b"x-ssl-", b"ssl-client-", b"x-client-cert", b"x-amzn-mtls-")
_REMEMBERED: Final = 1024  # names; more come only from somebody who makes them up
_NOTHING_NAMED: Final = (b"keep-alive", b"close")


class Passing:
    """Whether a field of a folded name passes: judged once per name."""

    __slots__ = ("_dropped", "_judged", "_prefixes")

    def __init__(self, dropped: frozenset[bytes], prefixes: tuple[bytes, ...] = ()) -> None:
        self._judged: dict[bytes, bool] = {}
        self._dropped = dropped
        self._prefixes = prefixes

    def lets(self, folded: bytes) -> bool:
        """Whether it passes."""
        passes = self._judged.get(folded)
        return self._judge(folded) if passes is None else passes

    def _judge(self, folded: bytes) -> bool:
        passes = folded not in self._dropped and not folded.startswith(self._prefixes)
        if len(self._judged) < _REMEMBERED:
            self._judged[folded] = passes
        return passes


class Opening:
    """Opens outbound heads for one route.

    Args:
        strip: folded names that this route's injectors write, or that were its evidence.
    """

    __slots__ = ("_passing",)

    def __init__(self, strip: frozenset[bytes]) -> None:
        self._passing = Passing(HOP_BY_HOP | ROUTING | PRETENCE | strip, PRETENCES)

    def open(self, request: Request, permit: Permit) -> Outbound:
        """Return the head that goes upstream, before injection."""
        passing, received = self._passing, request.headers.fields
        fields = [field for field in received if passing.lets(field[1])]
        named = named_by_connection(received)
        if named:
            fields = [field for field in fields if field[1] not in named]
        _introduce(request, fields)
        return Outbound(permit, request, request.target, Headers(fields))


def named_by_connection(fields: list[tuple[bytes, bytes, bytes]]) -> set[bytes]:
    """Return the folded names that Connection fields declare to be for one hop (RFC 9110, section 7.6.1)."""
    named: set[bytes] = set()
    for _, folded, value in fields:
        if folded == b"connection" and value not in _NOTHING_NAMED:
            named.update(fold(name.strip(b" \t")) for name in value.split(b","))
    return named


def _introduce(request: Request, fields: list[tuple[bytes, bytes, bytes]]) -> None:
    """Say who is calling, as the gateway knows it."""
    fields.extend(_FORWARDED.of((request.peer.address, request.scheme, request.authority)))
    fields.append((b"X-Request-Id", b"x-request-id", request.id.encode()))


def _forwarded(caller: tuple[str, str, bytes]) -> tuple[Field, ...]:
    """Return what is said of everything that a caller sends over one connection, nearly always."""
    address, scheme, authority = caller
    fields = (
        (b"X-Forwarded-Proto", b"x-forwarded-proto", scheme.encode()),
        (b"X-Forwarded-Host", b"x-forwarded-host", authority),
    )
    return (((b"X-Forwarded-For", b"x-forwarded-for", address.encode()), *fields)) if address else fields


_FORWARDED: Final = Remembered(_forwarded)
