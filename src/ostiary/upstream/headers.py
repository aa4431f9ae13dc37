"""What of a request goes upstream, and what of an answer comes back.

Strip first, then inject: whatever frames the message, belongs to one hop, or speaks in the gateway's
name is taken out of the caller's request, in every spelling, before an injector writes a word.
"""

from __future__ import annotations

from typing import Final

from ostiary.model import Headers, Outbound, Permit, Request, fold

HOP_BY_HOP: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings"),
    }
)
"""Fields of one connection (RFC 9110, section 7.6.1)."""

_FRAMING: Final = frozenset({b"content-length", b"host", b"expect"})

_OURS: Final = frozenset(
    {
        *(b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port"),
        *(b"x-forwarded-prefix", b"x-forwarded-uri", b"x-forwarded-method", b"x-forwarded-server", b"x-real-ip"),
        *(b"x-original-url", b"x-original-uri", b"x-original-method", b"x-rewrite-url", b"x-envoy-original-path"),
        *(b"x-http-method-override", b"x-http-method", b"x-method-override", b"x-request-id"),
        *(b"x-forwarded-client-cert", b"client-cert", b"client-cert-chain", b"x-forwarded-tls-client-cert"),
    }
)
"""What only a gateway may say: where a request came from, what it asked for first, who is on the line."""

_CERTIFICATES: Final = (b"x-ssl-", b"ssl-client-", b"x-client-cert", b"x-forwarded-tls-client-cert", b"x-amzn-mtls-")

_STRIPPED: Final = HOP_BY_HOP | _FRAMING | _OURS
_RESPONSE: Final = HOP_BY_HOP | {b"content-length", b"x-request-id"}


def named_by_connection(headers: Headers) -> frozenset[bytes]:
    """Return the folded names that `Connection` makes hop-by-hop (RFC 9110, section 7.6.1)."""
    names: set[bytes] = set()
    for _, folded, value in headers.fields:
        if folded == b"connection":
            names.update(fold(name.strip()) for name in value.split(b","))
    return frozenset(names - {b"close", b"keep-alive", b""})


def outbound_head(request: Request, permit: Permit, strip: frozenset[bytes]) -> Outbound:
    """Open the head that goes upstream.

    Args:
        request: as received.
        permit: that the policy gave.
        strip: folded names that injectors own, and that evidence was shown in.
    """
    named = named_by_connection(request.headers)
    fields = [
        field
        for field in request.headers.fields
        if (name := field[1]) not in strip and name not in named and not name.startswith(_CERTIFICATES)
    ]
    headers = Headers(fields)
    headers.fields.extend(
        (
            (b"X-Forwarded-For", b"x-forwarded-for", request.peer.address.encode()),
            (b"X-Forwarded-Proto", b"x-forwarded-proto", request.scheme.encode()),
            (b"X-Forwarded-Host", b"x-forwarded-host", request.authority),
            (b"X-Request-Id", b"x-request-id", request.id.encode()),
        )
    )
    return Outbound(permit, request, request.target, headers)


def stripped(owned: frozenset[bytes]) -> frozenset[bytes]:
    """Return every folded name that is taken out of a request."""
    return _STRIPPED | owned


def answer_head(headers: Headers) -> Headers:
    """Return the end-to-end fields of an answer; the edge frames it anew."""
    named = named_by_connection(headers)
    return Headers([field for field in headers.fields if field[1] not in _RESPONSE and field[1] not in named])
