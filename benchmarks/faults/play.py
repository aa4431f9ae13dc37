"""Play one scenario, bounded in time, on a stage of its own."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.errors import BenchmarkFailed
from benchmarks.faults.burst import burst, descriptors
from benchmarks.faults.changes import reload
from benchmarks.faults.drain import drain
from benchmarks.faults.extent import Extent
from benchmarks.faults.figures import Figure
from benchmarks.faults.idle import idle
from benchmarks.faults.issuer import issuer_trouble
from benchmarks.faults.keys import keys_down, keys_poisoned, keys_rotated, kid_flood
from benchmarks.faults.paused import paused_callers
from benchmarks.faults.rotation import rotate_while_loaded
from benchmarks.faults.slow import handshakes, slowloris
from benchmarks.faults.soak import soak
from benchmarks.faults.stage import Stage, staged
from benchmarks.faults.stalled import silent_caller, stalled_upload
from benchmarks.faults.streams import streams
from benchmarks.faults.upstreams import aborts, upstream_broken, upstream_killed
from benchmarks.faults.vaults import vault_down, vault_rotated
from benchmarks.faults.workers import worker_killed
from benchmarks.places import Cores

Scenario = Callable[[Stage, Extent], Awaitable[list[Figure]]]

SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.__name__.replace("_", "-"): scenario
    for scenario in (
        idle,
        slowloris,
        handshakes,
        burst,
        descriptors,
        upstream_killed,
        upstream_broken,
        aborts,
        stalled_upload,
        streams,
        paused_callers,
        vault_down,
        vault_rotated,
        rotate_while_loaded,
        keys_down,
        keys_rotated,
        keys_poisoned,
        kid_flood,
        issuer_trouble,
        reload,
        drain,
        silent_caller,
        worker_killed,
        soak,
    )
}
_LONGEST: Final = 300.0
"""Seconds that a scenario may take, but for the soak; a quick one takes a third at most."""


def play(name: str, extent: Extent, cores: Cores) -> list[Figure]:
    """Return the figures of a scenario; one that breaks is missed, with the reason."""
    with tempfile.TemporaryDirectory(prefix="ostiary-faults-") as folder, collecting_seldom():
        try:
            return uvloop.run(_play(SCENARIOS[name], extent, Path(folder), cores))
        except (BenchmarkFailed, OSError, EOFError) as failure:
            told = _last_words(Path(folder))
            return [Figure(name, "it can be played", f"{failure!r} {told}".strip(), "missed")]


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Let the cyclic collector look at new objects only, and at all of them seldom.

    Thousands of callers are objects of this process. Going through all of them took 80 ms, during which no answer was
    read: that was a p99 of 5.7 times the quiet one, with a gateway that had not been late at all.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def _play(scenario: Scenario, extent: Extent, folder: Path, cores: Cores) -> list[Figure]:
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # all that was started is ended
    bound = extent(_LONGEST, _LONGEST / 3) + (extent.soak or extent(600.0, 6.0) if scenario is soak else 0.0)
    async with asyncio.timeout(bound), staged(folder, cores) as stage:
        return await scenario(stage, extent)


def _last_words(folder: Path) -> str:
    """Return the end of what the gateway has said, without its access log."""
    log = folder / "gateway.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return os.linesep.join(line for line in lines if '"reason"' not in line)[-600:]
