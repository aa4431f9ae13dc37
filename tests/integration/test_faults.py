"""What holds when something goes wrong? The scenarios of `benchmarks/faults`, small and short.

Here it counts that they can be played, and that nothing breaks that does not depend on how busy the machine is;
how well the gateway does is measured by `python -m benchmarks.faults`, on a quiet one.
"""

import os
import shutil
import sys

import pytest
from benchmarks.faults.extent import Extent
from benchmarks.faults.play import SCENARIOS, play
from benchmarks.places import Cores

pytestmark = pytest.mark.integration

SHORT = (
    "idle",
    "handshakes",
    "burst",
    "descriptors",
    "upstream-broken",
    "aborts",
    "streams",
    "paused-callers",
    "reload",
    "drain",
    "worker-killed",
)


@pytest.fixture
def cores():
    if sys.platform != "linux" or shutil.which("taskset") is None or shutil.which("prlimit") is None:
        pytest.skip("needs Linux, and taskset and prlimit of util-linux")
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(gateway=allowed[0], load=allowed[-1])


@pytest.mark.parametrize("name", SHORT)
def test_what_is_to_hold_holds(name, cores):
    assert name in SCENARIOS
    figures = play(name, Extent(quick=True), cores)
    assert figures
    missed = [figure for figure in figures if figure.word == "missed" and not figure.timing]
    assert not missed
    if all(figure.word == "skipped" for figure in figures):
        pytest.skip(figures[0].measured)
