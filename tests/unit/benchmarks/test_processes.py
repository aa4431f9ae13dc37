"""Is a process measured with all its family, and ended with it?"""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from benchmarks.errors import BenchmarkFailed
from benchmarks.processes import cpu_clock, running

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("taskset") is None, reason="needs Linux and taskset"
)

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; sum(range(2_000_000)); time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def core():
    return min(os.sched_getaffinity(0))


def eventually(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_clock_of_a_process_is_the_one_that_it_sees_itself():
    before = time.process_time()
    told = cpu_clock(os.getpid())
    assert before <= told <= time.process_time()


def test_children_count_and_end_with_their_parent(tmp_path, core):
    log = tmp_path / "log"
    with running("family", [sys.executable, "-c", FAMILY], core=core, log=log) as family:
        eventually(lambda: len(family.pids()) == 2 and log.read_text().strip())
        child = int(log.read_text())
        assert family.pids() == [family.process.pid, child]
        alone = cpu_clock(family.process.pid)
        eventually(lambda: family.cpu_seconds() > alone)
        assert family.resident() > 0
        assert os.sched_getaffinity(child) == {core}
    assert family.process.returncode is not None
    eventually(lambda: not _alive(child))


def test_what_has_ended_by_itself_is_told_with_its_last_words(tmp_path, core):
    command = [sys.executable, "-c", "raise SystemExit('no such port')"]
    with running("it", command, core=core, log=tmp_path / "log") as process:
        process.process.wait(10)
        with pytest.raises(BenchmarkFailed, match="no such port"):
            process.cpu_seconds()


def _alive(pid):
    """Whether it runs; what waits to be reaped by somebody else does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
