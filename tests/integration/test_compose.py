"""Do the services of deploy/compose do together what they are there for? Without containers, which nobody here has.

What the file says of each service (its command, its files, its places) is run as it stands, but for ports and folders.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.keycloak import distribution
from tests.support.neighbours import free_port, nginx_arguments, nginx_file, running

pytestmark = pytest.mark.integration

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose"
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load((COMPOSE / "compose.yaml").read_text())["services"]
FOLDERS = ("authority", "gateway", "keycloak", "legacy", "bank")
PATIENCE = 180.0


@dataclass
class World:
    """The services, each in the places that the compose file gives it."""

    place: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in ("keycloak", "legacy")})

    def local(self, text: str) -> str:
        """What a file or a command says, for this machine."""
        text = re.sub(r"(?<!\w)/bank/", f"{self.place}/", text).replace("0.0.0.0:8443", "127.0.0.1:0")
        text = text.replace("https://keycloak:8443", f"https://localhost:{self.ports['keycloak']}")
        text = text.replace("http://legacy:8080", f"http://127.0.0.1:{self.ports['legacy']}")
        text = text.replace("127.0.0.1:9444", f"127.0.0.1:{free_port()}")
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{self.ports['legacy']};")
        return text.replace("root /srv;", f"root {COMPOSE};")

    @property
    def config(self) -> Path:
        """The gateway's file."""
        return self.place / "gateway.yaml"

    def run(self, service: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script that is a service's entry point."""
        shell, inside = SERVICES[service]["entrypoint"]
        around = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PLACE": str(self.place),
            **environment,
        }
        return subprocess.run(
            [shell, mounted(service, inside)], env=around, capture_output=True, text=True, timeout=120, check=False
        )

    @contextmanager
    def legacy(self) -> Iterator[None]:
        """Run the old service."""
        home = self.place / "nginx"
        home.mkdir()
        file = nginx_file(home, self.local((COMPOSE / "legacy.conf").read_text()))
        with running("nginx", home, self.ports["legacy"], *nginx_arguments(home, file)):
            yield

    @asynccontextmanager
    async def keycloak(self) -> AsyncIterator[None]:
        """Run Keycloak, by the command of its service."""
        home = self.place / "home"
        shutil.copytree(distribution(), home, symlinks=True)  # it builds itself, in place
        (home / "data/import").mkdir(parents=True, exist_ok=True)
        shutil.copy(mounted("keycloak", "/opt/keycloak/data/import/bank.json"), home / "data/import/bank.json")
        port = f"--https-port={self.ports['keycloak']}"
        words = [self.local(word).replace("--https-port=8443", port) for word in SERVICES["keycloak"]["command"]]
        around = {**os.environ, "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m", "KC_CACHE": "local"}
        log = (self.place / "keycloak.log").open("wb")
        process = await asyncio.create_subprocess_exec(
            home / "bin/kc.sh", *words, stdin=DEVNULL, stdout=log, stderr=log, env=around, start_new_session=True
        )
        log.close()
        try:
            async with asyncio.timeout(PATIENCE):
                while b"Listening on" not in (self.place / "keycloak.log").read_bytes():
                    assert process.returncode is None, (self.place / "keycloak.log").read_text()[-2000:]
                    await asyncio.sleep(0.3)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 30)


def mounted(service: str, inside: str) -> Path:
    """Return the file of ours that a container has at a place."""
    said = (one.split(":") for one in SERVICES[service]["volumes"])
    return next(COMPOSE / source for source, place, *_ in said if place == inside and source.startswith("./"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """What the service `ca` makes."""
    made = World(tmp_path / "bank")
    for folder in FOLDERS:
        (made.place / folder).mkdir(mode=0o700, parents=True)
    made.config.write_text(made.local(mounted("gateway", "/etc/ostiary/gateway.yaml").read_text()))
    done = made.run("ca", CONFIG=str(made.config), ALSO="localhost")
    assert done.returncode == 0, done.stderr
    return made


async def bank(world: World, gateway: GatewayProcess) -> tuple[int | None, str]:
    """Let the bank ask; return its exit code, and what it says."""
    shell, inside = SERVICES["bank"]["entrypoint"]
    host = f"gateway.bank.test:{gateway.port}"
    around = {**os.environ, "PLACE": str(world.place), "GATEWAY": f"https://{host}", "RESOLVE": f"{host}:127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        shell, mounted("bank", inside), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=around
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, (said + complained).decode()


def test_each_gets_what_it_needs_and_nothing_of_the_others(world: World):
    files = {folder: {one.name for one in (world.place / folder).iterdir()} for folder in FOLDERS}
    again = world.run("ca", CONFIG=str(world.config))
    keys = [one for one in world.place.rglob("*.key") if one.stat().st_mode & 0o077]

    assert files["bank"] == {"ca.crt", "client.crt", "client.csr", "client.key"}
    assert files["legacy"] == {"htpasswd"}
    assert files["keycloak"] == {"ca.crt", "server.crt", "server.csr", "server.key"}
    assert not any("private" in names for folder, names in files.items() if folder != "authority")
    assert keys == []
    assert (again.returncode, again.stdout) == (0, "")  # it is done once


async def test_without_its_token_nobody_gets_to_the_old_service(world: World):
    with world.legacy():
        async with gateway_process(world.config, ready="listening") as gateway:
            code, said = await bank(world, gateway)

    assert code == 1
    assert "no token" in said


@pytest.mark.distant
async def test_the_bank_gets_a_token_by_its_certificate_and_an_answer_by_both(world: World):
    async with world.keycloak():
        with world.legacy():
            async with gateway_process(world.config) as gateway:
                code, said = await bank(world, gateway)
                await asyncio.sleep(0.3)
                lines = gateway.access()
    reasons = [(line["route"], line["status"], line["reason"]) for line in lines]

    assert code == 0, said
    assert '{"account": 7, "balance": "12.50"}' in said
    assert re.search(r"without the token: +401", said)
    assert reasons == [("token", 200, "allowed"), ("accounts", 200, "allowed"), ("accounts", 401, "token.missing")]
    assert lines[1]["upstream_path"] == "/accounts/7.json"
