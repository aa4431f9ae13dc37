"""What does a token cost that was never seen, beside the signature that has to be verified anyway?"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.errors import BenchmarkFailed
from benchmarks.places import ROOT, Cores
from benchmarks.results import FirstSight


def first_sight(cores: Cores) -> FirstSight:
    """Measure it, in a process of its own on the gateway's core.

    Raises:
        BenchmarkFailed: it cannot be measured.
    """
    command = ["taskset", "--cpu-list", str(cores.gateway), sys.executable, "-m", "benchmarks.micro", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    asked = [*command, "signature_alone", "token_new"]
    done = subprocess.run(asked, capture_output=True, text=True, env=environment, timeout=120, check=False)
    if done.returncode != 0:
        raise BenchmarkFailed(f"the pieces cannot be timed:\n{done.stderr[-2000:]}")
    times = json.loads(done.stdout)
    return FirstSight(raw=times["signature_alone"], ours=times["token_new"])
