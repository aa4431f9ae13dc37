"""Is the caller's address known behind a real HAProxy that passes connections on unread?"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from tests.support.gateway_process import curl, gateway_process
from tests.support.neighbours import free_port, running
from tests.support.origin import ok, origin

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  behind:
    bind: 127.0.0.1:0
    proxy_protocol: {{networks: [{network}]}}
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client: {{mode: optional, authorities: [file:ca.pem]}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{allow: ["**"]}}}}
    authorize: anyone
    upstream: old
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
  source 127.0.0.9
  server one 127.0.0.1:{gateway} send-proxy-v2
"""


def prepare(folder: Path, upstream: int, network: str = "127.0.0.9/32") -> Path:
    authority = Authority.create("CA")
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
    john = authority.issue_client(cn="john", uris=["spiffe://example.com/john"])
    write_identity(folder / "john.pem", folder / "john.key", john)
    file = folder / "gateway.yaml"
    file.write_text(FILE.format(upstream=upstream, network=network))
    return file


async def ask(folder: Path, port: int, *options: str):
    files = ("--cacert", folder / "ca.pem", "--cert", folder / "john.pem", "--key", folder / "john.key")
    return await curl(
        folder, f"https://localhost:{port}/who", *files, "--resolve", f"localhost:{port}:127.0.0.1", *options
    )


async def test_the_address_is_the_callers_and_the_certificate_too(tmp_path):
    async with origin() as upstream:
        upstream.answers = {"/who": ok(b"hello")}
        async with gateway_process(prepare(tmp_path, upstream.port)) as gateway:
            port = free_port()
            file = tmp_path / "haproxy.conf"
            file.write_text(HAPROXY.format(port=port, gateway=gateway.port))
            with running("haproxy", tmp_path, port, "-f", file, "-db"):
                replies = [await ask(tmp_path, port, "--interface", address) for address in ("127.0.0.2", "127.0.0.3")]
            direct = await ask(tmp_path, gateway.port)
            await asyncio.sleep(0.5)

    assert [reply.status for reply in (*replies, direct)] == [200, 200, 200]
    assert [line["address"] for line in gateway.access()] == ["127.0.0.2", "127.0.0.3", "127.0.0.1"]
    assert {line["subject"] for line in gateway.access()} == {"spiffe://example.com/john"}
    assert [b"X-Forwarded-For: 127.0.0.2" in upstream.heads[0], b"X-Forwarded-For: 127.0.0.3" in upstream.heads[1]] == [
        True
    ] * 2


async def test_a_header_from_anybody_else_is_no_tls_and_one_that_is_missing_is_nobody(tmp_path):
    forged = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + socket.inet_aton("10.0.0.1") * 2 + b"\x00\x01\x00\x02"
    async with origin() as upstream:
        file = prepare(tmp_path, upstream.port, "127.0.0.9/32")
        async with gateway_process(file) as gateway:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(forged + b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            without = await ask(tmp_path, gateway.port, "--interface", "127.0.0.9")
            again = await ask(tmp_path, gateway.port)
            await asyncio.sleep(0.5)

    assert b"HTTP/1.1" not in said
    assert (without.status, again.status) == (0, 404)
    assert upstream.asked["/who"] == 1
    assert gateway.access()[-1]["address"] == "127.0.0.1"
