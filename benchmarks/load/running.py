"""Callers at work in the background: the one load generator that a workload wants."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.errors import BenchmarkFailed
from benchmarks.load import h2load, steady, wrk
from benchmarks.load.said import Call, Said
from benchmarks.places import Place
from benchmarks.processes import GRACE, Running, running
from benchmarks.workloads import Workload

_GENERATORS: Final[dict[str, Callable[[Workload, Place, int, int], Call]]] = {
    "wrk": wrk.call,
    "h2load": h2load.call,
    "steady": steady.call,
}


@dataclass(frozen=True, slots=True)
class Load:
    """Callers at work."""

    process: Running
    call: Call
    ends: float

    def said(self) -> Said:
        """Wait for the end; return what the load generator says.

        Raises:
            BenchmarkFailed: it failed, or does not end.
        """
        try:
            code = self.process.process.wait(max(0.0, self.ends - time.monotonic()) + 2 * GRACE)
        except subprocess.TimeoutExpired:
            raise BenchmarkFailed(f"{self.call.name} does not end") from None
        try:
            if code == 0:
                return self.call.read(self.process.log)
        except (ValueError, LookupError, OSError):
            pass
        raise BenchmarkFailed(f"{self.call.name} failed:\n{self.process.log.read_text(errors='replace')[-2000:]}")


@contextmanager
def loading(workload: Workload, place: Place, *, seconds: float, connections: int, core: int) -> Iterator[Load]:
    """Let callers work against the gateway of a place for that long (or a little more), in the background."""
    whole = math.ceil(seconds)
    call = _GENERATORS[workload.load](workload, place, whole, connections)
    log = place.folder / f"{workload.load}.log"
    with running(call.name, call.command, core=core, log=log, environment=call.environment) as process:
        yield Load(process, call, time.monotonic() + whole)
