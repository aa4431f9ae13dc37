"""Where a scenario plays: key sets, a protected side that can be killed, and the gateway, as its users start it."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import material
from benchmarks.faults.stubs import IssuerStub
from benchmarks.load.clients import Caller, Connection
from benchmarks.material import Material
from benchmarks.peers import ostiary
from benchmarks.places import LOOPBACK, ROOT, Cores, Place, free_port
from benchmarks.processes import Running, running

Change = Callable[[dict[str, Any]], None]
"""Changes the document of a gateway before it is written."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The protected side, while it runs.

    Attributes:
        port: where it answers, in clear.
        posts: a file with one line for each POST that has reached it.
        process: it.
    """

    port: int
    posts: Path
    process: Running

    async def state(self) -> dict[str, int]:
        """Return what goes on there; this question is one connection, one request, and active."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        connection = Connection(reader, writer, None)
        try:
            return dict(json.loads((await connection.ask("/state")).body))
        finally:
            connection.abort()

    async def active(self) -> int:
        """Return how many exchanges are under way there, without this question."""
        return (await self.state())["active"] - 1


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, while it runs.

    Attributes:
        file: its configuration.
        document: what that says.
        environment: it was started with.
        process: it, and those that it has started.
        caller: the right one.
    """

    file: Path
    document: dict[str, Any]
    environment: Mapping[str, str] = field(repr=False)
    process: Running
    caller: Caller

    def descriptors(self) -> int:
        """Return how many file descriptors it has open."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.process.pids())

    async def settled(self, descriptors: int, patience: float = 5.0) -> int:
        """Wait until it has no more file descriptors than that, but not for ever; return how many it has."""
        end = asyncio.get_running_loop().time() + patience
        while (now := self.descriptors()) > descriptors and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # another process
        return now


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario plays.

    Attributes:
        folder: for everything.
        cores: of the gateway, and of everybody else.
        material: certificates, tokens, a credential.
        issuer: serves the key set.
        master_key: of the vault that all gateways of this stage share.
    """

    folder: Path
    cores: Cores
    material: Material
    issuer: IssuerStub
    master_key: str = field(default_factory=lambda: b64encode(os.urandom(32)).decode(), repr=False)

    @contextmanager
    def origin(self, port: int | None = None) -> Iterator[Origin]:
        """Run a protected side."""
        port = port or free_port()
        posts, log = self.folder / f"posts-{port}.txt", self.folder / f"origin-{port}.log"
        posts.touch()
        command = [sys.executable, "-m", "benchmarks.faults.origin", str(port), str(posts)]
        around = {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
        with running("the origin", command, core=self.cores.load, log=log, environment=around) as process:
            process.wait_for(port)
            yield Origin(port, posts, process)

    @asynccontextmanager
    async def gateway(
        self, origin: int, change: Change | None = None, *, before: tuple[str, ...] = (), options: tuple[str, ...] = ()
    ) -> AsyncIterator[Gateway]:
        """Run a gateway in front of an origin, and let it answer once.

        Args:
            origin: port of the protected side.
            change: changes its configuration.
            before: command that starts it, such as prlimit(1) with its options.
            options: of `ostiary serve`.
        """
        place = Place(self.folder, free_port(), origin, self.material)
        document = copy.deepcopy(ostiary.configuration(place))
        document["issuers"]["bank"]["jwks_url"] = self.issuer.url
        document["upstreams"]["protected"]["plaintext"] = "accepted"
        if change is not None:
            change(document)
        file = self.folder / "gateway.yaml"
        ostiary.write(file, document)
        environment = {"OSTIARY_MASTER_KEY": self.master_key, "OSTIARY_CONFIG": str(file)}
        if not (self.folder / "vault.db").exists():
            await asyncio.to_thread(ostiary.put, place, environment)
        command = [*before, *ostiary.program(), "serve", *options, str(file)]
        log = self.folder / "gateway.log"
        with ExitStack() as stack:
            process = stack.enter_context(
                running("ostiary", command, core=self.cores.gateway, log=log, environment=environment)
            )
            await asyncio.to_thread(process.wait_for, place.port)
            caller = Caller.of(place.port, self.material)
            await _first_answer(caller)
            try:
                yield Gateway(file, document, environment, process, caller)
            finally:
                caller.leave()
                await asyncio.to_thread(stack.close)  # callers answer while it says good-bye


async def _first_answer(caller: Caller) -> None:
    """Wait until it has the key set and the credential."""
    async with caller.connected() as connection, asyncio.timeout(20):
        while (await connection.ask("/small")).status != 200:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


@asynccontextmanager
async def staged(folder: Path, cores: Cores) -> AsyncIterator[Stage]:
    """Prepare a stage."""
    made = await asyncio.to_thread(material.make, folder / "certificates", 7200.0)
    async with IssuerStub(made.jwks) as issuer:
        yield Stage(folder, cores, made, issuer)
