"""A gateway on loopback, a caller that writes octets, and an upstream that keeps every octet it received."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ostiary.build import compile_gateway
from ostiary.config.load import load, load_checked
from ostiary.model import CredentialSource
from ostiary.observe.access import AccessLog
from ostiary.serve import listening

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PATIENCE = 5.0
"""Seconds after which a test gives up."""

Script: TypeAlias = bytes | Callable[["Upstream", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_FILE = """
version: 1
listeners:
  l: {{bind: "127.0.0.1:0", limits: {{{limits}}}, timeouts: {{{timeouts}}}}}
issuers:
  bank: {{issuer: "http://127.0.0.1:1", audiences: [a], algorithms: [ES256]}}
upstreams:
  canary: {{endpoints: ["http://127.0.0.1:{upstream}"], connections: {connections}}}
routes:
  - name: closed
    match: {{path: /closed/**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    upstream: canary
  - name: injected
    match: {{path: /injected/**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    inject: [header: {{name: X-User, value: "{{principal.subject}}"}}]
    upstream: canary
  - name: reading
    match: {{path: /reading/**, methods: [GET, HEAD]}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: canary
  - name: open
    match: {{path: /open/**}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: canary
"""


@dataclass
class Upstream:
    """A server that is told, by path, what to do.

    Attributes:
        answers: what a path answers: octets (None of them ends the connection), or a coroutine function.
        received: every octet, by connection.
        requests: heads, in order.
        bodies: bodies, with their framing taken off.
        lost: set when a connection has ended.
    """

    answers: dict[str, Script] = field(default_factory=dict)
    received: list[bytearray] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def octets(self) -> bytes:
        """Everything that came."""
        return b"".join(self.received)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read requests and answer them, until either side has had enough."""
        kept = bytearray()
        self.received.append(kept)
        try:
            while True:
                head = await _keep(kept, reader.readuntil(b"\r\n\r\n"))
                self.requests.append(head)
                script = self.answers.get(head.split(b" ")[1].decode(), OK)
                if not isinstance(script, bytes):
                    await script(self, reader, writer)
                    continue
                self.bodies.append(await read_body(head, reader, kept))
                writer.write(script)
                await writer.drain()
                if script is not OK and b"close" in script:
                    return
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            kept += getattr(error, "partial", b"")
        finally:
            self.lost.set()
            writer.close()


async def _keep(kept: bytearray, reading: Awaitable[bytes]) -> bytes:
    data = await reading
    kept += data
    return data


async def read_body(head: bytes, reader: asyncio.StreamReader, kept: bytearray | None = None) -> bytes:
    """Read what follows a head, and return it without its framing."""
    kept = bytearray() if kept is None else kept
    fields = head.lower()
    if b"transfer-encoding: chunked" in fields:
        pieces = []
        while size := int(await _keep(kept, reader.readline()), 16):
            pieces.append((await _keep(kept, reader.readexactly(size + 2)))[:-2])
        while await _keep(kept, reader.readline()) != b"\r\n":
            pass
        return b"".join(pieces)
    _, found, rest = fields.partition(b"content-length: ")
    return await _keep(kept, reader.readexactly(int(rest.split(b"\r\n")[0]))) if found else b""


@dataclass
class Answered:
    """One answer, as the caller read it."""

    status: int
    head: bytes
    body: bytes


class Caller:
    """A caller that writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, data: bytes) -> None:
        """Write octets."""
        self.writer.write(data)

    async def answer(self, *, head_only: bool = False) -> Answered:
        """Read one answer.

        Raises:
            IncompleteReadError: the connection ended before the answer did.
        """
        async with asyncio.timeout(PATIENCE):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status = int(head.split(b" ")[1])
            bodyless = head_only or status in (204, 304) or status < 200
            return Answered(status, head, b"" if bodyless else await read_body(head, self.reader))

    async def rest(self) -> bytes:
        """Read to the end of the connection; a reset ends it as well."""
        async with asyncio.timeout(PATIENCE):
            data = bytearray()
            try:
                while piece := await self.reader.read(1 << 16):
                    data += piece
            except ConnectionError:
                pass
            return bytes(data)


@dataclass
class Field:
    """Where the attacks take place.

    Attributes:
        port: of the gateway.
        upstream: behind it.
        log: the access log's file.
        access: the access log.
    """

    port: int
    upstream: Upstream
    log: Path
    access: AccessLog

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """Connect."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield Caller(reader, writer)
        finally:
            writer.transport.abort()

    async def send(self, data: bytes) -> bytes:
        """Write octets on a new connection, say no more, and return everything that comes back."""
        async with self.caller() as caller:
            caller.say(data)
            return await caller.rest()

    async def lines(self, count: int) -> list[dict[str, Any]]:
        """Return the lines of the access log, once there are that many."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.access.flush()
                lines = self.log.read_text().splitlines()
                if len(lines) >= count:
                    return [json.loads(line) for line in lines]
                await asyncio.sleep(0.01)


@asynccontextmanager
async def battlefield(
    folder: Path,
    *,
    limits: str = "",
    timeouts: str = "",
    connections: int = 8,
    text: str = _FILE,
    sources: Mapping[str, CredentialSource] | None = None,
    **places: str,
) -> AsyncIterator[Field]:
    """Run a gateway before a canary; what it is shown from vaults may be given."""
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    file = folder / "gateway.yaml"
    facts = {"limits": limits, "timeouts": timeouts, "upstream": port, "connections": connections, **places}
    file.write_text(text.format(**facts))
    loaded = load_checked(file) if sources is None else load(file)
    lines = folder / "access.log"
    with lines.open("wb") as log:
        access = AccessLog(log.fileno())
        gateway = compile_gateway(loaded, access, sources=sources)
        async with listening(gateway, loaded.spec, loaded.folder, drain=0.01) as listeners:
            yield Field(listeners["l"].port, upstream, lines, access)
    server.close()
