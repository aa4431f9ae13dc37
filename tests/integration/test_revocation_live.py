"""Is a revoked caller kept out while the gateway runs: by a list that is fetched, and by a responder that is asked?"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process
from tests.support.legacy_nginx import free_port
from tests.support.origin import Origin, ok, origin
from tests.support.pki import openssl

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import write_certificates, write_identity
from ostiary.pki.keys import private_pem

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
        mode: optional
        authorities: [file:ca.pem]
        warn_before: {warn}
        revocation: {{{revocation}, timeout: 2s}}
upstreams:
  old: {{endpoints: ["http://127.0.0.1:{upstream}"]}}
routes:
  - name: who
    match: {{path: /who}}
    authenticate: {{mtls: {{subject: cn, allow: ["**"]}}}}
    authorize: anyone
    upstream: old
"""


@dataclass
class Scene:
    """An authority that publishes, a gateway that asks, an upstream."""

    folder: Path
    authority: Authority
    web: Origin
    gateway: GatewayProcess
    people: dict[str, Identity]

    def publish(self, **how) -> None:
        der = self.authority.crl(**how).public_bytes(Encoding.DER)
        self.web.answers["/ca.crl"] = ok(der)

    async def ask(self, name: str, *options: str) -> Reply:
        files = ("--cert", self.folder / f"{name}.pem", "--key", self.folder / f"{name}.key")
        url = f"https://localhost:{self.gateway.port}/who"
        resolve = ("--resolve", f"localhost:{self.gateway.port}:127.0.0.1")
        return await curl(self.folder, url, "--cacert", self.folder / "ca.pem", *resolve, *files, *options)

    async def eventually(self, name: str, status: int) -> Reply:
        async with asyncio.timeout(10):
            while (reply := await self.ask(name)).status != status:  # noqa: ASYNC110 - curl has no event to wait for
                await asyncio.sleep(0.1)
        return reply

    async def reason(self) -> str:
        await asyncio.sleep(0.5)  # the log is gathered for a moment before it is written
        return self.gateway.access()[-1]["reason"]


@asynccontextmanager
async def scene(folder: Path, revocation: str, *, warn: str = "1h", published: bool = True) -> AsyncIterator[Scene]:
    authority = Authority.create("CA")
    people = {name: authority.issue_client(cn=name) for name in ("john", "fired")}
    write_certificates(folder / "ca.pem", [authority.certificate])
    write_identity(folder / "server.pem", folder / "server.key", authority.issue_server("localhost"))
    for name, identity in people.items():
        write_identity(folder / f"{name}.pem", folder / f"{name}.key", identity)
    async with origin() as web:
        web.answers["/who"] = ok(b"hello")
        if published:
            web.answers["/ca.crl"] = ok(authority.crl().public_bytes(Encoding.DER))
        file = folder / "gateway.yaml"
        file.write_text(FILE.format(revocation=revocation.format(web=web.port), upstream=web.port, warn=warn))
        async with gateway_process(file) as gateway:
            yield Scene(folder, authority, web, gateway, people)


# --- lists by URL -------------------------------------------------------------------------------


async def test_a_list_is_fetched_and_a_revoked_caller_is_out_within_the_refresh_interval(tmp_path):
    async with scene(tmp_path, 'urls: ["http://127.0.0.1:{web}/ca.crl"], refresh: 500ms') as world:
        first = await world.eventually("fired", 200)
        world.authority.revoke(world.people["fired"].certificate)
        world.publish()
        await world.eventually("fired", 401)
        why = await world.reason()
        other = await world.ask("john")

    assert (first.status, why, other.status) == (200, "certificate.revoked", 200)


async def test_a_connection_that_lives_is_asked_again_when_the_list_says_something_new(tmp_path):
    async with scene(tmp_path, 'urls: ["http://127.0.0.1:{web}/ca.crl"], refresh: 300ms') as world:
        await world.eventually("fired", 200)
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        context.load_cert_chain(tmp_path / "fired.pem", tmp_path / "fired.key")
        where = {"host": "127.0.0.1", "port": world.gateway.port, "ssl": context, "server_hostname": "localhost"}
        reader, writer = await asyncio.open_connection(**where)
        question = b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(question)
        before = await asyncio.wait_for(reader.readuntil(b"hello"), 10)
        world.authority.revoke(world.people["fired"].certificate)
        world.publish()
        await world.eventually("fired", 401)
        await asyncio.sleep(1)
        writer.write(question)
        after = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert b" 200 " in before
    assert b" 401 " in after


async def test_hard_lets_nobody_in_until_there_is_a_list_and_soft_lets_everybody_in(tmp_path):
    told = {}
    for mode in ("hard", "soft"):
        folder = tmp_path / mode
        folder.mkdir()
        urls = f'urls: ["http://127.0.0.1:{{web}}/ca.crl"], refresh: 500ms, mode: {mode}'
        async with scene(folder, urls, published=False) as world:
            told[mode] = (await world.ask("john")).status
            if mode == "hard":
                told["why"] = await world.reason()
                world.publish()
                told["then"] = (await world.eventually("john", 200)).status

    assert told == {"hard": 401, "why": "certificate.revocation-unknown", "then": 200, "soft": 200}


async def test_a_publisher_that_goes_away_or_lies_changes_nothing(tmp_path):
    async with scene(tmp_path, 'urls: ["http://127.0.0.1:{web}/ca.crl"], refresh: 300ms') as world:
        world.authority.revoke(world.people["fired"].certificate)
        world.publish()
        await world.eventually("fired", 401)
        stranger = Authority.create("CA").crl().public_bytes(Encoding.DER)
        for lie in (ok(stranger), ok(b"hello"), b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", ok(b"x" * (9 << 20))):
            world.web.answers["/ca.crl"] = lie
            await asyncio.sleep(0.8)
            assert [(await world.ask(name)).status for name in ("fired", "john")] == [401, 200]

    assert any(event["event"] == "revocation list not fetched" for event in world.gateway.events())


async def test_an_older_list_does_not_replace_a_newer_one(tmp_path):
    async with scene(tmp_path, 'urls: ["http://127.0.0.1:{web}/ca.crl"], refresh: 300ms') as world:
        await world.eventually("john", 200)
        before = world.web.answers["/ca.crl"]
        world.authority.revoke(world.people["fired"].certificate)
        world.publish()
        await world.eventually("fired", 401)
        world.web.answers["/ca.crl"] = before
        await asyncio.sleep(1)
        assert (await world.ask("fired")).status == 401


# --- a responder --------------------------------------------------------------------------------


@contextmanager
def responder(folder: Path, authority: Authority, port: int):
    """The real `openssl ocsp`, which answers from an index of what was issued."""
    write_certificates(folder / "ocsp-ca.pem", [authority.certificate])
    (folder / "ocsp-ca.key").write_bytes(private_pem(authority.key))
    command = (
        "openssl",
        "ocsp",
        "-port",
        str(port),
        "-index",
        "index.txt",
        "-CA",
        "ocsp-ca.pem",
        "-rsigner",
        "ocsp-ca.pem",
    )
    with (folder / "ocsp.log").open("wb") as said:
        process = subprocess.Popen(
            [*command, "-rkey", "ocsp-ca.key", "-nmin", "5", "-ignore_err"], cwd=folder, stdout=said, stderr=said
        )
        try:
            for _ in range(100):  # it answers one connection at a time: looking whether it is there would be one
                if b"waiting for" in (folder / "ocsp.log").read_bytes():
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(10)


def index(folder: Path, people: dict[str, Identity], *revoked: str) -> None:
    lines = []
    for name, identity in people.items():
        certificate = identity.certificate
        end = certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
        state = (
            ("R", datetime.now(certificate.not_valid_after_utc.tzinfo).strftime("%y%m%d%H%M%SZ"))
            if name in revoked
            else ("V", "")
        )
        lines.append(
            "\t".join((state[0], end, state[1], f"{certificate.serial_number:040X}", "unknown", f"/CN={name}"))
        )
    (folder / "index.txt").write_text("\n".join(lines) + "\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")


async def test_the_responder_is_asked_and_its_answer_used_for_a_while(tmp_path):
    openssl("version")
    port = free_port()
    async with scene(tmp_path, f'ocsp: {{{{url: "http://127.0.0.1:{port}/"}}}}, refresh: 1m') as world:
        index(tmp_path, world.people, "fired")
        with responder(tmp_path, world.authority, port):
            good, bad = await world.ask("john"), await world.ask("fired")
            why = await world.reason()
        again, still = await world.ask("john"), await world.ask("fired")

    assert (good.status, bad.status, why) == (200, 401, "certificate.revoked")
    assert (again.status, still.status) == (200, 401)


@pytest.mark.parametrize(("mode", "status"), [("hard", 503), ("soft", 200)])
async def test_without_an_answer_hard_is_503_and_soft_lets_in(tmp_path, mode, status):
    revocation = f'ocsp: {{{{url: "http://127.0.0.1:{free_port()}/"}}}}, mode: {mode}'
    async with scene(tmp_path, revocation) as world:
        reply = await world.ask("john")
        why = await world.reason()

    assert reply.status == status
    assert why == ("certificate.revocation-unknown" if mode == "hard" else "allowed")


async def test_an_answer_by_somebody_else_is_no_answer(tmp_path):
    port = free_port()
    async with scene(tmp_path, f'ocsp: {{{{url: "http://127.0.0.1:{port}/"}}}}') as world:
        index(tmp_path, world.people)
        with responder(tmp_path, Authority.create("CA"), port):
            reply = await world.ask("john")

    assert reply.status == 503


# --- a certificate that ends soon ---------------------------------------------------------------


@pytest.mark.parametrize(("warn", "told"), [("100d", True), ("1h", False)])
async def test_a_caller_is_told_that_its_certificate_ends(tmp_path, warn, told):
    async with scene(tmp_path, 'urls: ["http://127.0.0.1:{web}/ca.crl"], mode: soft', warn=warn) as world:
        reply = await world.ask("john")
        end = world.people["john"].certificate.not_valid_after_utc

    assert reply.status == 200
    assert reply.headers.get("client-cert-not-after") == (f"{end:%a, %d %b %Y %H:%M:%S} GMT" if told else None)
