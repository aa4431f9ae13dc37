"""Is whoever was revoked kept out by the lists and responders that the certificates themselves name?"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.neighbours import free_port
from tests.support.origin import Origin, ok, origin
from tests.support.pki import odd_client
from tests.support.revocation import guarded, responder

from ostiary.pki import extensions
from ostiary.pki.authority import Authority, Identity, common_name
from ostiary.pki.files import write_certificates, write_identity

pytestmark = pytest.mark.integration


@dataclass
class House:
    """A root that the gateway trusts, an authority below it that it has never seen, and their callers.

    Attributes:
        web: where both publish.
        ocsp: ports of their responders, if they have some: the root's, the other's.
    """

    folder: Path
    web: Origin
    ocsp: tuple[int, int] | None = None
    root: Authority = field(init=False)
    issuing: Authority = field(init=False)
    people: dict[str, Identity] = field(init=False)

    def __post_init__(self) -> None:
        self.root = Authority.create("Root")
        self.issuing = self.root.intermediate("Issuing", also=self._published("root.crl", 0))
        marks = [*extensions.leaf(extensions.CLIENT), *self._published("issuing.crl", 1)]
        self.people = {name: odd_client(self.issuing, marks, subject=common_name(name)) for name in ("john", "fired")}
        write_certificates(self.folder / "ca.pem", [self.root.certificate])
        for name, one in self.people.items():
            write_identity(self.folder / f"{name}.pem", self.folder / f"{name}.key", one)
        self.web.answers["/who"] = ok(b"hello")
        self.publish()

    def _published(self, name: str, number: int) -> list[extensions.Extension]:
        return extensions.published(
            self.web.url(f"/{name}"), f"http://127.0.0.1:{self.ocsp[number]}/" if self.ocsp else None
        )

    def publish(self) -> None:
        for name, authority in (("root", self.root), ("issuing", self.issuing)):
            self.web.answers[f"/{name}.crl"] = ok(authority.crl().public_bytes(Encoding.DER))

    def vanish(self) -> None:
        del self.web.answers["/root.crl"], self.web.answers["/issuing.crl"]

    def points(self, more: str = "") -> str:
        return f'distribution_points: {{hosts: ["127.0.0.1:{self.web.port}"]{more}}}, refresh: 500ms, timeout: 2s'

    def gateway(self, revocation: str):
        return guarded(self.folder, revocation, self.web.url())


@asynccontextmanager
async def house(folder: Path, *, ocsp: tuple[int, int] | None = None) -> AsyncIterator[House]:
    async with origin() as web:
        yield House(folder, web, ocsp)


async def test_the_first_caller_waits_for_the_lists_of_its_chain_and_gets_in(tmp_path):
    async with house(tmp_path) as one, one.gateway(one.points()) as running:
        assert one.web.asked["/issuing.crl"] == 0
        first = await running.ask("john")

    assert first.status == 200
    assert one.web.asked["/root.crl"] >= 1
    assert one.web.asked["/issuing.crl"] >= 1


async def test_a_revoked_caller_is_out_within_the_refresh_interval_and_a_revoked_authority_takes_all_of_its_own(
    tmp_path,
):
    async with house(tmp_path) as one, one.gateway(one.points()) as running:
        before = await running.statuses("fired", "john")
        one.issuing.revoke(one.people["fired"].certificate)
        one.publish()
        await running.eventually("fired", 401)
        why, other = await running.reason(), (await running.ask("john")).status
        one.root.revoke(one.issuing.certificate)
        one.publish()
        await running.eventually("john", 401)

    assert (before, why, other) == ([200, 200], "certificate.revoked", 200)


@pytest.mark.parametrize(("mode", "status"), [("hard", 401), ("soft", 200)])
async def test_a_host_that_is_not_allowed_is_never_asked(tmp_path, mode, status):
    async with house(tmp_path) as one:
        elsewhere = f'distribution_points: {{hosts: [crl.example.com, "127.0.0.1:1"]}}, mode: {mode}'
        async with one.gateway(elsewhere) as running:
            reply, why = await running.ask("john"), await running.reason()

    assert reply.status == status
    assert why == ("certificate.revocation-unknown" if mode == "hard" else "allowed")
    assert {path for path in one.web.asked if path.endswith(".crl")} == set()


@pytest.mark.parametrize(("mode", "status"), [("hard", 503), ("soft", 200)])
async def test_a_publisher_that_hangs_holds_up_one_caller_for_a_bounded_time_and_nobody_after_it(
    tmp_path, mode, status
):
    async def hang(_) -> None:
        await asyncio.sleep(30)

    async with house(tmp_path) as one:
        one.web.answers |= {"/root.crl": hang, "/issuing.crl": hang}
        async with one.gateway(one.points(", wait: 500ms") + f", mode: {mode}") as running:
            began = time.monotonic()
            first = await running.ask("john")
            took = time.monotonic() - began
            await asyncio.sleep(2)
            second = await running.ask("john")
            why = await running.reason()

    assert (first.status, second.status) == (status, status)
    assert took < 5
    if mode == "hard":
        assert (first.headers["retry-after"], why) == ("30", "certificate.revocation-unknown")


async def test_a_start_with_the_publisher_away_knows_what_was_known(tmp_path):
    async with house(tmp_path) as one:
        one.issuing.revoke(one.people["fired"].certificate)
        one.publish()
        async with one.gateway(one.points()) as running:
            before = await running.statuses("john", "fired")
        one.vanish()
        async with one.gateway(one.points()) as running:
            after = await running.statuses("john", "fired")
        shutil.rmtree(tmp_path / "state")
        async with one.gateway(one.points()) as running:
            forgotten = await running.statuses("john", "fired")

    assert (before, after, forgotten) == ([200, 401], [200, 401], [503, 503])


async def test_lists_by_url_are_kept_as_well(tmp_path):
    async with house(tmp_path) as one:
        one.issuing.revoke(one.people["fired"].certificate)
        one.publish()
        write_certificates(tmp_path / "ca.pem", [one.root.certificate, one.issuing.certificate])
        urls = f'urls: ["{one.web.url("/root.crl")}", "{one.web.url("/issuing.crl")}"], refresh: 500ms'
        async with one.gateway(urls) as running:
            await running.eventually("john", 200)
        one.vanish()
        async with one.gateway(urls) as running:
            after = await running.statuses("john", "fired")

    assert after == [200, 401]
    assert {oct(file.stat().st_mode & 0o777) for file in (tmp_path / "state").iterdir()} == {"0o600"}


async def test_how_old_the_lists_are_and_what_failed_can_be_read(tmp_path):
    admin = free_port()
    async with house(tmp_path) as one, one.gateway(one.points()) as running:
        file = tmp_path / "gateway.yaml"
        await running.eventually("john", 200)
        file.write_text(file.read_text() + f"admin: {{bind: 127.0.0.1:{admin}}}\n")  # a reload forgets no list
        one.vanish()
        await asyncio.sleep(2)
        async with asyncio.timeout(10):
            while not (text := await metrics(admin)):  # noqa: ASYNC110 - a page has no event
                await asyncio.sleep(0.2)

    assert 'ostiary_crl_fetched_age_seconds{listener="public",url="' + one.web.url("/issuing.crl") in text
    assert f'ostiary_crl_next_update_timestamp_seconds{{name="public {one.web.url("/root.crl")}"}}' in text
    assert 'ostiary_crl_fetch_failures_total{listener="public",url="' + one.web.url("/issuing.crl") in text


async def metrics(port: int) -> str:
    """Return what the admin listener says of lists; nothing while it is not there."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return ""
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = (await reader.read()).decode()
    writer.close()
    return said if "ostiary_crl_fetched_age_seconds{" in said else ""


def asked(ports: tuple[int, int]) -> str:
    return "[" + ", ".join(f'"127.0.0.1:{port}"' for port in ports) + "]"


@pytest.mark.parametrize(("about", "status"), [("chain", 401), ("leaf", 200)])
async def test_responders_are_asked_about_the_authorities_between_unless_it_is_said_otherwise(tmp_path, about, status):
    ports = free_port(), free_port()
    async with house(tmp_path, ocsp=ports) as one:
        issued = {name: person.certificate for name, person in one.people.items()}
        with (
            responder(tmp_path / "root-ocsp", one.root, ports[0], {"Issuing": one.issuing.certificate}, "Issuing"),
            responder(tmp_path / "issuing-ocsp", one.issuing, ports[1], issued),
        ):
            async with one.gateway(f"ocsp: {{hosts: {asked(ports)}, about: {about}}}") as running:
                reply, why = await running.ask("john"), await running.reason()

    assert reply.status == status
    assert why == ("certificate.revoked" if about == "chain" else "allowed")


async def test_a_good_chain_is_asked_about_once(tmp_path):
    ports = free_port(), free_port()
    async with house(tmp_path, ocsp=ports) as one:
        issued = {name: person.certificate for name, person in one.people.items()}
        with (
            responder(tmp_path / "root-ocsp", one.root, ports[0], {"Issuing": one.issuing.certificate}),
            responder(tmp_path / "issuing-ocsp", one.issuing, ports[1], issued, "fired"),
        ):
            async with one.gateway(f"ocsp: {{hosts: {asked(ports)}}}") as running:
                told = await running.statuses("john", "fired")
            async with one.gateway("ocsp: {hosts: [ocsp.example.com]}, mode: hard") as running:
                elsewhere = await running.statuses("john")
        async with one.gateway(f"ocsp: {{hosts: {asked(ports)}}}, mode: hard") as running:
            without = await running.statuses("john")

    assert (told, elsewhere, without) == ([200, 401], [503], [503])
