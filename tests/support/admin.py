"""A gateway process with its admin listener, in the world of the edges: an issuer, a vault, an upstream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from tests.support.edges import PASSWORD, World, world
from tests.support.gateway_process import GatewayProcess, Reply, curl, gateway_process

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Administered:
    """A gateway that runs, and the way to both of its doors."""

    world: World
    process: GatewayProcess

    @property
    def port(self) -> int:
        """Where the admin listener is."""
        return next(e["port"] for e in self.process.events() if e["event"] == "listening" and e["listener"] == "admin")

    async def look(self, page: str, *options: str | Path, scheme: str = "http") -> Reply:
        """Ask for an admin page."""
        return await curl(self.world.folder, f"{scheme}://localhost:{self.port}{page}", *options)

    async def call(self, path: str, *options: str | Path, token: str | None = None, shown: bool = True) -> Reply:
        """Ask the gateway itself."""
        pki = self.world.pki
        certificate = ("--cert", pki.client, "--key", pki.client_key) if shown else ()
        bearer = () if token is None else ("-H", f"Authorization: Bearer {token}")
        url = f"https://localhost:{self.process.port}{path}"
        return await curl(self.world.folder, url, "--cacert", pki.ca, *certificate, *bearer, *options)

    def token(self, **claims: Any) -> str:
        """A token that is good, unless the claims say otherwise."""
        return self.world.token(**claims)["Authorization"].removeprefix("Bearer ")

    async def json(self, page: str, *options: str) -> dict[str, Any]:
        """What a page says, as data."""
        return json.loads((await self.look(page, *options)).content.read_bytes())

    async def metrics(self) -> Samples:
        """Every sample there is."""
        reply = await self.look("/metrics")
        return samples(reply.content.read_text())

    @property
    def secrets(self) -> list[bytes]:
        """What is never shown."""
        return [PASSWORD.encode(), (self.world.folder / "master.key").read_bytes().strip()]


def samples(text: str) -> Samples:
    """Return the samples of an exposition; each stands there once."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    """Return the one sample with these labels, and perhaps others."""
    wanted = set(labels.items())
    (hit,) = [number for (one, its), number in found.items() if one == name and wanted <= its]
    return hit


@asynccontextmanager
async def administered(folder: Path, admin: str = "{bind: 127.0.0.1:0}", *more: str) -> AsyncIterator[Administered]:
    """Run it."""
    async with world(folder) as one:
        lines = one.file.read_text() + f"admin: {admin}\n" + "".join(f"{line}\n" for line in more)
        one.file.write_text(lines)
        async with gateway_process(one.file) as process:
            yield Administered(one, process)
