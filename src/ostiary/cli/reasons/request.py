"""The request as it was written, and the route that it wants."""

from __future__ import annotations

from typing import Final

from ostiary.reasons import Reason

REQUEST: Final[dict[Reason, tuple[str, str]]] = {
    Reason.REQUEST_MALFORMED: (
        "The octets are not HTTP (RFC 9112).",
        "Look at what the client sends: `curl -v`; often it is plain http on the TLS port, or the reverse.",
    ),
    Reason.REQUEST_AMBIGUOUS: (
        "A field that stands once stands twice, or the framing can be read in two ways.",
        "Send each of Authorization, Host and Content-Length once; this is how requests are smuggled.",
    ),
    Reason.REQUEST_TARGET_TOO_LONG: (
        "Path and query together are longer than the listener's limit.",
        "Raise `limits.target` of the listener, if the client is right; what is long belongs into a body.",
    ),
    Reason.REQUEST_HEADERS_TOO_LARGE: (
        "The head is larger, or has more fields, than the listener's limits.",
        "Raise `limits.headers` or `limits.header_count` of the listener, if the client is right.",
    ),
    Reason.REQUEST_BODY_TOO_LARGE: (
        "The body is larger than the listener's limit.",
        "Raise `limits.body` of the listener, if the client is right.",
    ),
    Reason.REQUEST_TIMEOUT: (
        "The client was slower than the listener's `timeouts`.",
        "Raise `timeouts.headers` or `timeouts.body` of the listener, if the client is right.",
    ),
    Reason.REQUEST_ABANDONED: (
        "The client closed the connection before its answer.",
        "Nothing; if it happens often, compare the client's timeout with the upstream's.",
    ),
    Reason.CONNECTION_FLOOD: (
        "An HTTP/2 connection sent more control frames, or gave up more of its streams, than honest callers do.",
        "Nothing, if it is an attack: the connection has ended. A client that cancels very many requests should wait.",
    ),
    Reason.REQUEST_MISDIRECTED: (
        "The Host of the request is not the name that TLS was made for (RFC 9110, section 15.5.20).",
        "The client should open a connection for each host; some reuse them across names of one certificate.",
    ),
    Reason.HOST_INVALID: (
        "There is no Host, more than one, or it is no name.",
        "Send one Host (RFC 9112, section 3.2).",
    ),
    Reason.PATH_AMBIGUOUS: (
        "The path has dot segments, encoded slashes or backslashes, or empty segments, which servers read differently.",
        "Send the path in its plain form; if a client cannot, it must not be let through by guessing.",
    ),
    Reason.PATH_INVALID: (
        "The path is not a valid one: control characters, broken percent-encoding, or not UTF-8.",
        "Correct the client.",
    ),
    Reason.UPGRADE_UNSUPPORTED: (
        "The client asked for another protocol.",
        "Name the protocol under `upgrades` of the route; HTTP/2 is chosen in the TLS handshake.",
    ),
    Reason.CALL_UNSUPPORTED: (
        "A call of gRPC came by a server, or from a caller, that takes no trailers: nobody could be told how it ends.",
        "Use the gateway's own listener, or Hypercorn with HTTP/2; uvicorn and HTTP/1.1 carry no calls.",
    ),
    Reason.ROUTE_NOT_FOUND: (
        "No route has this host and path.",
        "Compare `match` of the routes with host and path in the log; a host without `*.` matches only itself.",
    ),
    Reason.METHOD_NOT_ALLOWED: (
        "A route has this host and path, and none this method.",
        "Add the method to `match.methods`, or take the list out.",
    ),
}
