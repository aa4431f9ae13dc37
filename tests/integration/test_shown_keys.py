"""Does the gateway show upstreams the certificate of a key, and the next one without a failed request?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process, ostiary
from tests.support.shown import ask, demanding, greeter, name_of

from ostiary.model import Secret
from ostiary.pki.authority import Authority
from ostiary.pki.files import pkcs12_bytes, write_certificates, write_identity
from ostiary.vault.local import new_key_text

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners:
  public: {{bind: "127.0.0.1:0"}}
vaults:
  local: {{type: local, path: vault.db, master_key: file:master}}
keys:
  partner: {{type: local, vault: local, publish_before: 1s}}
upstreams:
  partner:
    endpoints: ["https://localhost:{port}"]
    tls: {{trusted: [file:ca.pem], identity: partner}}
routes:
  - name: all
    match: {{path: /**}}
    authenticate: {{anonymous: {{subject: somebody}}}}
    authorize: anyone
    upstream: partner
"""


class World:
    """An upstream that asks for certificates, and the authority that it believes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.create("Partner")
        folder.chmod(0o700)
        (folder / "master").write_text(new_key_text())
        (folder / "master").chmod(0o600)
        write_certificates(folder / "ca.pem", [self.authority.certificate])
        write_identity(folder / "server.pem", folder / "server.key", self.authority.issue_server("localhost"))

    @property
    def tls(self) -> ssl.SSLContext:
        return demanding(self.folder, cafile=self.folder / "ca.pem")

    def write(self, port: int) -> None:
        (self.folder / "gateway.yaml").write_text(FILE.format(port=port))

    async def show(self, name: str, *options: str) -> None:
        """Bring a key and its certificate along, in PKCS#12."""
        (self.folder / "key.p12").write_bytes(pkcs12_bytes(self.authority.issue_client(cn=name), Secret("changeit")))
        words = ("keys", "import", "partner", self.folder / "key.p12", "--password-stdin", *options)
        await ostiary(*words, "--config", self.folder / "gateway.yaml", given=b"changeit\n")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def upstream(world: World) -> AsyncIterator[int]:
    server = await asyncio.start_server(greeter(name_of), "localhost", 0, ssl=world.tls, family=2)
    world.write(server.sockets[0].getsockname()[1])
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.usefixtures("upstream")
async def test_the_certificate_is_shown_and_the_next_one_without_a_failed_request(world: World) -> None:
    await world.show("first")
    async with (
        gateway_process(world.folder / "gateway.yaml") as gateway,
        httpx2.AsyncClient(trust_env=False, timeout=15) as client,
    ):
        assert await ask(client, gateway) == "first"
        rotation = asyncio.create_task(world.show("second"))
        seen = set()
        async with asyncio.timeout(30):
            while "second" not in seen:
                seen |= set(await asyncio.gather(*(ask(client, gateway) for _ in range(4))))
        await rotation
        assert seen == {"first", "second"}
        assert {await ask(client, gateway) for _ in range(5)} == {"second"}


@pytest.mark.usefixtures("upstream")
async def test_a_key_without_a_certificate_stops_the_start(world: World) -> None:
    file = world.folder / "gateway.yaml"
    await ostiary("keys", "generate", "partner", "--config", file)
    with pytest.raises(AssertionError, match="no version with a certificate to show"):
        async with gateway_process(file):
            pass


@pytest.mark.usefixtures("upstream")
async def test_a_version_that_cannot_be_shown_leaves_the_one_before_in_its_place(world: World) -> None:
    await world.show("first")
    file = world.folder / "gateway.yaml"
    async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        await ostiary("keys", "rotate", "partner", "--now", "--config", file)
        async with asyncio.timeout(15):
            while not [line for line in gateway.events() if line["event"] == "certificate not taken up"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await ask(client, gateway) == "first"


@pytest.mark.usefixtures("upstream")
async def test_a_key_that_is_disabled_is_shown_no_more_and_its_successor_at_once(world: World) -> None:
    await world.show("first")
    file = world.folder / "gateway.yaml"
    async with gateway_process(file) as gateway, httpx2.AsyncClient(trust_env=False, timeout=15) as client:
        assert await ask(client, gateway) == "first"
        await ostiary("keys", "disable", "partner", "--version", "1", "--config", file)
        async with asyncio.timeout(15):
            while (await client.get(f"http://127.0.0.1:{gateway.port}/")).status_code != 502:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await world.show("second", "--now")
        async with asyncio.timeout(15):
            while (await client.get(f"http://127.0.0.1:{gateway.port}/")).status_code != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await ask(client, gateway) == "second"


SERVED = """
version: 1
listeners:
  public:
    bind: "127.0.0.1:0"
    tls: {identity: front}
vaults:
  local: {type: local, path: vault.db, master_key: file:master}
keys:
  front: {type: local, vault: local, publish_before: 1s}
upstreams:
  nobody: {endpoints: ["http://127.0.0.1:9"]}
routes:
  - name: keys
    match: {path: /**}
    authenticate: {anonymous: {subject: somebody}}
    authorize: anyone
    upstream: nobody
"""


async def serial(world: World, gateway: GatewayProcess) -> int:
    """Shake hands; return the serial number of what is shown, which a caller who trusts the authority accepts."""
    context = ssl.create_default_context(cafile=world.folder / "ca.pem")
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, ssl=context, server_hostname="localhost")
    found = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 502")  # it answers; there is nobody behind it
    writer.close()
    await writer.wait_closed()
    return int(found, 16)


async def test_callers_are_shown_the_certificate_of_a_key_and_the_next_one_without_a_failed_handshake(
    world: World,
) -> None:
    file = world.folder / "gateway.yaml"
    file.write_text(SERVED)
    first, second = (world.authority.issue_server("localhost") for _ in range(2))
    for identity in (first, second):
        (world.folder / "key.p12").write_bytes(pkcs12_bytes(identity, Secret("changeit")))
        words = ("keys", "import", "front", world.folder / "key.p12", "--password-stdin", "--config", file)
        if identity is first:
            await ostiary(*words, given=b"changeit\n")
            continue
        async with gateway_process(file) as gateway:
            assert await serial(world, gateway) == first.certificate.serial_number
            rotation = asyncio.create_task(ostiary(*words, given=b"changeit\n"))
            seen = set()
            async with asyncio.timeout(30):
                while second.certificate.serial_number not in seen:
                    seen |= set(await asyncio.gather(*(serial(world, gateway) for _ in range(3))))
            await rotation
            assert seen == {first.certificate.serial_number, second.certificate.serial_number}
            assert await serial(world, gateway) == second.certificate.serial_number
