"""A gateway that runs as its operators run it, whose files are changed under its feet, and callers who stay."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.legacy_nginx import free_port

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import write_certificates, write_crl, write_identity

FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:{port}
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem], revocation: {{crls: [file:ca.crl]}}}}
upstreams:
  echo: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: open
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: "{subject}"}}}}
    authorize: anyone
    inject: [header: {{name: X-Subject, value: "{{principal.subject}}"}}]
    upstream: echo
  - name: closed
    match: {{path: /closed/**}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/**"]}}}}
    authorize: anyone
    upstream: echo
"""
URI = "spiffe://example.com/client"


class Echo:
    """An upstream that says as whom it was called; /slow/N takes N seconds for its answer, in ten pieces."""

    def __init__(self) -> None:
        self.port = 0
        self.under_way = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ")[1].decode()
                self.under_way += 1
                try:
                    await self._answer(path, _field(head, b"x-subject"), writer)
                finally:
                    self.under_way -= 1
        writer.close()

    async def _answer(self, path: str, subject: bytes, writer: asyncio.StreamWriter) -> None:
        pieces = 10 if path.startswith("/slow/") else 1
        writer.write(b"HTTP/1.1 200 OK\r\nX-Saw: %b\r\nContent-Length: %d\r\n\r\n" % (subject, 2 * pieces))
        for _ in range(pieces):
            if pieces > 1:
                await asyncio.sleep(float(path.rpartition("/")[2]) / pieces)
            writer.write(b"ok")
            await writer.drain()


def _field(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        found, _, value = line.partition(b": ")
        if found.lower() == name:
            return value
    return b""


@dataclass
class Said:
    """An answer."""

    status: int
    fields: dict[str, str]
    content: bytes


class Caller:
    """One connection that is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, path: str = "/", *, bearer: str = "") -> None:
        """Ask, with a token if there is one."""
        shown = f"Authorization: Bearer {bearer}\r\n" if bearer else ""
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{shown}\r\n".encode())
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read the head of an answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.strip().split("\r\n")
        fields = [line.partition(": ") for line in lines]
        return int(status.split(" ")[1]), {name.lower(): value for name, _, value in fields}

    async def answer(self) -> Said:
        """Read an answer."""
        status, fields = await self.head()
        return Said(status, fields, await self.reader.readexactly(int(fields["content-length"])))

    async def get(self, path: str = "/", *, bearer: str = "") -> Said:
        """Ask, and read the answer."""
        await self.send(path, bearer=bearer)
        return await asyncio.wait_for(self.answer(), 15)

    @property
    def certificate(self) -> x509.Certificate:
        """What the gateway has shown."""
        return x509.load_der_x509_certificate(self.writer.get_extra_info("ssl_object").getpeercert(binary_form=True))

    async def closed(self) -> bool:
        """Whether the gateway closes the connection, within some time."""
        with suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        return True

    def close(self) -> None:
        self.writer.close()


@dataclass
class Live:
    """The gateway, and what its files are made of."""

    folder: Path
    echo: Echo
    port: int
    authority: Authority = field(default_factory=lambda: Authority.create("CA"))
    text: str = FILE
    gateway: GatewayProcess = None  # type: ignore[assignment]
    callers: list[Caller] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "gateway.yaml"

    def write(self, subject: str, **changed: object) -> None:
        """Write the configuration, as an editor does: a new file in the place of the old one."""
        words = {
            "port": self.port,
            "upstream": self.echo.port,
            "subject": subject,
            **changed,
        }
        put(self.file, self.text.format(**words).encode())

    def identify(self, name: str = "localhost") -> Identity:
        """Give the gateway a new certificate."""
        identity = self.authority.issue_server(name, "localhost", "127.0.0.1")
        write_identity(self.folder / "server.pem", self.folder / "server.key", identity)
        return identity

    def client(self, name: str, uri: str = URI) -> Identity:
        """Issue a client certificate."""
        identity = self.authority.issue_client(cn=name, uris=[uri])
        write_identity(self.folder / f"{name}.pem", self.folder / f"{name}.key", identity)
        return identity

    def revoke(self, *identities: Identity) -> None:
        """Put a list of revoked certificates in the place of the old one."""
        for one in identities:
            self.authority.revoke(one.certificate)
        write_crl(self.folder / "new.crl", self.authority.crl())
        (self.folder / "new.crl").replace(self.folder / "ca.crl")

    async def call(self, name: str | None = None, *, port: int | None = None) -> Caller:
        """Connect, with the certificate of that name."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        if name is not None:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        where = ("127.0.0.1", port or self.port)
        caller = Caller(*await asyncio.open_connection(*where, ssl=context, server_hostname="localhost"))
        self.callers.append(caller)
        return caller

    async def curl(self, path: str = "/", *options: str | Path) -> Reply:
        """Ask with curl, on a connection of its own."""
        where = f"localhost:{self.port}"
        trusting = (
            "--cacert",
            self.folder / "ca.pem",
            "--resolve",
            f"{where}:127.0.0.1",
        )
        return await curl(self.folder, f"https://{where}{path}", *trusting, *options)

    def told(self, event: str) -> list[dict[str, object]]:
        """What it has said of that."""
        return [one for one in self.gateway.events() if one["event"] == event]

    async def until(self, happened: Callable[[], object], seconds: float = 8.0) -> float:
        """Wait until something has happened; return how many seconds that took."""
        begin = time.monotonic()
        while not happened():
            assert time.monotonic() < begin + seconds, self.gateway.events()[-5:]
            await asyncio.sleep(0.02)
        return time.monotonic() - begin

    async def takes_up(self, count: int = 1) -> float:
        """Wait until it has taken up that many configurations in all."""
        return await self.until(lambda: len(self.told("configuration taken up")) >= count)


def put(file: Path, data: bytes) -> None:
    """Put a whole file in the place of another."""
    new = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    new.write_bytes(data)
    new.replace(file)


@asynccontextmanager
async def upstream() -> AsyncIterator[Echo]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    try:
        yield echo
    finally:
        server.close()
        for writer in echo.writers:
            writer.transport.abort()


@asynccontextmanager
async def furnished(folder: Path, text: str = FILE) -> AsyncIterator[Live]:
    """Everything but the gateway."""
    async with upstream() as echo:
        live = Live(folder, echo, free_port(), text=text)
        write_certificates(folder / "ca.pem", [live.authority.certificate])
        live.revoke()
        live.identify()
        live.write("first")
        try:
            yield live
        finally:
            for caller in live.callers:
                caller.close()


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    """A gateway that runs."""
    async with furnished(tmp_path) as one, gateway_process(one.file) as gateway:
        one.gateway = gateway
        yield one
