"""A real redis-server on loopback, for as long as a test needs it, and what can happen to it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.neighbours import PATIENCE, free_port, stop

from ostiary.config.shared import SharedSpec

PASSWORD = "redis-canary-71c3"
KEY = "a key of at least sixteen octets"


def binary() -> str:
    """Return the server's binary, or skip: loudly, and in CI not at all."""
    for folder in ("/usr/bin", "/usr/sbin", "/usr/local/bin"):
        if (found := Path(folder) / "redis-server").exists():
            return str(found)
    reason = "redis-server is not installed (apt-get install redis-server)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class RedisServer:
    """A server that writes nothing to disk: when it is started anew, it has forgotten everything.

    Attributes:
        home: its folder.
        options: lines of its configuration.
        port: where it listens, with TLS if the options say so.
    """

    home: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        plain = 0 if any(option.startswith("tls-port") for option in self.options) else self.port
        lines = ("bind 127.0.0.1", f"port {plain}", 'save ""', "appendonly no", f"dir {self.home}", *self.options)
        file = self.home / "redis.conf"
        file.write_text("\n".join(lines) + "\n")
        with (self.home / "redis.log").open("ab") as log:
            self.process = subprocess.Popen([binary(), file], stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        pytest.fail(f"redis-server did not start: {(self.home / 'redis.log').read_text()}")

    def stop(self) -> None:
        """End it, also when it hangs."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
            stop(self.process)
            self.process = None

    def kill(self) -> None:
        """End it without a word."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def hang(self) -> None:
        """Let it accept, and answer nobody."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def say(self, *words: str) -> bytes:
        """Say something to it, as an operator would; return the first octets of what it answers."""
        return say(self.port, *words)

    def block(self, **more: object) -> dict[str, object]:
        """Return the block `shared` of a gateway's file."""
        url = {} if "sentinel" in more else {"url": f"{'rediss' if self.tls else 'redis'}://127.0.0.1:{self.port}"}
        return {"redis": {**url, "timeout": "500ms", **more}, "key": f"file:{self.key}", "forgotten": "accept"}

    def spec(self, **more: object) -> SharedSpec:
        """Return the same, read."""
        return SharedSpec.model_validate(self.block(**more))

    @property
    def tls(self) -> bool:
        """Whether it wants TLS."""
        return any(option.startswith("tls-port") for option in self.options)

    @property
    def key(self) -> Path:
        """The file of the key that gateways have together."""
        file = self.home / "key"
        if not file.exists():
            file.write_text(KEY)
            file.chmod(0o600)
        return file


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that runs."""
    home = tmp_path / "redis"
    home.mkdir()
    server = RedisServer(home)
    server.start()
    yield server
    server.stop()


@dataclass
class Sentinels:
    """Three sentinels that watch one master, as processes of their own (`redis-server --sentinel`).

    Attributes:
        home: their folder.
        master: where the server listens that they begin with.
    """

    home: Path
    master: int
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(3)])
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start all of them, and wait until each knows the others."""
        for port in self.ports:
            lines = ("bind 127.0.0.1", f"port {port}", f"dir {self.home}", "sentinel deny-scripts-reconfig yes")
            watch = (f"sentinel monitor main 127.0.0.1 {self.master} 2", "sentinel down-after-milliseconds main 1000")
            more = ("sentinel failover-timeout main 6000", "sentinel parallel-syncs main 1")
            file = self.home / f"sentinel-{port}.conf"
            file.write_text("\n".join((*lines, *watch, *more)) + "\n")
            with (self.home / f"sentinel-{port}.log").open("ab") as log:
                self.processes[port] = subprocess.Popen([binary(), file, "--sentinel"], stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if all(b"num-other-sentinels\r\n$1\r\n2" in self.told(port) for port in self.ports):
                return
            time.sleep(0.05)
        self.stop()
        pytest.fail("the sentinels did not find each other")

    def told(self, port: int) -> bytes:
        """Return what a sentinel says of the master; nothing while it cannot be asked."""
        try:
            return say(port, "SENTINEL", "MASTER", "main")
        except OSError:
            return b""

    def hang(self, port: int) -> None:
        """Let one accept, and answer nobody."""
        self.processes[port].send_signal(signal.SIGSTOP)

    def go_on(self, port: int) -> None:
        """Let it answer again."""
        self.processes[port].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End all of them, also those that hang."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()

    @property
    def block(self) -> dict[str, object]:
        """What a gateway's file says of them."""
        return {"master": "main", "addresses": [f"redis://127.0.0.1:{port}" for port in self.ports]}


def say(port: int, *words: str) -> bytes:
    """Say something to whoever listens on a port; return the first octets of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        line.sendall((" ".join(words) + "\r\n").encode())
        return line.recv(1 << 16)
