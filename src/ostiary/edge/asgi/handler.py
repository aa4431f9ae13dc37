"""The other edge: any ASGI 3 server, or a mount in somebody's application.

    scope, receive -> AsgiExchange -> gateway
                            ^            |
                 send <-----+-- answer --+

The server has parsed the request, so the head is read with suspicion: HTTP/2 and HTTP/3 carry octets in
methods, paths and names that HTTP/1.1 on the other side would read as something else.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from time import monotonic  # the loop's clock, which uvloop reads once a round and in whole milliseconds
from typing import Any, Final, TypeAlias

from ostiary.config.schema import ListenerLimits, ListenerTimeouts
from ostiary.edge.asgi.body import Message, Receive
from ostiary.edge.asgi.exchange import AsgiExchange, Send
from ostiary.edge.carry import Handler, carry, log_end
from ostiary.edge.head import body_length, check_target, read_head
from ostiary.errors import BadRequest, CallUnsupported, ContentTooLarge, GatewayError, HeadersTooLarge, RequestTimeout
from ostiary.grpc import is_call
from ostiary.model import Headers, Peer
from ostiary.reasons import Reason

Scope: TypeAlias = MutableMapping[str, Any]

PROVEN: Final = "ostiary.proven"
"""The ASGI extension under which our own adapter says who is on the line. Nothing else is believed:
what another server writes into the TLS extension has not met the demands of our listener."""

TRAILERS: Final = "http.response.trailers"
"""The extension of servers that can send fields behind content: Hypercorn's by HTTP/2 and HTTP/3."""

_OLD: Final = frozenset({"1.0", "1.1"})
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET: Final = re.compile(rb"/[\x21-\x7e]*")
_PLAIN: Final = re.compile(r"/[A-Za-z0-9\-._~/]*")


@dataclass(frozen=True, slots=True)
class Proven:
    """The other end of a connection, or why its certificate proves nobody."""

    peer: Peer
    refusal: GatewayError | None = None


@dataclass(frozen=True, slots=True)
class AsgiEdge:
    """Translates `http` scopes for a gateway that has been started."""

    gateway: Handler
    limits: ListenerLimits
    timeouts: ListenerTimeouts

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; return when the answer is finished.

        Raises:
            AnswerBroken: the answer ended in the middle; the server has to cut the connection.
        """
        proven = proven_of(scope)
        exchange = AsgiExchange(self.limits, self.timeouts, proven.peer.address)
        reader: asyncio.Task[None] | None = None
        try:
            try:
                first = await self._read_head(exchange, scope, receive, proven)
            except GatewayError as error:
                exchange.fail(error)
            else:
                reader = self._start(exchange, receive, first)
            await exchange.drain(send)
        finally:
            if reader is not None:
                reader.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await reader
            exchange.close()
            self._log(exchange)

    def _start(self, exchange: AsgiExchange, receive: Receive, first: Message | None) -> asyncio.Task[None]:
        assert exchange.request is not None  # noqa: S101 - the head has been read
        loop = asyncio.get_running_loop()
        exchange.task = loop.create_task(carry(self.gateway, exchange.request, exchange))
        return loop.create_task(exchange.read(receive, first))

    async def _read_head(
        self, exchange: AsgiExchange, scope: Scope, receive: Receive, proven: Proven
    ) -> Message | None:
        """Make the request of the scope. Returns the first message of the body where it had to be looked at."""
        headers = Headers.of([(bytes(name), bytes(value)) for name, value in scope["headers"]])
        exchange.method = scope["method"]
        exchange.target = target_of(scope)
        _read_call(exchange, scope, headers)
        check_head(self.limits, exchange.method, exchange.target, headers)
        exchange.request = read_head(
            id=exchange.id,
            method=exchange.method,
            target=exchange.target,
            headers=headers,
            peer=proven.peer,
            scheme=scope.get("scheme", "http"),
            body=exchange,
            record=exchange.record,
        )
        if proven.refusal is not None:
            raise proven.refusal
        return await self._read_framing(exchange, headers, scope["http_version"], receive)

    async def _read_framing(
        self, exchange: AsgiExchange, headers: Headers, version: str, receive: Receive
    ) -> Message | None:
        exchange.length = body_length(headers, old=version == "1.0")
        limit = self.limits.body
        if limit is not None and exchange.length is not None and exchange.length > limit:
            raise ContentTooLarge(f"{exchange.length} octets announced")
        expect = headers.get(b"expect")
        if expect is not None and expect.lower() != b"100-continue":
            raise BadRequest("an unknown expectation")
        if headers.get(b"upgrade") is not None and b"upgrade" in (headers.get(b"connection") or b"").lower():
            raise BadRequest("an upgrade", reason=Reason.UPGRADE_UNSUPPORTED)
        if _is_call(exchange, headers):
            if not exchange.trailing:
                raise CallUnsupported("the server, or the caller, takes no trailers")
            exchange.length = None  # what it says may depend on what it hears
            return None
        if version in _OLD or headers.get(b"content-length") is not None:
            return None
        try:  # HTTP/2 and later may send a body without a word about it (RFC 9113, section 8.1)
            async with asyncio.timeout(self.timeouts.body):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout from None
        if message.get("body") or message.get("more_body", False):
            exchange.length = None
        return message

    def _log(self, exchange: AsgiExchange) -> None:
        log_end(self.gateway, exchange, monotonic())


def _read_call(exchange: AsgiExchange, scope: Scope, headers: Headers) -> None:
    """Note whether it is a call of gRPC, and whether what ends one can be said."""
    offered = TRAILERS in (scope.get("extensions") or {})
    exchange.trailing = offered and (headers.get(b"te") or b"").lower() == b"trailers"
    exchange.calls = scope["http_version"] not in _OLD and _is_call(exchange, headers)


def _is_call(exchange: AsgiExchange, headers: Headers) -> bool:
    return exchange.method == "POST" and is_call(headers.get(b"content-type"))


def check_head(limits: ListenerLimits, method: str, target: bytes, headers: Headers) -> None:
    """Refuse a head that is too large, or that holds what no HTTP/1.1 could carry.

    Raises:
        GatewayError: it is.
    """
    check_target(target, limits.target)
    if len(headers) > limits.header_count:
        raise HeadersTooLarge("too many fields")
    size = len(target) + sum(len(name) + len(value) + 4 for name, value in headers)
    if size > limits.headers:
        raise HeadersTooLarge(f"{size} octets")
    if not _TOKEN.fullmatch(method.encode()):
        raise BadRequest("the method is not a token")
    if not _TARGET.fullmatch(target):
        raise BadRequest("the target holds what no target holds", reason=Reason.PATH_INVALID)
    if not all(_TOKEN.fullmatch(name) for name, _ in headers):
        raise BadRequest("the name of a field is not a token")


def target_of(scope: Scope) -> bytes:
    """Return path and query as the caller sent them, a mount's prefix included.

    Raises:
        BadRequest: the server does not tell (`raw_path` is optional), and the decoded path has more than one spelling.
    """
    raw = scope.get("raw_path")
    if raw is None:
        if not _PLAIN.fullmatch(scope["path"]):
            raise BadRequest("a path whose spelling the server does not tell", reason=Reason.PATH_AMBIGUOUS)
        raw = scope["path"].encode()
    query = scope.get("query_string", b"")
    return b"%b?%b" % (raw, query) if query else bytes(raw)


def proven_of(scope: Scope) -> Proven:
    """Return who our own adapter says is on the line; under any other server, nobody but an address."""
    said = (scope.get("extensions") or {}).get(PROVEN)
    if isinstance(said, Proven):
        return said
    client = scope.get("client")
    return Proven(Peer(client[0] if client else ""))


async def deny_websocket(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket: with a response where the server can send one, else by closing before accepting."""
    await receive()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
        await send({"type": "websocket.http.response.body", "body": b"", "more_body": False})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
