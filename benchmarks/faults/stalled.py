"""Ends that hang on somebody who does nothing: a caller who does not say good-bye, an upstream that takes no body."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import Any

from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure, at_most
from benchmarks.faults.stage import Gateway, Stage
from benchmarks.load.clients import Connection
from benchmarks.places import LOOPBACK


async def silent_caller(stage: Stage, extent: Extent) -> list[Figure]:
    """SIGTERM beside an idle caller who does not answer the end of TLS: one whose machine has gone away."""
    bound = extent(5, 2)

    def change(document: dict[str, Any]) -> None:
        document["drain_timeout"] = f"{bound}s"

    with stage.origin() as origin:
        async with stage.gateway(origin.port, change) as gateway:
            plain = socket.create_connection((LOOPBACK, gateway.caller.port))
            with gateway.caller.context.wrap_socket(plain, server_hostname=LOOPBACK) as caller:
                caller.send(Connection.head(_bearer(gateway), "/small"))
                caller.recv(1 << 14)
                begun = time.monotonic()
                gateway.process.process.terminate()
                await asyncio.to_thread(gateway.process.process.wait, 60)
                took = time.monotonic() - begun
    return [at_most(f"silent caller: until it has ended, drain_timeout {bound} s", took, 1, "s")]


def _bearer(gateway: Gateway) -> Any:
    """Return what `head` needs of a connection."""
    return Connection(None, None, gateway.caller.token)  # type: ignore[arg-type]  # nothing is read or written


def _impatient(document: dict[str, Any]) -> None:
    document["upstreams"]["protected"]["timeouts"] = {"response": "2s", "idle": "2s"}
    document["listeners"]["public"]["timeouts"] = {"body": "2s", "send": "2s"}


async def stalled_upload(stage: Stage, extent: Extent) -> list[Figure]:
    """The upstream takes no more of a body: the caller waits, or breaks off."""
    patience = extent(20.0, 4.0)
    with stage.origin() as origin:
        async with stage.gateway(origin.port, _impatient) as gateway:
            before = gateway.descriptors()
            async with gateway.caller.connected() as connection:
                _send(connection)
                told = await _told(connection, patience)
            rid_of_the_told = await _rid(gateway, before, patience)
            before = gateway.descriptors()
            async with gateway.caller.connected() as connection:
                _send(connection)
                await asyncio.sleep(0.5)
                _reset(connection)
            rid_of_the_reset = await _rid(gateway, before, patience)
            before = gateway.descriptors()
            async with gateway.caller.connected() as connection:
                _send(connection)
                await asyncio.sleep(0.5)
            rid = await _rid(gateway, before, patience)
    return [
        at_most("stalled upload: until a caller who waits is told, time-outs 2 s", told, 2, "s", slack=1.0),
        at_most("stalled upload: until both its connections are closed", rid_of_the_told, 2, "s", slack=1.0),
        at_most("stalled upload: until those of one who breaks off are", rid_of_the_reset, 1, "s", slack=0.1),
        at_most("stalled upload: the same, with his end behind octets that nobody took", rid, 2, "s", slack=1.0),
    ]


def _send(connection: Connection) -> None:
    connection.writer.write(connection.head("/later?3600", "POST", "Content-Length: 100000000") + bytes(30_000_000))


def _reset(connection: Connection) -> None:
    """Break off with a reset, which waits behind nothing."""
    own = connection.writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _told(connection: Connection, patience: float) -> float:
    """Return the seconds until there is an answer, or an end."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            await connection.reader.read(1)
    except TimeoutError:
        return float("inf")
    except OSError:
        pass
    return time.monotonic() - begun


async def _rid(gateway: Gateway, before: int, patience: float) -> float:
    """Return the seconds until it has no more file descriptors than before.

    The origin cannot say: while it reads nothing, it does not see an end either.
    """
    begun = time.monotonic()
    return float("inf") if await gateway.settled(before, patience) > before else time.monotonic() - begun
