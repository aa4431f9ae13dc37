"""Both neighbours of the upstream room: a scripted server on loopback, and a caller who keeps what he is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from ostiary.config.schema import UpstreamSpec
from ostiary.errors import GatewayError
from ostiary.model import BodySink, Flow, Headers, Peer, Permit, Principal, Record, Request
from ostiary.upstream import AnyPool, compile_upstream

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PERMIT = Permit(Principal("ada", "tls", "mtls"), "test")
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """The server. Without a script it answers each request, on whichever connection, with the next of `answers`.

    Attributes:
        heads: of the requests it read.
        bodies: their contents, framing removed.
        trailers: the lines behind them.
        connections: how many were made.
    """

    def __init__(self, *answers: bytes, script: Script | None = None, close: bool = False) -> None:
        self.answers = list(answers)
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.trailers: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._script = script or self._answer
        self._close = close
        self._tasks: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._script(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Read one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        body = b""
        if b"Transfer-Encoding: chunked" in head:
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            while line := (await reader.readline()).rstrip(b"\r\n"):
                self.trailers.append(line)
        elif b"Content-Length: " in head:
            body = await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
        self.bodies.append(body)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await self.read(reader)
            writer.write(self.answers.pop(0) if self.answers else OK)
            await writer.drain()
            if self._close:
                writer.close()
                await writer.wait_closed()
                return

    async def end(self) -> None:
        """Break every connection off."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serving(wire: Wire) -> AsyncIterator[Wire]:
    """Run the server."""
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, limit=1 << 20)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.end()
        await server.wait_closed()


@asynccontextmanager
async def pooling(
    *ports: int, scheme: str = "http", timeouts: dict[str, str] | None = None, **more: Any
) -> AsyncIterator[AnyPool]:
    """Run a pool over these ports."""
    spec = {"endpoints": [f"{scheme}://127.0.0.1:{port}" for port in ports], "timeouts": timeouts or {}, **more}
    pool = compile_upstream("legacy", UpstreamSpec.model_validate(spec), Path.cwd())
    await pool.start()
    try:
        yield pool
    finally:
        await pool.aclose()


class Content:
    """A request's body: these pieces; complete, unless the test ends it itself."""

    def __init__(
        self, *pieces: bytes, length: int | None = 0, complete: bool = True, trailers: Headers | None = None
    ) -> None:
        self.length = length
        self.trailers = trailers
        self.pieces = pieces
        self.complete = complete
        self.sink: BodySink | None = None
        self.paused = False
        self.pauses = 0

    def flow_to(self, sink: BodySink) -> None:
        self.sink = sink
        for piece in self.pieces:
            sink.feed(piece)
        if self.complete:
            sink.finish(self.trailers)

    def pause(self) -> None:
        self.paused = True
        self.pauses += 1

    def resume(self) -> None:
        self.paused = False


class Told:
    """What the caller was told, and the end of it."""

    def __init__(self, on_finish: Callable[[], None] | None = None) -> None:
        self.informed: list[int] = []
        self.status = 0
        self.headers = Headers()
        self.length: int | None = None
        self.content = bytearray()
        self.trailers: Headers | None = None
        self.error: GatewayError | None = None
        self.source: Flow | None = None
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.ends = 0
        self._on_finish = on_finish

    def inform(self, status: int, headers: Headers) -> None:
        self.informed.append(status)

    def start(self, status: int, headers: Headers, length: int | None, source: Flow) -> None:
        assert self.status == 0
        self.status, self.headers, self.length, self.source = status, headers, length, source
        self.started.set()

    def write(self, data: bytes) -> None:
        assert not self.ends, "content after the end"
        self.content += data

    def flush(self) -> None:
        pass

    def finish(self, trailers: Headers | None = None) -> None:
        self.trailers = trailers
        self._end()
        if self._on_finish is not None:
            self._on_finish()

    def fail(self, error: GatewayError) -> None:
        self.error = error
        self._end()

    def _end(self) -> None:
        self.ends += 1
        self.ended.set()

    async def end(self) -> Told:
        """Wait for the end."""
        async with asyncio.timeout(5):
            await self.ended.wait()
        return self


def request(
    method: str = "GET", *fields: tuple[bytes, bytes], body: Content | None = None, address: str = "192.0.2.7"
) -> Request:
    """A request for /a?b=c."""
    return Request(
        id="id-1", method=method, target=b"/a?b=c", path="/a", host="api.example.com", authority=b"api.example.com:8443",
        scheme="https", headers=Headers.of(fields), peer=Peer(address), body=body or Content(), record=Record(),
    )  # fmt: skip


async def send(pool: AnyPool, asked: Request, told: Told | None = None) -> Told:
    """Set an exchange going."""
    route = pool.for_route(frozenset())
    told = told or Told()
    await route.forward(route.prepare(asked, PERMIT), asked.body, told)
    return told


async def ask(pool: AnyPool, method: str = "GET", body: Content | None = None) -> Told:
    """Carry one request through to its end."""
    return await (await send(pool, request(method, body=body))).end()
