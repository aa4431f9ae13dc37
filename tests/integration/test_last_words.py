"""Does a caller who is sent away hear why, although he goes on speaking? And does that hold up anybody?"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.gateway_process import GatewayProcess, curl, gateway_process
from tests.support.neighbours import program
from tests.support.origin import ok, origin

from ostiary.pki.authority import Authority
from ostiary.pki.files import write_certificates, write_crl, write_identity

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public:
    bind: 127.0.0.1:0
    tls:
      certificate: file:server.pem
      private_key: file:server.key
      client:
        mode: {mode}
        authorities: [file:ca.pem]
        revocation: {{crls: [file:ca.crl], mode: hard}}
    protocols: {protocols}
    limits: {{body: 1MiB, connections_per_address: {most}}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: cn, allow: ["**"]}}}}
    authorize: anyone
    upstream: old
"""
SPOKEN = b"POST /who HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000)
ASKED = b"GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PEOPLE = ("john", "fired", "stranger")


@asynccontextmanager
async def gateway(
    folder: Path, *, mode: str = "required", protocols: str = "[http/1.1]", most: int = 100
) -> AsyncIterator[GatewayProcess]:
    """A gateway whose OpenSSL itself refuses who was revoked."""
    authority, other = Authority.create("CA"), Authority.create("Other")
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
    for name, issuer in zip(PEOPLE, (authority, authority, other), strict=True):
        identity = issuer.issue_client(cn=name)
        write_identity(folder / f"{name}.pem", folder / f"{name}.key", identity)
        if name == "fired":
            authority.revoke(identity.certificate)
    write_crl(folder / "ca.crl", authority.crl())
    async with origin() as web:
        web.answers["/who"] = ok(b"hello")
        file = folder / "gateway.yaml"
        file.write_text(FILE.format(mode=mode, protocols=protocols, most=most, upstream=web.port))
        async with gateway_process(file) as running:
            yield running


async def told(running: GatewayProcess, folder: Path, version: str, name: str | None) -> str:
    """What `openssl s_client` prints for somebody who begins to speak at once."""
    shown = [] if name is None else ["-cert", folder / f"{name}.pem", "-key", folder / f"{name}.key"]
    where = ["-connect", f"127.0.0.1:{running.port}", "-servername", "localhost", "-CAfile", folder / "ca.pem"]
    command = [program("openssl"), "s_client", *where, *shown, f"-{version}", "-quiet", "-ign_eof"]
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(SPOKEN), 20)
    return said.decode(errors="replace")


# --- requests -------------------------------------------------------------------------------------


async def test_who_uploads_too_much_reads_413_and_no_reset(tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(100 << 20)
    async with gateway(tmp_path) as running:
        shown = ("--cacert", tmp_path / "ca.pem", "--cert", tmp_path / "john.pem", "--key", tmp_path / "john.key")
        where = ("--resolve", f"localhost:{running.port}:127.0.0.1")
        url = f"https://localhost:{running.port}/who"
        upload = ("--http1.1", "-H", "Expect:", "--data-binary", f"@{large}")
        replies = [await curl(tmp_path, url, *shown, *where, *upload) for _ in range(3)]
        deaf = await _deaf(running, tmp_path, 100)

    assert [(reply.exit, reply.status) for reply in replies] == [(0, 413)] * 3
    assert all(b"body is too large" in reply.content.read_bytes() for reply in replies)
    assert deaf.startswith(b"HTTP/1.1 413 ")


async def test_whoever_uploads_without_an_end_after_his_answer_is_cut_off_and_holds_up_no_end(tmp_path):
    async with gateway(tmp_path) as running:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            await _deaf(running, tmp_path, 1 << 20)
        loud = asyncio.create_task(_deaf(running, tmp_path, 1 << 20))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        code = await running.stop()
        took = time.monotonic() - begun
        await asyncio.gather(loud, return_exceptions=True)

    assert code == 0
    assert took < 8


async def _deaf(running: GatewayProcess, folder: Path, megabytes: int) -> bytes:
    """What somebody reads who has to say everything first."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "john.pem", folder / "john.key")

    def speak() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", running.port), timeout=20) as line,
            context.wrap_socket(line, server_hostname="localhost") as caller,
        ):
            caller.sendall(b"POST /who HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (megabytes << 20))
            for _ in range(megabytes):
                caller.sendall(bytes(1 << 20))
            return caller.recv(1 << 16)

    return await asyncio.to_thread(speak)


# --- odd connections ------------------------------------------------------------------------------


async def test_who_sends_ninety_kilobytes_of_strangers_with_his_certificate_is_who_he_is(tmp_path):
    async with gateway(tmp_path) as running:
        (tmp_path / "chain.pem").write_text((tmp_path / "stranger.pem").read_text() * 190)
        said = await _s_client(running, tmp_path, "-ign_eof", "-cert_chain", tmp_path / "chain.pem", given=ASKED)

    assert b"HTTP/1.1 200 " in said


async def test_who_changes_his_keys_all_the_time_holds_up_nobody(tmp_path):
    async with gateway(tmp_path) as running:
        changing = asyncio.create_task(_s_client(running, tmp_path, "-tls1_3", given=b"K\n" * 500, slowly=True))
        served = [await _let_in(running, tmp_path) for _ in range(5)]
        await asyncio.wait_for(changing, 20)

    assert served == [True] * 5


async def _s_client(
    running: GatewayProcess, folder: Path, *options: str | Path, given: bytes, slowly: bool = False
) -> bytes:
    """What `openssl s_client` prints for john, who is given these lines to say, a few at a time if `slowly`."""
    shown = ("-cert", folder / "john.pem", "-key", folder / "john.key", "-servername", "localhost")
    command = (program("openssl"), "s_client", "-connect", f"127.0.0.1:{running.port}", *shown, *options)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=STDOUT)
    assert process.stdin is not None
    for line in given.splitlines(keepends=True) if slowly else ():
        process.stdin.write(line)  # a command of s_client is a line that comes alone
        await asyncio.sleep(0.002)
    said, _ = await asyncio.wait_for(process.communicate(b"Q\n" if slowly else given), 20)
    return said


# --- handshakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
async def test_who_is_refused_in_the_handshake_reads_the_alert_each_time(tmp_path, version):
    async with gateway(tmp_path) as running:
        heard = {
            name: {await told(running, tmp_path, version, name) for _ in range(3)} for name in ("fired", "stranger")
        }
        nobody = await told(running, tmp_path, version, None)

    assert all("SSL alert number 44" in each for each in heard["fired"]), heard  # certificate_revoked
    assert all("SSL alert number 48" in each for each in heard["stranger"]), heard  # unknown_ca
    assert f"SSL alert number {116 if version == 'tls1_3' else 40}" in nobody  # certificate_required, handshake_failure


async def test_who_agrees_on_nothing_reads_that(tmp_path):
    async with gateway(tmp_path) as running:
        where = ("-connect", f"127.0.0.1:{running.port}", "-tls1_2", "-cipher", "AES128-SHA")
        process = await asyncio.create_subprocess_exec(
            *(program("openssl"), "s_client", *where), stdin=PIPE, stdout=PIPE, stderr=STDOUT
        )
        said, _ = await asyncio.wait_for(process.communicate(b""), 20)

    assert b"SSL alert number 40" in said


async def test_who_goes_on_speaking_after_the_alert_holds_a_place_for_a_moment_and_no_longer(tmp_path):
    async with gateway(tmp_path, most=1) as running:
        writer = await _refused(running, tmp_path)
        begun = time.monotonic()
        while not await _let_in(running, tmp_path):
            writer.write(bytes(1 << 10))  # he has heard nothing, and does not listen
            await asyncio.sleep(0.2)
        took = time.monotonic() - begun
        writer.transport.abort()

    assert took < 8


async def test_nobody_who_has_been_told_holds_up_the_end(tmp_path):
    async with gateway(tmp_path) as running:
        writers = [await _refused(running, tmp_path) for _ in range(5)]
        begun = time.monotonic()
        code = await running.stop()
        took = time.monotonic() - begun
        for writer in writers:
            writer.transport.abort()

    assert code == 0
    assert took < 8


async def _refused(running: GatewayProcess, folder: Path) -> asyncio.StreamWriter:
    """One end of a connection whose other end has refused it, in TLS 1.3 without this one knowing."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "fired.pem", folder / "fired.key")
    _, writer = await asyncio.open_connection("127.0.0.1", running.port, ssl=context, server_hostname="localhost")
    return writer


async def _let_in(running: GatewayProcess, folder: Path) -> bool:
    shown = ("--cacert", folder / "ca.pem", "--cert", folder / "john.pem", "--key", folder / "john.key")
    resolve = ("--resolve", f"localhost:{running.port}:127.0.0.1")
    return (await curl(folder, f"https://localhost:{running.port}/who", *shown, *resolve)).status == 200
