"""The worker's end of the line to its supervisor.

number of the question, SP, what is asked LF   ->
<-   number of the question, SP, octets LF, and the answer
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self, TypeAlias

import structlog

from ostiary.config.loaded import Examined
from ostiary.workers.configuration import heard

log = structlog.get_logger("ostiary.workers")

READY: Final = b"ready"
LONGEST: Final = 1 << 20
"""Octets of a question, which is a single word."""

Tell: TypeAlias = Callable[[str], Awaitable[bytes]]
"""Answers a question of the supervisor's."""


@dataclass(slots=True)
class Channel:
    """What ties a worker to its supervisor.

    Attributes:
        channel: ends when the supervisor does.
        turn: a descriptor whose lock (`os.lockf`) is held by the one worker that writes to the shared log.
        memory: the descriptor of what all workers remember together.
        ledger: the descriptor of what outlives this one, see `ostiary.workers.ledger`.
        said: the descriptor of what the supervisor has judged, see `ostiary.workers.configuration`.
        over: a descriptor that nobody uses; it tells of our end by being closed.
        number: which worker it is, from 1; 0 until it is told.
    """

    channel: socket.socket
    turn: int
    memory: int
    ledger: int
    said: int
    over: int
    number: int = 0
    DESCRIPTORS: ClassVar[int] = 6
    _alone: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @classmethod
    def of(cls, given: Sequence[int]) -> Self:
        """Return what a worker was given, in this order."""
        channel, turn, memory, ledger, said, over = given
        return cls(socket.socket(fileno=channel), turn, memory, ledger, said, over)

    def examined(self, *_: object) -> Examined:
        """Return the configuration that the supervisor has judged last, as one that has just been read.

        Raises:
            ConfigError: there is none to be had.
        """
        return heard(self.said)

    def wait(self) -> bool:
        """Wait until this worker is needed; it has its number then. Blocks. False: it never will be."""
        self.number = int(self.channel.recv(16) or 0)
        return self.number > 0

    async def hold(self) -> None:
        """Say that this worker serves; return when the supervisor is gone. Only while it is `answering`."""
        with suppress(OSError):  # the supervisor is gone already, and that is seen below
            self.channel.send(READY)
        await self._alone.wait()
        log.warning("the supervisor is gone")

    @asynccontextmanager
    async def answering(self, tell: Tell) -> AsyncIterator[None]:
        """Answer what the supervisor asks while the block runs."""
        self.channel.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._answer(tell))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _answer(self, tell: Tell) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self.channel.dup(), limit=2 * LONGEST)
        try:
            while question := await reader.readline():
                number, what = question.decode().split()
                answer = await _told(tell, what)
                writer.write(f"{number} {len(answer)}\n".encode() + answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._alone.set()
            writer.close()


async def _told(tell: Tell, what: str) -> bytes:
    """Return an answer; none, where there is a bug in it: whoever only asks must not end a worker."""
    try:
        return await tell(what)
    except Exception:
        log.exception("a bug: a question of the supervisor's cannot be answered", kind=what.partition(":")[0])
        return b""
