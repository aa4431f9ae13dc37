"""Is a proxy on a unix socket known by what the kernel says of its process, and nobody else?"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.neighbours import free_port, running
from tests.support.origin import Origin, ok, origin
from tests.support.proxies import front

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  behind:
    bind: unix:{socket}
    {more}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: san.uri, allow: ["spiffe://example.com/bank/*"]}}}}
    authorize: anyone
    inject: [{{header: {{name: X-Subject, value: "{{principal.subject}}"}}}}]
    upstream: old
  - name: open
    match: {{path: /open}}
    authenticate: {{anonymous: {{}}}}
    authorize: anyone
    upstream: old
"""
TOLD = """forwarded:
      dialect: {dialect}
      local: {{users: [{user}]}}
      client: {{mode: optional, authorities: [file:ca.pem]}}
    socket: {{mode: "0666"}}
"""
PROXIED = """tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
    proxy_protocol: {{local: {{users: [{user}]}}}}
    socket: {{mode: "0666"}}
"""
HAPROXY = """
global
  maxconn 50
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend front
  bind 127.0.0.1:{port}
  default_backend gateway
backend gateway
  server one unix@{socket} send-proxy-v2
"""
STRANGER = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can reach, with a short name."""
    with tempfile.TemporaryDirectory(prefix="ostiary-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@asynccontextmanager
async def gateway(folder: Path, more: str) -> AsyncIterator[tuple[GatewayProcess, Origin, Authority]]:
    authority = Authority.create("CA")
    write_certificates(folder / "ca.pem", [authority.certificate])
    john = authority.issue_client(cn="john", uris=["spiffe://example.com/bank/john"])
    write_identity(folder / "john.pem", folder / "john.key", john)
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
    async with origin() as upstream:
        upstream.answers = {"/who": ok(b"hello"), "/open": ok(b"hello")}
        file = folder / "gateway.yaml"
        file.write_text(FILE.format(socket=folder / "front.sock", upstream=upstream.port, more=more))
        async with gateway_process(file) as process:
            yield process, upstream, authority


async def through(folder: Path, port: int, path: str = "/who") -> Reply:
    files = ("--cacert", folder / "ca.pem", "--cert", folder / "john.pem", "--key", folder / "john.key")
    return await curl(folder, f"https://localhost:{port}{path}", *files, "--resolve", f"localhost:{port}:127.0.0.1")


@pytest.mark.parametrize("proxy", ["nginx", "envoy", "caddy", "haproxy", "apache"])
async def test_the_caller_behind_a_proxy_whose_process_is_believed_is_known(folder, proxy):
    user = "www-data" if proxy == "apache" and os.getuid() == 0 else os.getuid()  # Apache will not work as root
    async with gateway(folder, TOLD.format(dialect=proxy, user=user)) as (_, upstream, authority):
        with front(proxy, folder / "front", authority, folder / "front.sock") as before:
            reply = await through(folder, before.port)

    assert reply.status == 200
    assert b"X-Subject: spiffe://example.com/bank/john" in upstream.heads[-1]


@pytest.mark.attack(43)
async def test_a_process_of_another_user_may_connect_and_is_not_believed(folder):
    async with gateway(folder, TOLD.format(dialect="nginx", user=STRANGER)) as (process, upstream, _):
        forged = ("-H", f"SSL-Client-Cert: {quote((folder / 'john.pem').read_text(), safe='')}")
        socket = ("--unix-socket", folder / "front.sock")
        refused = await curl(folder, "http://localhost/who", *socket, *forged)
        passed = await curl(folder, "http://localhost/open", *socket, *forged)
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        lines = process.access()

    assert (refused.status, passed.status) == (401, 200)
    assert [line.get("reason") for line in lines] == ["certificate.missing", "allowed"]
    assert {line["address"] for line in lines} == {""}
    assert b"client-cert" not in upstream.heads[-1].lower()
    assert b"forwarded-for" not in upstream.heads[-1].lower()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
async def test_it_is_the_process_that_asks_whose_user_counts(folder):
    asking = "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);s.sendall(sys.stdin.buffer.read());print(s.recv(99))"
    async with gateway(folder, TOLD.format(dialect="nginx", user=STRANGER)) as (_, _, _):
        head = f"GET /who HTTP/1.1\r\nHost: a\r\nSSL-Client-Cert: {quote((folder / 'john.pem').read_text(), safe='')}\r\n\r\n"
        said = []
        for user in (0, STRANGER, 33):
            process = await asyncio.create_subprocess_exec(
                *(
                    "setpriv",
                    "--reuid",
                    str(user),
                    "--clear-groups",
                    sys.executable,
                    "-c",
                    asking,
                    folder / "front.sock",
                ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            said.append((await process.communicate(head.encode()))[0][:14])

    assert said == [b"b'HTTP/1.1 401", b"b'HTTP/1.1 200", b"b'HTTP/1.1 401"]


async def test_the_address_comes_by_the_proxy_protocol_and_the_certificate_by_tls(folder):
    async with gateway(folder, PROXIED.format(user=os.getuid())) as (process, upstream, _):
        port = free_port()
        file = folder / "haproxy.conf"
        file.write_text(HAPROXY.format(port=port, socket=folder / "front.sock"))
        with running("haproxy", folder, port, "-f", file, "-db"):
            replies = [await through(folder, port) for _ in range(2)]
        await asyncio.sleep(0.5)
        lines = process.access()

    assert [reply.status for reply in replies] == [200, 200]
    assert {(line["address"], line["subject"]) for line in lines} == {("127.0.0.1", "spiffe://example.com/bank/john")}
    assert b"X-Forwarded-For: 127.0.0.1" in upstream.heads[-1]


async def test_a_header_of_the_proxy_protocol_from_any_other_process_is_no_tls(folder):
    async with gateway(folder, PROXIED.format(user=STRANGER)) as (process, upstream, _):
        reader, writer = await asyncio.open_unix_connection(folder / "front.sock")
        header = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes([10, 0, 0, 1] * 2) + b"\x00\x01\x00\x02"
        writer.write(header + b"GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")  # at once: it may be cut off any moment
        said = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert b"HTTP/1.1" not in said
    assert upstream.heads == []
    assert process.access() == []


async def test_the_file_is_there_while_the_gateway_is_and_has_its_permissions(folder):
    place = folder / "front.sock"
    async with gateway(folder, TOLD.format(dialect="nginx", user=STRANGER)) as (process, _, _):
        during = stat.S_IMODE(place.lstat().st_mode)
        text = (folder / "gateway.yaml").read_text()
        (folder / "gateway.yaml").write_text(text.replace('"0666"', '"0660"'))
        async with asyncio.timeout(10):
            while stat.S_IMODE(place.lstat().st_mode) != 0o660:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)
        code = await process.stop()

    assert (during, code) == (0o666, 0)
    assert not place.exists()
