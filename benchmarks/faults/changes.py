"""New configurations under load."""

from __future__ import annotations

import asyncio
import copy
import os
import signal
from base64 import b64encode
from typing import Any, Final

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most, exactly, skipped
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.faults.traffic import traffic
from benchmarks.load.clients import Connection, crowd
from benchmarks.peers import ostiary

MARK: Final = "X-Generation"

_PATIENCE: Final = 20.0
"""Seconds that a machine may take, however busy it is, until it serves a new configuration."""


def _generation(document: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a configuration that can be told from the others: it writes its number upstream."""
    changed = copy.deepcopy(document)
    changed["routes"][0]["inject"].append({"header": {"name": MARK, "value": f"generation-{number}"}})
    return changed


async def reload(stage: Stage, extent: Extent) -> list[Figure]:
    """New configurations under load, every fourth one broken; 200 callers keep connections, 20 talk by WebSocket."""
    reloads, rate, kept, talking = extent(20, 4), extent(300, 40), extent(200, 20), extent(20, 3)
    seconds, loop = extent(60.0, 5.0), asyncio.get_running_loop()
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _with_sockets) as gateway:
            gateway.process.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(1)
            if gateway.process.process.poll() is not None:
                return [skipped("reload: under load", "0 requests fail", "`ostiary serve` does not know SIGHUP")]
            connections = await crowd(gateway.caller, kept)
            sockets = [await _socket(gateway) for _ in range(talking)]
            async with traffic(gateway.caller, rate) as good:
                begun = loop.time()
                taken, kept_out = await _reloaded(gateway, reloads, seconds / reloads)
                took = loop.time() - begun
            answered = [await _status(connection) for connection in connections]
            echoed = [await _echo(socket) for socket in sockets]
            alive = gateway.process.process.poll() is None
    broken = reloads // 4
    return [
        exactly(f"reload: requests that failed, of {len(good.seen):,}", f"{good.failed()} {good.told()}".strip(), "0"),
        exactly("reload: configurations taken up", taken, reloads - broken),
        exactly("reload: broken ones kept out", kept_out, broken),
        at_most(f"reload: for all {reloads} of them", took, seconds, "s", slack=0.5, timing=True),
        exactly(f"reload: kept connections that still answer, of {kept}", answered.count(200), kept),
        exactly("reload: it still runs", alive, wanted=True),
        exactly(f"reload: WebSockets that still talk, of {talking}", sum(echoed), talking),
    ]


def _with_sockets(document: dict[str, Any]) -> None:
    document["routes"][0]["upgrades"] = ["websocket"]


async def _socket(gateway: Gateway) -> Connection:
    """Open a WebSocket.

    Raises:
        ConnectionRefusedError: the protocol is not changed.
    """
    connection = await gateway.caller.connect()
    key = f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}"
    fields = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key)
    connection.writer.write(connection.head("/socket", "GET", *fields))
    status, _ = await connection.answer_head()
    if status != 101:
        raise ConnectionRefusedError(f"status {status} and no WebSocket")
    return connection


async def _echo(socket: Connection) -> bool:
    """Return whether what is said comes back."""
    said = os.urandom(100)
    try:
        async with asyncio.timeout(5):
            socket.writer.write(said)
            return await socket.reader.readexactly(len(said)) == said
    except (OSError, EOFError):
        return False


async def _reloaded(gateway: Gateway, reloads: int, every: float) -> tuple[int, int]:
    """Return how many new configurations were taken up, and how many broken ones were not."""
    loop, taken, kept_out = asyncio.get_running_loop(), 0, 0
    last = ""
    for number in range(reloads):
        begun = loop.time()
        if broken := number % 4 == 3:
            gateway.file.write_text("version: 1\nroutes: [\n")
        else:
            ostiary.write(gateway.file, _generation(gateway.document, number))
        gateway.process.process.send_signal(signal.SIGHUP)
        wanted = last if broken else f"generation-{number}"
        await asyncio.sleep(every / 2 if broken else 0)
        told = await _shown(gateway, wanted)
        taken, kept_out = taken + (told == wanted and not broken), kept_out + (told == wanted and broken)
        last = wanted
        await asyncio.sleep(max(0.0, begun + every - loop.time()))
    return taken, kept_out


async def _shown(gateway: Gateway, wanted: str) -> str:
    """Return which configuration serves a new connection, as soon as it is the right one."""
    end = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        async with gateway.caller.connected() as connection:
            told = (await connection.ask(f"/shown?{MARK}")).body.decode()
        if told == wanted or asyncio.get_running_loop().time() > end:
            return told
        await asyncio.sleep(0.05)


async def _status(connection: Connection) -> int:
    try:
        return (await connection.ask("/small")).status
    except (OSError, EOFError):
        return 0
