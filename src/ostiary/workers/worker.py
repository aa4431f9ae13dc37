"""One worker, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from typing import Final

from ostiary.workers.channel import LONGEST, READY
from ostiary.workers.ledger import Book, new_ledger, read
from ostiary.workers.template import Copy, Template

_PATIENCE: Final = 2.0
"""Seconds that a worker is given for an answer. Operators wait for the slowest."""
_PROBED: Final = 0.8
"""The same, where a probe waits that gives up after a second and takes all workers for dead, as Kubernetes' do."""


async def spawn(template: Template, turn: int, memory: int, said: int) -> Worker:
    """Start a process that waits for its number.

    Args:
        template: what it is copied from.
        turn: a descriptor that it is given, see `Channel`.
        memory: another one.
        said: another one.

    Raises:
        OSError: the machine has no room for it.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    ledger = new_ledger()
    try:
        with theirs:
            process = await template.copy((theirs.fileno(), turn, memory, ledger, said))
    except BaseException:
        ours.close()
        os.close(ledger)
        raise
    return Worker(process, ours, ledger)


class Worker:
    """A process of our own.

    Attributes:
        process: as the system has it.
        number: which one, from 1; 0 while it is a spare one.
        serving: whether it has said that it serves.
        born: when it was told to, on the monotonic clock.
        counted: once it has ended, what it had counted of requests (`ostiary.observe.counted`); or nothing.
        beside: and what of everything else (`ostiary.admin.encoding`).
    """

    def __init__(self, process: Copy, channel: socket.socket, ledger: int | None = None) -> None:
        self.process = process
        self.number = 0
        self.serving = False
        self.born = 0.0
        self.counted = self.beside = b""
        self._ledger = ledger
        self._channel = channel
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._asking = asyncio.Lock()
        self._questions = 0
        self._begun = b""  # the first line of an answer whose rest was not waited for

    def begin(self, number: int) -> None:
        """Let it serve."""
        self.number, self.born = number, time.monotonic()
        with suppress(OSError):  # it is dead; that is seen elsewhere
            self._channel.send(str(number).encode())

    async def ready(self) -> bool:
        """Return whether it serves; False: it has ended before."""
        try:
            self.serving = await asyncio.get_running_loop().sock_recv(self._channel, len(READY)) == READY
        except ConnectionError:
            self.serving = False
        return self.serving

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def ask(self, what: str) -> bytes | None:
        """Return its answer; None when there is none: it does not serve yet, or is stuck, or dead.

        What is no single word of a bearable length is not asked: it would be read as another question.
        """
        if not self.serving or len(what) > LONGEST or what.split() != [what]:
            return None
        try:
            async with asyncio.timeout(_PROBED if what == "health" else _PATIENCE), self._asking:
                return await self._ask(what)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
            return None

    async def _ask(self, what: str) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(sock=self._channel.dup())
        reader, writer = self._streams
        self._questions += 1
        number = self._questions
        writer.write(f"{number} {what}\n".encode())
        while True:  # answers to earlier questions, which nobody waits for any more, come first
            self._begun = self._begun or await reader.readuntil()
            answered, octets = map(int, self._begun.split())
            answer = await reader.readexactly(octets)
            self._begun = b""
            if answered == number:
                return answer

    async def ended(self) -> int:
        """Return its exit code; negative: the signal that ended it."""
        code = await self.process.wait()
        self.serving = False
        if self._streams is not None:
            self._streams[1].close()
        self._channel.close()
        if self._ledger is not None:
            self.counted, self.beside = (read(self._ledger, book) for book in Book)
            os.close(self._ledger)
            self._ledger = None
        return code
