"""Requests that honest callers do not send, in HTTP/1.1 and in HTTP/2: which of them a proxy lets pass is its own affair."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from h2.events import ResponseReceived, StreamReset
from tests.support.http2_caller import Http2Caller
from tests.support.plugin import World

HTTP1 = {
    "absolute form": "GET http://localhost/open/a HTTP/1.1|Host: localhost",
    "absolute form of another host": "GET http://api.example.com/hosted HTTP/1.1|Host: localhost",
    "absolute form, and another host beside it": "GET http://localhost/hosted HTTP/1.1|Host: api.example.com",
    "absolute form with somebody in it": "GET http://a@localhost/open/a HTTP/1.1|Host: localhost",
    "absolute form without a path": "GET http://localhost?x=/open/a HTTP/1.1|Host: localhost",
    "a fragment": "GET /open/a#/../x HTTP/1.1|Host: localhost",
    "an asterisk": "OPTIONS * HTTP/1.1|Host: localhost",
    "no slash": "GET open/a HTTP/1.1|Host: localhost",
    "two hosts": "GET /open/a HTTP/1.1|Host: localhost|Host: api.example.com",
    "a dot behind the host": "GET /hosted HTTP/1.1|Host: api.example.com.",
    "somebody in the host": "GET /hosted HTTP/1.1|Host: x@api.example.com",
    "no host": "GET /open/a HTTP/1.0",
    "a method in lower case": "get /open/a HTTP/1.1|Host: localhost",
    "a method of nobody's": "PURGE /open/a HTTP/1.1|Host: localhost",
    "a folded field": "GET /open/a HTTP/1.1|Host: localhost|X-A: b| c: d",
    "a tab": "GET /open/a HTTP/1.1|Host: localhost|X-A:\tb",
    "no ASCII": "GET /open/\u00e9 HTTP/1.1|Host: localhost",
    "backslashes": "GET /open\\..\\accounts/1 HTTP/1.1|Host: localhost",
    "an upgrade": "GET /open/a HTTP/1.1|Host: localhost|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AA",
}


def _pseudo(
    path: bytes = b"/open/a", authority: bytes = b"localhost", method: bytes = b"GET", scheme: bytes = b"https"
) -> list[tuple[bytes, bytes]]:
    return [(b":method", method), (b":scheme", scheme), (b":authority", authority), (b":path", path)]


HTTP2: dict[str, list[tuple[bytes, bytes]]] = {
    "another host beside it": [*_pseudo(b"/hosted"), (b"host", b"api.example.com")],
    "another host beside it, the other way": [*_pseudo(b"/hosted", b"api.example.com"), (b"host", b"localhost")],
    "a host only": [
        *(one for one in _pseudo(b"/hosted") if one[0] != b":authority"),
        (b"host", b"api.example.com"),
    ],
    "two hosts": [*_pseudo(), (b"host", b"localhost"), (b"host", b"api.example.com")],
    "capitals": [*_pseudo(), (b"X-Subject", b"admin")],
    "no slash": _pseudo(b"open/a"),
    "absolute form": _pseudo(b"https://localhost/open/a"),
    "an asterisk": _pseudo(b"*"),
    "no path": _pseudo(b""),
    "a query only": _pseudo(b"?x=/open/a"),
    "a blank": _pseudo(b"/open/a /accounts/1"),
    "an end of line": _pseudo(b"/open/a\nx"),
    "a fragment": _pseudo(b"/open/a#/x"),
    "the scheme in clear": _pseudo(scheme=b"http"),
    "a scheme of nobody's": _pseudo(scheme=b"ftp"),
    "a method with a head behind it": _pseudo(method=b"GET /accounts/1 HTTP/1.1\r\nx:"),
    "two paths": [*_pseudo(), (b":path", b"/accounts/1")],
    "a value with a field behind it": [*_pseudo(), (b"x-a", b"b\r\nX-Subject: admin")],
    "a name with a field before it": [*_pseudo(), (b"x-a: b\r\nx-subject", b"admin")],
    "a connection that claims fields": [*_pseudo(), (b"connection", b"x-subject")],
    "content in chunks": [*_pseudo(), (b"transfer-encoding", b"chunked")],
    "an upgrade": [*_pseudo(), (b"upgrade", b"h2c")],
    "somebody in the host": _pseudo(b"/hosted", b"localhost@api.example.com"),
    "hosts in a list": _pseudo(b"/hosted", b"localhost,api.example.com"),
}


async def call(world: World, port: int, fields: list[tuple[bytes, bytes]]) -> int:
    """Send a request in HTTP/2 over a connection of its own; return the status, or 0 for the end of it."""
    context = ssl.create_default_context(cafile=world.folder / "ca.pem")
    context.set_alpn_protocols(["h2"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    caller = Http2Caller(reader, writer)
    try:
        caller.ask(fields)
        event: Any = await caller.until(lambda one: isinstance(one, ResponseReceived | StreamReset))
        return 0 if isinstance(event, StreamReset) else int(dict(event.headers)[b":status"])
    except (EOFError, ConnectionError, ssl.SSLError):
        return 0
    finally:
        caller.abort()
