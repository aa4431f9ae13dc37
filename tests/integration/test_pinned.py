"""Is an upstream trusted by its own certificate alone, and can it rotate without a failed request?"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.live import put

from ostiary.pki.authority import Authority, Identity
from ostiary.pki.files import pem
from ostiary.pki.identity import use

pytestmark = pytest.mark.integration

FILE = """
version: 1
listeners: {{public: {{bind: "127.0.0.1:0"}}}}
upstreams: {{partner: {{endpoints: ["https://localhost:{port}"], tls: {{trusted: [file:partner.pem]}}}}}}
routes:
  - {{name: all, match: {{path: /**}}, authenticate: {{anonymous: {{}}}}, authorize: anyone, upstream: partner}}
"""
PUBLIC = Authority.create("Everybody's authority")


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
    writer.close()


def trust(folder: Path, *identities: Identity) -> None:
    """Say who is trusted; the file is exchanged as a whole, as `ostiary keys trust` does it."""
    put(folder / "partner.pem", pem(one.certificate for one in identities))


async def taken_up(gateway: GatewayProcess, times: int) -> None:
    async with asyncio.timeout(20):
        while sum(one["event"] == "configuration taken up" for one in gateway.events()) < times:  # noqa: ASYNC110 - a log
            await asyncio.sleep(0.1)


async def test_a_pinned_partner_rotates_without_a_failed_request_and_a_stranger_of_its_authority_is_refused(
    tmp_path: Path,
) -> None:
    first, second, stranger = (PUBLIC.issue_server("localhost") for _ in range(3))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    use(first, tls)
    server = await asyncio.start_server(greet, "localhost", 0, ssl=tls, family=2)
    trust(tmp_path, first)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(port=server.sockets[0].getsockname()[1]))
    seen: list[int] = []
    async with (
        server,
        gateway_process(file) as gateway,
        httpx2.AsyncClient(trust_env=False, timeout=15) as client,
    ):

        async def ask() -> int:
            return (await client.get(f"http://127.0.0.1:{gateway.port}/")).status_code

        async def keep_asking() -> None:
            while True:
                seen.append(await ask())
                await asyncio.sleep(0.02)

        asking = asyncio.create_task(keep_asking())
        trust(tmp_path, first, second)
        await taken_up(gateway, 1)
        use(second, tls)
        trust(tmp_path, second)
        await taken_up(gateway, 2)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert len(seen) > 10
        assert set(seen) == {200}
        use(first, tls)
        assert await ask() == 502  # pinned no more
        use(stranger, tls)
        assert await ask() == 502
        use(second, tls)
        assert await ask() == 200
