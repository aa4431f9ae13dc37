"""Is a revoked caller kept out while the gateway runs: by a list that is fetched, and by a responder that is asked?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.neighbours import free_port
from tests.support.origin import Origin, ok, origin
from tests.support.revocation import Guarded, guarded, responder

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration


@dataclass
class Scene(Guarded):
    """An authority that publishes, a gateway that asks, an upstream."""

    authority: Authority
    web: Origin
    people: dict[str, Identity]

    def publish(self, **how) -> None:
        der = self.authority.crl(**how).public_bytes(Encoding.DER)
        self.web.answers["/ca.crl"] = ok(der)

    def issued(self) -> dict[str, object]:
        return {name: one.certificate for name, one in self.people.items()}


@asynccontextmanager
async def scene(folder: Path, revocation: str, *, warn: str = "1h", published: bool = True) -> AsyncIterator[Scene]:
    authority = Authority.create("CA")
    people = {name: authority.issue_client(cn=name) for name in ("john", "fired")}
    write_certificates(folder / "ca.pem", [authority.certificate])
    for name, identity in people.items():
        write_identity(folder / f"{name}.pem", folder / f"{name}.key", identity)
    async with origin() as web:
        web.answers["/who"] = ok(b"hello")
        if published:
            web.answers["/ca.crl"] = ok(authority.crl().public_bytes(Encoding.DER))
        block = revocation.format(web=web.port) + ", timeout: 2s"
        async with guarded(folder, block, web.url(), warn=warn) as running:
            yield Scene(folder, running.gateway, authority, web, people)


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
        context = ssl.create_default_context(cafile=str(tmp_path / "web.pem"))
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


async def test_the_responder_is_asked_and_its_answer_used_for_a_while(tmp_path):
    port = free_port()
    async with scene(tmp_path, f'ocsp: {{{{url: "http://127.0.0.1:{port}/"}}}}, refresh: 1m') as world:
        with responder(tmp_path / "ocsp", world.authority, port, world.issued(), "fired"):
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
        with responder(tmp_path / "ocsp", Authority.create("CA"), port, world.issued()):
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
