"""Several processes, one gateway: a supervisor, and workers that it starts, watches and tells of news.

    supervisor --- its number, SIGHUP, SIGTERM ---> worker: `ostiary serve`, on the same addresses (SO_REUSEPORT)
               <-- ready, and the end of it -------

The supervisor serves nobody. It looks for changes of the configuration and judges them, so that workers only
hear of good ones. A worker that dies is replaced by a spare one, which has been started and waits for its number:
most of a start is the loading of programs. A supervisor that dies lets its workers end in order.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Coroutine, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

import structlog

log = structlog.get_logger("ostiary.workers")

VARIABLE: Final = "OSTIARY_WORKER"
"""How a worker learns that it is one: two descriptors. Not for people."""

_READY: Final = b"ready"
_STEADY: Final = 10.0
"""Seconds that a worker must live for its death to be an accident, which costs no pause."""
_LONGEST: Final = 30.0
_LAST: Final = 3
"""The signal after which nothing is waited for."""


@dataclass(slots=True)
class Bond:
    """What ties a worker to its supervisor.

    Attributes:
        channel: ends when the supervisor does.
        turn: a descriptor whose lock (`os.lockf`) is held by the one worker that writes to the shared log.
        number: which worker it is, from 1; 0 until it is told.
    """

    channel: socket.socket
    turn: int
    number: int = 0

    @classmethod
    def take(cls, environ: MutableMapping[str, str]) -> Self | None:
        """Return what the environment says, and take it out; None: this is no worker."""
        said = environ.pop(VARIABLE, None)
        if said is None:
            return None
        channel, turn = map(int, said.split(":"))
        return cls(socket.socket(fileno=channel), turn)

    def wait(self) -> bool:
        """Wait until this worker is needed; it has its number then. Blocks. False: it never will be."""
        self.number = int(self.channel.recv(16) or 0)
        return self.number > 0

    async def hold(self) -> None:
        """Say that this worker serves; return when the supervisor is gone."""
        loop = asyncio.get_running_loop()
        self.channel.setblocking(False)
        await loop.sock_sendall(self.channel, _READY)
        try:
            while await loop.sock_recv(self.channel, 16):
                pass
        except ConnectionError:
            pass
        log.warning("the supervisor is gone")


@dataclass(slots=True)
class _Worker:
    process: Process
    channel: socket.socket
    number: int = 0
    born: float = 0.0

    def begin(self, number: int) -> None:
        """Let it serve."""
        self.number, self.born = number, time.monotonic()
        with suppress(OSError):  # it is dead; that is seen elsewhere
            self.channel.send(str(number).encode())

    async def ready(self) -> bool:
        """Return whether it serves; False: it has ended before."""
        try:
            return await asyncio.get_running_loop().sock_recv(self.channel, len(_READY)) == _READY
        except ConnectionError:
            return False

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process.returncode is None:
            self.process.send_signal(number)

    async def ended(self) -> int:
        """Return its exit code; negative: the signal that ended it."""
        code = await self.process.wait()
        self.channel.close()
        return code


class Supervisor:
    """Keeps workers running.

    Args:
        command: what a worker is started with.
        count: how many there are.
    """

    def __init__(self, command: Sequence[str], count: int) -> None:
        self._command = command
        self._numbers = range(1, count + 1)
        self._workers: dict[int, _Worker] = {}
        self._spare: _Worker | None = None
        self._wanted = asyncio.Event()  # a spare worker: the one before serves
        self._signals = 0
        self._stopping = asyncio.Event()
        self._turn = tempfile.TemporaryFile()  # noqa: SIM115 - as long as we live

    async def run(self, beside: Callable[[], Coroutine[Any, Any, None]]) -> int:
        """Supervise until a signal says stop.

        Args:
            beside: what runs meanwhile: whoever looks for a new configuration.

        Returns:
            The exit code: that of a worker which could not start, or 0 when every worker has ended in order.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        if (code := await self._begin()) is not None:
            return code
        log.info("workers ready", workers=len(self._numbers))
        besides = [loop.create_task(beside()), loop.create_task(self._keep_spare())]
        try:
            codes = await asyncio.gather(*(self._tend(worker) for worker in tuple(self._workers.values())))
        finally:
            for task in besides:
                task.cancel()
            await asyncio.gather(*besides, return_exceptions=True)
            await self._dismiss()
        return int(any(codes))

    def pass_on(self, number: signal.Signals) -> None:
        """Send a signal to every worker."""
        for worker in self._workers.values():
            worker.tell(number)

    # --- the life of workers -------------------------------------------------------------------

    async def _begin(self) -> int | None:
        """Start every worker, the first one ahead: what is wrong for one is wrong for all, and is said once."""
        for numbers in (self._numbers[:1], self._numbers[1:]):
            started = [await self._employ(number) for number in numbers]
            serving = await asyncio.gather(*(worker.ready() for worker in started))
            failed = [worker for worker, serves in zip(started, serving, strict=True) if not serves]
            if failed:
                code = await failed[0].ended()
                await self._give_up()
                return abs(code)
        return None

    async def _give_up(self) -> None:
        self.pass_on(signal.SIGTERM)
        await asyncio.gather(*(worker.ended() for worker in self._workers.values()))

    async def _keep_spare(self) -> None:
        """Have one worker more than serve, and another one as soon as that one serves as well."""
        failures = 0
        while True:
            self._wanted.clear()
            self._spare = spare = await self._spawn()
            died, wanted = (asyncio.ensure_future(one) for one in (spare.process.wait(), self._wanted.wait()))
            await asyncio.wait((died, wanted), return_when=asyncio.FIRST_COMPLETED)
            failures = failures + 1 if self._spare is spare else 0
            for task in (died, wanted):
                task.cancel()
            await asyncio.sleep(pause_after(failures))

    async def _dismiss(self) -> None:
        if self._spare is not None:
            self._spare.tell(signal.SIGTERM)
            await self._spare.ended()

    async def _employ(self, number: int) -> _Worker:
        """Let the spare worker serve, or else a new one."""
        spare, self._spare = self._spare, None
        if spare is None or spare.process.returncode is not None:
            spare = await self._spawn()
        self._workers[number] = spare
        spare.begin(number)
        if self._stopping.is_set():
            spare.tell(signal.SIGTERM)
        return spare

    async def _spawn(self) -> _Worker:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        told = f"{theirs.fileno()}:{self._turn.fileno()}"
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                env={**os.environ, VARIABLE: told},
                pass_fds=(theirs.fileno(), self._turn.fileno()),
                start_new_session=True,  # a Ctrl-C is ours to pass on, once
            )
        return _Worker(process, ours)

    async def _tend(self, worker: _Worker) -> int:
        """Start a worker anew whenever it dies; return the exit code that it ends with when all of them end."""
        number, failures = worker.number, 0
        while True:
            code = await worker.ended()
            if self._stopping.is_set():
                return code
            lived = time.monotonic() - worker.born
            failures = 0 if lived >= _STEADY else failures + 1
            pause = pause_after(failures)
            facts = {"pid": worker.process.pid, "lived_seconds": round(lived, 1), "pause_seconds": pause}
            log.error("worker died, it is started anew", number=number, **how(code), **facts)
            if await self._told_to_stop(pause):
                return 0
            worker = await self._employ(number)
            asyncio.get_running_loop().create_task(self._greet(worker))

    async def _greet(self, worker: _Worker) -> None:
        if await worker.ready():
            log.info("worker ready", number=worker.number, pid=worker.process.pid)
        self._wanted.set()

    async def _told_to_stop(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _stop(self) -> None:
        """Pass the end on: the first time it is in order, then fast, then at once."""
        self._signals += 1
        self._stopping.set()
        self.pass_on(signal.SIGTERM if self._signals < _LAST else signal.SIGKILL)


def pause_after(failures: int) -> float:
    """Return for how many seconds a worker stays dead that has died shortly after its start, several times in a row."""
    return 0.0 if failures <= 1 else min(0.5 * 2.0 ** (min(failures, 10) - 2), _LONGEST)


def how(code: int) -> dict[str, int | str]:
    """Return how a process has ended, for the log."""
    if code >= 0:
        return {"exit_code": code}
    try:
        return {"signal": signal.Signals(-code).name}
    except ValueError:
        return {"signal": -code}
