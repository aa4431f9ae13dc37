"""The gateway of the demo: `ostiary serve`, as a process of its own, and its access log."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final

from ostiary.demo.service import LOOPBACK

PATIENCE: Final = 20.0
"""Seconds that the gateway may take to start."""


class DemoFailed(Exception):
    """The demo cannot run. The text is for the user."""


class Gateway:
    """A running gateway, seen from outside.

    Attributes:
        port: where it listens.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._process = process
        self._lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def next_line(self, patience: float | None) -> dict[str, Any] | None:
        """Return the next line of the access log, or None when there is none within `patience` seconds.

        Raises:
            DemoFailed: the gateway has ended.
        """
        try:
            line = self._lines.get(timeout=patience)
        except queue.Empty:
            return None
        if line is None:
            raise DemoFailed("the gateway has ended")
        return line

    def wait_until_ready(self, log: Path) -> None:
        """Return when it accepts connections.

        Raises:
            DemoFailed: it ended, or does not within PATIENCE.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise DemoFailed("the gateway did not start:\n" + log.read_text(errors="replace")[-2000:])
            try:
                socket.create_connection((LOOPBACK, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise DemoFailed(f"the gateway was not ready within {PATIENCE:g} s; see {log}")

    def _read(self, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                self._lines.put(entry)
        self._lines.put(None)


@contextmanager
def running(configuration: Path, port: int, log: Path) -> Iterator[Gateway]:
    """Run `ostiary serve` while the block runs; give it when it is ready.

    It gets a session of its own, so that Ctrl-C reaches us only, and we end it in order.

    Raises:
        DemoFailed: it does not start.
    """
    command = [sys.executable, "-P", "-m", "ostiary", "serve", str(configuration)]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    try:
        gateway = Gateway(process, port)
        gateway.wait_until_ready(log)
        yield gateway
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
