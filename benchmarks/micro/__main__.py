"""`python -m benchmarks.micro [WORD ...] [--json]`: every piece, one line each."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from benchmarks import material
from benchmarks.micro.pieces import PIECES
from benchmarks.micro.timing import microseconds


def main(words: list[str]) -> int:
    """Time the pieces whose name holds one of the words, or all; return the exit code."""
    as_json, words = "--json" in words, [word for word in words if word != "--json"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    chosen = [piece for piece in PIECES if not words or any(word in piece.__name__ for word in words)]
    with tempfile.TemporaryDirectory(prefix="ostiary-micro-") as folder:
        made = material.make(Path(folder), lifetime=3600)
        times = {}
        for piece in chosen:
            times[piece.__name__] = microseconds(piece(made))
            if not as_json:
                print(f"{piece.__name__:20} {times[piece.__name__]:9.2f} us", flush=True)
        if as_json:
            print(json.dumps(times))
    return 0 if chosen else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
