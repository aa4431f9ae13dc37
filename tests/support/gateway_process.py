"""The gateway as its operators run it: a process of its own, `python -m ostiary serve FILE`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 30.0


async def ostiary(*arguments: str | Path, given: bytes = b"") -> bytes:
    """Run one command of the program in a process of its own; return what it prints."""
    command = (sys.executable, "-m", "ostiary", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    said, complained = await asyncio.wait_for(process.communicate(given), PATIENCE)
    assert process.returncode == 0, complained.decode()
    return said


class GatewayProcess:
    """A gateway that runs.

    Args:
        file: its configuration, with one listener.
        options: of `ostiary serve`.
        ready: the event by which it says that it serves.
        descriptors: how many files it may have open; as many as the test by default.

    Attributes:
        port: where it listens.
    """

    def __init__(self, file: Path, *options: str, ready: str = "ready", descriptors: int | None = None) -> None:
        self._file = file
        self._options = options
        self._event = ready
        self._bounds = () if descriptors is None else ("prlimit", f"--nofile={descriptors}:{descriptors}")
        self._out = file.with_suffix(".out")
        self._err = file.with_suffix(".err")
        self._process: Process | None = None
        self.port = 0

    async def start(self) -> None:
        """Start it, and wait until it says that it is ready."""
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = await asyncio.create_subprocess_exec(
                *self._bounds,
                *(sys.executable, "-m", "ostiary", "serve", self._file, *self._options),
                stdout=out,
                stderr=err,
            )
        async with asyncio.timeout(PATIENCE):
            while not self._ready():
                assert self._process.returncode is None, self._err.read_text()
                await asyncio.sleep(0.05)

    def _ready(self) -> bool:
        events = {event["event"]: event for event in self.events()}
        self.port = events.get("listening", {}).get("port", 0)
        return self._event in events

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    async def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def stop(self) -> int:
        """Tell it to stop, and return its exit code; at once when it has ended already."""
        if self._process is not None and self._process.returncode is None:
            self.signal()
        return await self.ended()

    async def kill(self) -> None:
        """End it whatever it does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def memory(self) -> int:
        """Return the octets of memory that it has resident."""
        assert self._process is not None
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def access(self) -> list[dict[str, Any]]:
        """The lines of its access log so far."""
        return [json.loads(line) for line in self._out.read_text().splitlines()]

    def events(self) -> list[dict[str, Any]]:
        """What else it has said so far."""
        *whole, _ = self._err.read_text().split("\n")
        return [json.loads(line) for line in whole if line.startswith("{")]

    def said(self) -> bytes:
        """Every octet that it has written."""
        return self._out.read_bytes() + self._err.read_bytes()


@asynccontextmanager
async def gateway_process(
    file: Path, *options: str, ready: str = "ready", descriptors: int | None = None
) -> AsyncIterator[GatewayProcess]:
    """Run a gateway for as long as the block lasts."""
    gateway = GatewayProcess(file, *options, ready=ready, descriptors=descriptors)
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.kill()


@dataclass(frozen=True, slots=True)
class Reply:
    """What curl got.

    Attributes:
        exit: curl's exit code.
        status: of the answer; 0 without one.
        headers: of the answer; names in lower case.
        content: where the content is.
    """

    exit: int
    status: int
    headers: dict[str, str]
    content: Path


async def curl(folder: Path, url: str, *options: str | Path) -> Reply:
    """Ask with the real curl; the files of one call are in a folder of their own."""
    place = folder / os.urandom(4).hex()
    place.mkdir()
    head, content = place / "head", place / "content"
    content.touch()
    process = await asyncio.create_subprocess_exec(
        *("curl", "-q", "--noproxy", "*", "--silent", "--max-time", "20", "-D", head, "-o", content),
        *("-w", "%{http_code}", *options, url),
        stdout=PIPE,
    )
    said, _ = await process.communicate()
    lines = head.read_text().splitlines() if head.exists() else []
    fields = [line.partition(": ") for line in lines]
    return Reply(await process.wait(), int(said), {name.lower(): value for name, _, value in fields}, content)
