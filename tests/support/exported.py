"""A real Envoy with what `ostiary export envoy` has written for it, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.neighbours import free_port, program, running
from tests.support.plugged import Plugged

from ostiary.cli.run import run


def export(file: Path, home: Path, port: int, *more: str) -> None:
    """Write the configuration, and the files of secrets."""
    where = ("--config", str(file), "--out", str(home), "--listen", f"127.0.0.1:{port}")
    assert run(["export", "envoy", *where, *more]) == 0


def validated(home: Path) -> None:
    """Let Envoy look at its own configuration."""
    command = (program("envoy"), "--mode", "validate", "-c", home / "envoy.yaml")
    checked = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=home)
    assert checked.returncode == 0, checked.stderr + checked.stdout


@contextmanager
def exported(file: Path, home: Path, *more: str) -> Iterator[Plugged]:
    """Run Envoy for as long as the block lasts; its own check comes first."""
    port = free_port()
    export(file, home, port, *more)
    validated(home)
    log = ("--log-path", home / "envoy.log")
    arguments = ("-c", home / "envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id", *log)
    with running("envoy", home, port, *arguments):
        yield Plugged("export", home, port)
