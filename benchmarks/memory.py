"""What does a connection cost that has asked once, and is kept?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import uvloop

from benchmarks.errors import BenchmarkFailed
from benchmarks.load.clients import Caller, crowd
from benchmarks.measure import Contestant
from benchmarks.workloads import Workload

_SETTLE: Final = 2.0
"""Seconds after the last answer, so that what was needed for a moment only is given back."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a peer needs for idle connections.

    Attributes:
        connections: how many it holds.
        before, during: its octets in RAM without them and with them.
    """

    connections: int
    before: int
    during: int

    @property
    def each(self) -> float:
        """Octets for one connection."""
        return (self.during - self.before) / self.connections


def hold(contestant: Contestant, workload: Workload) -> Held:
    """Let one peer hold connections.

    Raises:
        BenchmarkFailed: it refuses or ends some.
    """
    before = contestant.process.resident()
    try:
        held, during = uvloop.run(_hold(contestant, workload.connections or 1))
    except (OSError, EOFError) as error:
        raise BenchmarkFailed(f"{contestant.name} does not take all connections: {error!r}") from error
    if held != workload.connections:
        raise BenchmarkFailed(f"{contestant.name} has kept {held} of {workload.connections} connections")
    return Held(held, before, during)


async def _hold(contestant: Contestant, count: int) -> tuple[int, int]:
    connections = await crowd(Caller.of(contestant.place.port, contestant.place.material), count)
    await asyncio.sleep(_SETTLE)
    held, during = sum(connection.open for connection in connections), contestant.process.resident()
    for connection in connections:
        connection.abort()
    return held, during
