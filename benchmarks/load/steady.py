"""Callers that ask at a fixed rate, whether they are answered or not (`metronome.py`, a process of its own)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.load.said import Call, Said
from benchmarks.places import ROOT, Place
from benchmarks.workloads import Workload


def call(workload: Workload, place: Place, seconds: int, connections: int) -> Call:
    """Return how it is started."""
    pki = place.material.pki
    asked = {
        "port": place.port,
        "path": workload.path,
        "token": place.material.tokens[0],
        "rate": workload.rate,
        "seconds": seconds,
        "connections": connections,
        "answer": workload.answer,
        "authorities": str(pki.ca),
        "certificate": str(pki.client),
        "key": str(pki.client_key),
    }
    file = place.folder / "metronome.json"
    file.write_text(json.dumps(asked))
    command = [sys.executable, "-m", "benchmarks.load.metronome", str(file)]
    return Call("the metronome", command, read, {"PYTHONPATH": str(ROOT)})


def read(log: Path) -> Said:
    """Return what it says.

    Raises:
        ValueError, LookupError: it says nothing.
    """
    return Said(**json.loads(log.read_text(errors="replace").splitlines()[-1]))
