"""A service that speaks gRPC, by grpcio, behind a gateway; and callers who prove themselves to that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from tests.support.edges import World

from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.observe.access import AccessLog
from ostiary.serve import listening

LARGE = 4 << 20
OPTIONS = [
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", 2 * LARGE),
    ("grpc.max_send_message_length", 2 * LARGE),
]
_ROUTE = """
  - name: calls
    match: {{host: localhost, path: /calls.Echo/*, methods: [POST]}}
    authenticate:
      all:
        - mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/**"]}}
        - jwt: {{issuers: [bank], bound: when-present}}
    authorize: [permissions: {{accounts: {{any: [read]}}}}]
    inject:
      - basic: {{credential: legacy-accounts}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
    upstream: calls
"""
_UPSTREAM = """
upstreams:
  calls: {{endpoints: ["{scheme}://localhost:{port}"], protocol: h2, {more}}}
"""


@dataclass
class Service:
    """What the service has seen.

    Attributes:
        metadata: of each call, in order.
        cancelled: calls that were given up before they ended.
        remaining: seconds that a caller would still wait, when he says so.
        release: held calls end when it is set.
    """

    metadata: list[dict[str, str]] = field(default_factory=list)
    cancelled: int = 0
    remaining: list[float | None] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0
    port: int = 0
    server: Any = None

    def _note(self, context: Any) -> None:
        self.metadata.append({key: value for key, value in context.invocation_metadata() if isinstance(value, str)})
        self.remaining.append(context.time_remaining())

    async def unary(self, message: bytes, context: Any) -> bytes:
        self._note(context)
        context.set_trailing_metadata((("x-sum", str(len(message))),))
        return message

    async def fail(self, message: bytes, context: Any) -> bytes:
        self._note(context)
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: 100 % öffnen", (("x-why-bin", b"\0\1"),))
        raise AssertionError

    async def count(self, message: bytes, context: Any) -> AsyncIterator[bytes]:
        self._note(context)
        for number in range(int(message)):
            yield b"%d" % number

    async def total(self, messages: AsyncIterator[bytes], context: Any) -> bytes:
        self._note(context)
        return b"%d" % sum([int(one) async for one in messages])

    async def echo(self, messages: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        self._note(context)
        try:
            async for one in messages:
                yield one
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def hold(self, message: bytes, context: Any) -> bytes:
        self._note(context)
        self.held += 1
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return message

    async def begin(self, port: int = 0, credentials: Any = None) -> None:
        handlers = {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "Hold": grpc.unary_unary_rpc_method_handler(self.hold),
            "Count": grpc.unary_stream_rpc_method_handler(self.count),
            "Total": grpc.stream_unary_rpc_method_handler(self.total),
            "Echo": grpc.stream_stream_rpc_method_handler(self.echo),
        }
        self.server = grpc.aio.server(options=OPTIONS)
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("calls.Echo", handlers),))
        where = f"localhost:{port}"
        if credentials is None:
            self.port = self.server.add_insecure_port(where)
        else:
            self.port = self.server.add_secure_port(where, credentials)
        await self.server.start()


async def until(true: Callable[[], object]) -> None:
    """Return when something is so."""
    async with asyncio.timeout(9):
        while True:
            if true():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def service(credentials: Any = None) -> AsyncIterator[Service]:
    """Run it on loopback."""
    one = Service()
    await one.begin(credentials=credentials)
    try:
        yield one
    finally:
        one.release.set()
        await one.server.stop(0)


def route_calls(there: World, port: int, scheme: str = "http", more: str = "") -> None:
    """Add the route, and its upstream, to the configuration."""
    text = there.file.read_text() + _ROUTE.format()
    there.file.write_text(text.replace("\nupstreams:\n", _UPSTREAM.format(scheme=scheme, port=port, more=more), 1))


@asynccontextmanager
async def gateway(there: World) -> AsyncIterator[int]:
    """Run a gateway in this process; yields its port."""
    loaded = load_checked(there.file)
    with there.lines.open("wb") as file:
        made = compile_gateway(loaded, AccessLog(file.fileno()))
        async with listening(made, loaded.spec, loaded.folder, drain=1) as listeners:
            yield listeners["public"].port


class Caller:
    """A client with a certificate and a token."""

    def __init__(self, channel: grpc.aio.Channel, there: World) -> None:
        self.channel = channel
        self.metadata = (("authorization", there.token()["Authorization"]),)

    def unary(self, message: bytes, method: str = "Unary", timeout: float | None = 9) -> Any:
        call = self.channel.unary_unary(f"/calls.Echo/{method}")
        return call(message, metadata=self.metadata, timeout=timeout)

    def count(self, number: int) -> Any:
        return self.channel.unary_stream("/calls.Echo/Count")(b"%d" % number, metadata=self.metadata, timeout=9)

    def total(self) -> Any:
        return self.channel.stream_unary("/calls.Echo/Total")(metadata=self.metadata, timeout=9)

    def echo(self, timeout: float | None = 9) -> Any:
        return self.channel.stream_stream("/calls.Echo/Echo")(metadata=self.metadata, timeout=timeout)


@asynccontextmanager
async def calling(there: World, port: int) -> AsyncIterator[Caller]:
    """Connect as a caller who may."""
    pki = there.pki
    shown = grpc.ssl_channel_credentials(
        pki.ca.read_bytes(), private_key=pki.client_key.read_bytes(), certificate_chain=pki.client.read_bytes()
    )
    async with grpc.aio.secure_channel(f"localhost:{port}", shown, options=OPTIONS) as channel:
        yield Caller(channel, there)
