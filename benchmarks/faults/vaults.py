"""A credential that changes under load, and a vault that is down: at start, and later."""

from __future__ import annotations

import asyncio
import os
import time
from base64 import b64encode
from typing import Any

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly
from benchmarks.faults.stage import Change, Gateway, Stage
from benchmarks.faults.stubs import VaultStub
from benchmarks.faults.traffic import traffic
from benchmarks.material import ALIAS
from benchmarks.peers import ostiary


async def vault_rotated(stage: Stage, extent: Extent) -> list[Figure]:
    """The local vault gets a new version under load."""
    phase = extent(10.0, 1.5)
    with stage.origin() as origin:
        async with stage.gateway(origin.port) as gateway, traffic(gateway.caller, extent(500, 50)) as good:
            await asyncio.sleep(phase)
            await _rotate(gateway, stage.material.user, "another password")
            took = await _used(gateway, b"Basic " + b64encode(f"{stage.material.user}:another password".encode()))
            await asyncio.sleep(phase)
    return [
        exactly(
            f"vault rotated: requests that failed, of {len(good.seen):,}", f"{good.failed()} {good.told()}".strip(), "0"
        ),
        at_most("vault rotated: until the new credential is used", took, 5, "s"),
    ]


async def _rotate(gateway: Gateway, user: str, password: str) -> None:
    command = [*ostiary.program(), "vault", "rotate", ALIAS, "--id", user, "--secret-stdin"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, env={**os.environ, **gateway.environment}, cwd=gateway.file.parent
    )
    await process.communicate(password.encode())
    if process.returncode != 0:
        raise ConnectionError("`ostiary vault rotate` failed")


async def _used(gateway: Gateway, wanted: bytes, patience: float = 20.0) -> float:
    begun = time.monotonic()
    async with gateway.caller.connected() as connection:
        while (await connection.ask("/shown?Authorization")).body != wanted and time.monotonic() - begun < patience:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return time.monotonic() - begun


def _from(address: str, ttl: int, stale: int) -> Change:
    def change(document: dict[str, Any]) -> None:
        cache = {"ttl": f"{ttl}s", "max_stale": f"{stale}s"}
        auth = {"token": "env:OSTIARY_MASTER_KEY"}  # any text will do for the stub
        document["vaults"]["other"] = {"type": "hashicorp", "address": address, "auth": auth, "cache": cache}
        document["credentials"]["remote"] = {"vault": "other"}
        document["routes"][0]["inject"] = [{"basic": {"credential": "remote"}}]

    return change


async def vault_down(stage: Stage, extent: Extent) -> list[Figure]:
    """A remote vault goes away, longer than its credentials may be used, and comes back."""
    ttl, stale = extent(10, 2), extent(20, 3)
    async with VaultStub(stage.material.user, stage.material.password) as vault:
        with stage.origin() as origin:
            async with stage.gateway(origin.port, _from(vault.address, ttl, stale)) as gateway:
                single = vault.records()
                vault.mood, begun, asked = "refusing", time.monotonic(), len(vault.asked)
                async with traffic(gateway.caller, 50) as good:
                    await asyncio.sleep(ttl + stale + extent(30.0, 2.0))
                retries = (len(vault.asked) - asked) / (time.monotonic() - begun)
                vault.mood, back = "well", time.monotonic()
                again = await _served_again(gateway)
    first = min((one.due for one in good.seen if one.status != 200), default=float("inf")) - good.seen[0].due
    return [
        at_most("vault: fetches for the first credential", single, 1, ""),
        exactly("vault down: what callers get", sorted(good.statuses()), [200, 503]),
        at_most(
            f"vault down: until the first 503, ttl {ttl} s and max_stale {stale} s", first, ttl + stale, "s", slack=1.0
        ),
        exactly("vault down: it was served for as long as it may", first >= 0.7 * ttl + stale - 1, wanted=True),
        at_most("vault down: requests a second to the vault", retries, 1, ""),
        at_most("vault down: until it is served again", again - back, 10, "s"),
    ]


async def _served_again(gateway: Gateway) -> float:
    end = time.monotonic() + 20
    async with gateway.caller.connected() as connection:
        while (await connection.ask("/small")).status != 200 and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return time.monotonic()
