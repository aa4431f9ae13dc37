"""Which certificate does the gateway show upstream, while its files change under its feet?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.live import put

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import chain_pem, write_certificates, write_identity
from ostiary.pki.keys import private_pem

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  local: {{bind: 127.0.0.1:0}}
upstreams:
  strict:
    endpoints: ["https://127.0.0.1:{port}"]
    tls: {{trusted: [file:ca.pem], server_name: localhost, client: {{certificate: file:own.pem, private_key: file:own.key}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: strict}}
"""


@dataclass
class Strict:
    """An upstream that lets nobody in without a certificate, and says whose it saw; `/slow` takes until it is let go.

    Attributes:
        handshakes: how many connections were made.
        living: those that live.
        go: what `/slow` waits for.
    """

    port: int = 0
    handshakes: int = 0
    living: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.handshakes += 1
        self.living += 1
        shown = writer.get_extra_info("peercert")["subject"][0][0][1].encode()
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(shown))
                if b"/slow" in head:
                    await self.go.wait()
                writer.write(shown)
        self.living -= 1
        writer.close()


@dataclass
class Scene:
    folder: Path
    authority: Authority
    upstream: Strict
    gateway: GatewayProcess

    async def ask(self, path: str = "/") -> bytes:
        """As whom the upstream was called; or the status, when it did not answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
        writer.close()
        return body if b" 200 " in head else head.split(b" ")[1]

    def renew(self, name: str) -> Identity:
        identity = self.authority.issue_client(cn=name)
        put(self.folder / "own.key", private_pem(identity.key))
        put(self.folder / "own.pem", chain_pem(identity))
        return identity

    async def eventually(self, answer: bytes) -> None:
        async with asyncio.timeout(15):
            while await self.ask() != answer:  # noqa: ASYNC110 - a caller has no event to wait for
                await asyncio.sleep(0.1)

    async def said(self, event: str) -> None:
        async with asyncio.timeout(15):
            while event not in {one["event"] for one in self.gateway.events()}:  # noqa: ASYNC110 - nor has a log
                await asyncio.sleep(0.1)


@asynccontextmanager
async def scene(folder: Path) -> AsyncIterator[Scene]:
    authority, upstream = Authority.create("CA"), Strict()
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
    write_identity(folder / "own.pem", folder / "own.key", authority.issue_client(cn="first"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=context)
    upstream.port = server.sockets[0].getsockname()[1]
    (folder / "gateway.yaml").write_text(FILE.format(port=upstream.port))
    try:
        async with gateway_process(folder / "gateway.yaml") as gateway:
            yield Scene(folder, authority, upstream, gateway)
    finally:
        server.close()


async def test_a_renewed_certificate_is_shown_from_the_next_request_on_and_what_is_under_way_ends_with_the_old_one(
    tmp_path,
):
    async with scene(tmp_path) as world:
        before = await world.ask()
        slow = asyncio.create_task(world.ask("/slow"))
        await asyncio.sleep(0.3)
        world.renew("second")
        await world.eventually(b"second")
        held = world.upstream.living
        world.upstream.go.set()
        late = await slow
        async with asyncio.timeout(15):
            while world.upstream.living > 1:  # noqa: ASYNC110 - the old connections have no event
                await asyncio.sleep(0.1)
        after = await world.ask()

    assert (before, late, after) == (b"first", b"first", b"second")
    assert held >= 2


async def test_connections_are_kept_while_nothing_changes(tmp_path):
    async with scene(tmp_path) as world:
        answers = [await world.ask() for _ in range(5)]

    assert answers == [b"first"] * 5
    assert world.upstream.handshakes == 1


async def test_a_certificate_without_its_key_waits_for_the_key(tmp_path):
    async with scene(tmp_path) as world:
        await world.ask()
        identity = world.authority.issue_client(cn="second")
        put(tmp_path / "own.pem", chain_pem(identity))
        await world.said("configuration refused, the one before serves on")
        meanwhile = await world.ask()
        put(tmp_path / "own.key", private_pem(identity.key))
        await world.eventually(b"second")

    assert meanwhile == b"first"


async def test_an_upstream_that_does_not_know_the_certificate_is_502_and_not_another_try_without_one(tmp_path):
    async with scene(tmp_path) as world:
        stranger = Authority.create("CA").issue_client(cn="stranger")
        put(tmp_path / "own.key", private_pem(stranger.key))
        put(tmp_path / "own.pem", chain_pem(stranger))
        await world.eventually(b"502")
        world.renew("third")
        await world.eventually(b"third")
