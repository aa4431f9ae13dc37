"""One gateway behind its edges: the native one and Hypercorn, both with HTTP/1.1 and HTTP/2, and a mount in Starlette.

The world is real: an issuer and an upstream on loopback, a vault file, certificates made for the test.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount

from ostiary import asgi
from ostiary.build import compile_gateway
from ostiary.config.load import load_checked
from ostiary.config.schema import LocalVaultSpec
from ostiary.demo.issuer import Issuer, serve_issuer
from ostiary.model import Secret
from ostiary.observe.access import AccessLog
from ostiary.pki.development import DevelopmentPki, write_development_pki
from ostiary.serve import listening
from ostiary.vault.local import local_store, new_key_text

PASSWORD = "the password of the service"
BASIC = b"Basic " + base64.b64encode(b"ostiary:" + PASSWORD.encode())
PERMISSIONS = {"accounts": ["read"]}

_FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:pki/server.pem
      private_key: file:pki/server.key
      client: {{mode: optional, authorities: [file:pki/ca.pem], revocation: {{crls: [file:pki/ca.crl]}}}}
issuers:
  bank: {{issuer: "{issuer}", audiences: [legacy-accounts], algorithms: [ES256]}}
vaults:
  local: {{type: local, path: vault.db, master_key: file:master.key}}
credentials:
  legacy-accounts: {{vault: local}}
upstreams:
  accounts: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
  down: {{endpoints: ["http://127.0.0.1:1"], timeouts: {{connect: 1s}}}}
routes:
  - name: both
    match: {{host: localhost, path: /both/**, methods: [GET, HEAD]}}
    authenticate:
      all:
        - mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/**"]}}
        - jwt: {{issuers: [bank], bound: when-present}}
    authorize: [permissions: {{accounts: {{any: [read]}}}}]
    inject:
      - basic: {{credential: legacy-accounts}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
    upstream: accounts
  - name: token
    match: {{host: localhost, path: /token/**, methods: [GET, HEAD, POST]}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: [permissions: {{accounts: {{any: [read]}}}}]
    inject:
      - basic: {{credential: legacy-accounts}}
      - header: {{name: X-Subject, value: "{{principal.subject}}"}}
    upstream: accounts
  - name: rewritten
    match: {{host: localhost, path: /public/**}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    rewrite:
      path: {{strip_prefix: /public, add_prefix: /old}}
      response: {{location: true, cookies: true, headers: {{remove: [X-Powered-By]}}}}
    upstream: accounts
  - name: down
    match: {{host: localhost, path: /down}}
    authenticate: {{jwt: {{issuers: [bank]}}}}
    authorize: anyone
    inject: [basic: {{credential: legacy-accounts}}]
    upstream: down
"""


@dataclass
class Service:
    """An upstream that keeps what it received, and answers what the path asks for.

    Attributes:
        heads: heads as received.
        bodies: their bodies, with the framing taken off.
        trailers: lines behind them.
        port: where it listens.
        written: octets that an endless answer could write so far.
        left: set when the reader of an endless answer is gone.
    """

    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    trailers: list[bytes] = field(default_factory=list)
    port: int = 0
    written: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.bodies.append(await _body(head, reader, self.trailers))
                if await self._answer(head, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        content = b""
        path = head.split(b" ")[1]
        if path.endswith(b"/endless"):
            await self._write_on(writer)
        if path.endswith(b"/large"):
            content = LARGE
        elif path.endswith(b"/chunked"):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n5\r\n done\r\n0\r\n\r\n")
            return False
        elif path.endswith(b"/trailers"):
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 200 OK\r\n")
            writer.write(b"Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\nX-Sum: 4\r\n\r\n")
            return False
        elif path.endswith(b"/moved"):
            writer.write(
                b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://localhost:%d/old/1\r\n" % self.port
            )
            writer.write(b"X-Powered-By: age\r\nSet-Cookie: s=1; Path=/\r\n\r\n")
            return False
        elif path.endswith(b"/broken"):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)
            return True
        else:
            content = b"hello"
        length = b"Content-Length: %d\r\n\r\n" % len(content)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + length)
        if not head.startswith(b"HEAD "):
            writer.write(content)
        await writer.drain()
        return False

    async def _write_on(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        try:
            while True:
                writer.write(LARGE)
                await writer.drain()
                self.written += len(LARGE)
                await asyncio.sleep(0.001)
        except ConnectionError:
            self.left.set()
            raise


LARGE = bytes(range(256)) * 4096


async def _body(head: bytes, reader: asyncio.StreamReader, trailers: list[bytes]) -> bytes:
    fields = head.lower()
    if b"transfer-encoding: chunked" in fields:
        pieces = []
        while size := int(await reader.readline(), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        while line := (await reader.readline()).rstrip(b"\r\n"):
            trailers.append(line)
        return b"".join(pieces)
    _, found, rest = fields.partition(b"content-length: ")
    return await reader.readexactly(int(rest.split(b"\r\n")[0])) if found else b""


@dataclass
class World:
    """What a test asks with.

    Attributes:
        folder: of the configuration file.
        pki: the certificates.
        issuer: who signs.
        service: the upstream.
    """

    folder: Path
    pki: DevelopmentPki
    issuer: Issuer
    service: Service
    lines: Path

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "gateway.yaml"

    def token(self, *, life: float = 600.0, **claims: object) -> dict[str, str]:
        """The field that shows a token."""
        said = {"sub": "alice", "aud": "legacy-accounts", "permissions": PERMISSIONS, **claims}
        return {"Authorization": "Bearer " + self.issuer.sign(said, life=life)}


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    """Set everything up that a gateway needs, in a folder."""
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    pki = write_development_pki(folder / "pki")
    (folder / "master.key").write_text(new_key_text())
    (folder / "master.key").chmod(0o600)
    spec = LocalVaultSpec.model_validate({"type": "local", "path": "vault.db", "master_key": "file:master.key"})
    local_store(spec, folder).put("legacy-accounts", {"id": Secret("ostiary"), "secret": Secret(PASSWORD)})
    with serve_issuer(0) as issuer:
        (folder / "gateway.yaml").write_text(_FILE.format(issuer=issuer.url, upstream=service.port))
        yield World(folder, pki, issuer, service, folder / "access.log")
    server.close()


@contextmanager
def _log(world: World) -> Iterator[AccessLog]:
    with world.lines.open("wb") as file:
        yield AccessLog(file.fileno())


Client = Callable[..., httpx2.AsyncClient]


def _tls_client(world: World, port: int, **options: object) -> Client:
    def make(*, certificate: bool = True) -> httpx2.AsyncClient:
        context = ssl.create_default_context(cafile=world.pki.ca)
        if certificate:
            context.load_cert_chain(world.pki.client, world.pki.client_key)
        return httpx2.AsyncClient(
            base_url=f"https://localhost:{port}", verify=context, timeout=10, trust_env=False, **options
        )

    return make


@asynccontextmanager
async def native(world: World) -> AsyncIterator[Client]:
    """Our own edge."""
    loaded = load_checked(world.file)
    with _log(world) as log:
        async with listening(compile_gateway(loaded, log), loaded.spec, loaded.folder, drain=1) as listeners:
            yield _tls_client(world, listeners["public"].port)


@asynccontextmanager
async def native2(world: World) -> AsyncIterator[Client]:
    """Our own edge, HTTP/2."""
    loaded = load_checked(world.file)
    with _log(world) as log:
        async with listening(compile_gateway(loaded, log), loaded.spec, loaded.folder, drain=1) as listeners:
            yield _tls_client(world, listeners["public"].port, http2=True)


@asynccontextmanager
async def hypercorn(world: World) -> AsyncIterator[Client]:
    """Hypercorn, HTTP/1.1."""
    with _log(world) as log:
        async with asgi.hypercorn(world.file, access=log, drain=1) as server:
            yield _tls_client(world, server.sockets[0].getsockname()[1])


@asynccontextmanager
async def hypercorn2(world: World) -> AsyncIterator[Client]:
    """Hypercorn, HTTP/2."""
    with _log(world) as log:
        async with asgi.hypercorn(world.file, access=log, drain=1) as server:
            yield _tls_client(world, server.sockets[0].getsockname()[1], http2=True)


@asynccontextmanager
async def mounted(world: World) -> AsyncIterator[Client]:
    """In a Starlette application, without TLS: nobody shows a certificate."""
    with _log(world) as log:
        gateway = asgi.app(world.file, access=log)
        starlette = Starlette(routes=[Mount("/", app=gateway)])

        def make(*, certificate: bool = False) -> httpx2.AsyncClient:
            transport = httpx2.ASGITransport(app=starlette, raise_app_exceptions=True)
            return httpx2.AsyncClient(base_url="http://localhost", transport=transport, trust_env=False)

        yield make
        await gateway.aclose()
