"""Programs of others that run beside a test: found, started on a free port, and ended by their number."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
_PLACES = {"envoy": ROOT / ".tools/envoy/envoy/_bin/envoy"}


_LOWEST, _EACH = 16_000, 2_000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_TURN = count(os.getpid())


def free_port() -> int:
    """Return a port that was free a moment ago.

    It is below those that the kernel gives to whoever asks for any, and tests that run side by side have their own:
    nobody takes it before the program for which it is meant.
    """
    for turn in _TURN:
        port = _LOWEST + _EACH * _WORKER + turn % _EACH
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the count has no end")


def program(name: str) -> str:
    """Return where a program is; without it the test is skipped, loudly."""
    here = _PLACES.get(name)
    if here is not None and here.exists():
        return str(here)
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def running(
    name: str, home: Path, port: int, *arguments: str | Path, around: Mapping[str, str] = MappingProxyType({})
) -> Iterator[None]:
    """Run a program that listens on a port for as long as the block lasts; what it says is in `home`.

    Args:
        name: of the program.
        home: its folder.
        port: where it listens.
        arguments: of the program.
        around: what its environment has beside our own.
    """
    process = start(name, home, port, *arguments, around=around)
    try:
        yield
    finally:
        stop(process)


def start(
    name: str, home: Path, port: int, *arguments: str | Path, around: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """Start a program, and wait until it listens on a port; what it says is in `home`."""
    with (home / "said").open("wb") as said:
        places = {**os.environ, "XDG_CONFIG_HOME": str(home), **around}  # where Caddy writes what it has read
        process = subprocess.Popen([program(name), *arguments], stdout=said, stderr=said, cwd=home, env=places)
    try:
        _wait(process, port)
    except TimeoutError:
        stop(process)
        pytest.fail(f"{name} did not start: {(home / 'said').read_text(errors='replace')}")
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, by its number."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError


def nginx_file(home: Path, http: str) -> Path:
    """Write a file for an nginx that runs in the foreground, with all that it writes below its home."""
    user = "user root;" if os.getuid() == 0 else ""
    places = "\n".join(f"  {kind}_temp_path {home}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    file = home / "nginx.conf"
    file.write_text(
        f"{user}\ndaemon off;\nmaster_process off;\npid {home}/nginx.pid;\nerror_log {home}/error.log;\nevents {{}}\n"
        f"http {{\n  access_log off;\n  client_body_temp_path {home}/body;\n{places}\n{http}\n}}\n"
    )
    return file


def nginx_arguments(home: Path, file: Path) -> tuple[str | Path, ...]:
    """Return what nginx is started with."""
    return ("-p", home, "-c", file, "-e", home / "error.log")
