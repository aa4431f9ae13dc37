"""Start a process on one core, read its CPU clock and its memory, end it.

CPU time is read from the POSIX CPU-time clock of each process (clock_getcpuclockid(3)): user and system
time of all its threads, those that have ended included, in nanoseconds. `/proc/PID/stat` says the same in
steps of 10 ms.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import BenchmarkFailed
from benchmarks.places import LOOPBACK

PATIENCE: Final = 60.0
"""Seconds that a process may take to listen: ten thousand routes take their time."""
GRACE: Final = 5.0
"""Seconds that a process may take to end when it is asked to."""
_PAGE: Final = resource.getpagesize()


def cpu_clock(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    return time.clock_gettime((~pid << 3) | 2)  # how Linux encodes the clock of a process: CPUCLOCK_SCHED is 2


@dataclass(frozen=True, slots=True)
class Running:
    """A process of ours, and all that it has started.

    Attributes:
        name: for messages.
        process: the one that we started.
        log: where its output goes.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def pids(self) -> list[int]:
        """Return its process id and those of its descendants."""
        found = [self.process.pid]
        for pid in found:  # grows as we go
            found.extend(_children(pid))
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far, user and system, all processes and threads.

        Raises:
            BenchmarkFailed: it has ended.
        """
        self.must_live()
        return sum(cpu_clock(pid) for pid in self.pids())

    def resident(self) -> int:
        """Return the octets of memory in RAM; what several of its processes share counts more than once."""
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE for pid in self.pids())

    def must_live(self) -> None:
        """Return if it runs.

        Raises:
            BenchmarkFailed: it has ended.
        """
        if self.process.poll() is not None:
            end = self.log.read_text(errors="replace")[-2000:]
            raise BenchmarkFailed(f"{self.name} ended with {self.process.returncode}:\n{end}")

    def wait_for(self, port: int) -> None:
        """Return when it accepts connections on that port of the loopback interface.

        Raises:
            BenchmarkFailed: it ended, or does not within PATIENCE.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.must_live()
            with contextlib.suppress(OSError):
                socket.create_connection((LOOPBACK, port), timeout=1).close()
                return
            time.sleep(0.05)
        raise BenchmarkFailed(f"{self.name} did not listen on port {port} within {PATIENCE:g} s; see {self.log}")


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


@contextmanager
def running(
    name: str, command: Sequence[str], *, core: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run a command on one core while the block runs, in a session of its own, so that Ctrl-C reaches us only.

    Raises:
        BenchmarkFailed: it cannot be started.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    started = Running(name, process, log)
    try:
        yield started
    finally:
        _end(started)


def _end(started: Running) -> None:
    """End a process in order; what is left of its session after GRACE is killed."""
    started.process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.process.wait(GRACE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.process.pid, signal.SIGKILL)  # its own session: nobody else is in that group
    started.process.wait()
