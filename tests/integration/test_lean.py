"""What does a process that serves have in memory that it does not need?

Modules are counted, not octets: those depend on the machine, on its libraries, and on the moment.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.edges import World, _tls_client, world
from tests.support.gateway_process import GatewayProcess, gateway_process

pytestmark = pytest.mark.integration

_TELLER = """
import os, signal, sys

def tell(*_):
    with open(os.environ["TOLD"] + ".part", "w") as file:
        file.write("\\n".join(sorted(sys.modules)))
    os.rename(os.environ["TOLD"] + ".part", os.environ["TOLD"])

signal.signal(signal.SIGUSR2, tell)
"""

READERS = {"ruamel.yaml", "ostiary.config.load", "ostiary.config.check", "ostiary.config.messages.translate"}
SCREENS = {"rich", "pygments", "ostiary.cli.screen", "ostiary.cli.endings", "ostiary.config.render"}
VAULTS = {"ostiary.vault.hashicorp", "ostiary.vault.conjur", "ostiary.vault.age", "botocore", "azure"}
OTHERS = {"pytest", "hypothesis", "hypercorn", "fastapi", "ostiary.asgi", "ostiary.export", "ostiary.admin.page"}
NEEDLESS = READERS | SCREENS | VAULTS | OTHERS


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world whose gateways tell which modules they have."""
    teller = tmp_path / "teller"
    teller.mkdir()
    (teller / "sitecustomize.py").write_text(_TELLER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(teller), os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    async with world(tmp_path) as one:
        yield one


async def modules(here: World, pid: int) -> set[str]:
    """Return the modules that a process has imported."""
    told = here.folder / "told"
    told.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    async with asyncio.timeout(20):
        while not told.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    return set(told.read_text().split("\n"))


async def until(gateway: GatewayProcess, event: str) -> None:
    """Wait until a gateway has said something."""
    async with asyncio.timeout(20):
        while event not in {told["event"] for told in gateway.events()}:  # noqa: ASYNC110 - another process says it
            await asyncio.sleep(0.02)


async def hundred(here: World, gateway: GatewayProcess) -> None:
    """Ask in every way that the configuration knows: also for what is refused."""
    async with _tls_client(here, gateway.port)() as client:
        for _ in range(20):
            token = here.token()
            assert (await client.get("/both/1", headers=token)).status_code == 200
            assert (await client.post("/token/1", headers=token, content=b"x" * 70_000)).status_code == 200
            assert (await client.get("/token/chunked", headers=token)).status_code == 200
            assert (await client.get("/both/1")).status_code == 401
            assert (await client.get("/nowhere")).status_code == 404


async def test_whoever_serves_has_nothing_of_what_reads_or_of_what_is_for_people(here: World) -> None:
    async with gateway_process(here.file) as gateway:
        assert await modules(here, gateway.pid) & NEEDLESS == set()


async def test_no_request_imports_anything(here: World) -> None:
    async with gateway_process(here.file) as gateway:
        await until(gateway, "keys changed")
        before = await modules(here, gateway.pid)
        await hundred(here, gateway)
        assert await modules(here, gateway.pid) - before == set()


async def test_a_change_of_the_file_leaves_nothing_behind_that_reads_files(here: World) -> None:
    async with gateway_process(here.file) as gateway:
        here.file.write_text(here.file.read_text() + "drain_timeout: 7s\n")
        await until(gateway, "configuration taken up")
        assert await modules(here, gateway.pid) & NEEDLESS == set()


async def test_a_worker_has_no_more_than_a_process_alone_but_what_ties_it_to_the_others(here: World) -> None:
    async with gateway_process(here.file) as gateway:
        alone = await modules(here, gateway.pid)
    here.file.write_text(here.file.read_text().replace("127.0.0.1:0", f"127.0.0.1:{gateway.port}", 1))
    async with gateway_process(here.file, "--workers", "2", ready="workers ready") as several:
        pid = next(event["pid"] for event in several.events() if event["event"] == "ready")
        worker = await modules(here, pid)
        await several.stop()
    assert worker & NEEDLESS == set()
    assert {name for name in worker - alone if name.startswith("ostiary.")} == set()
