"""Who lives, and who is started anew.

SIGTTIN   one worker more                     SIGTERM, SIGINT   all of them end, in order; again: faster
SIGTTOU   one fewer, which ends in order
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import structlog

from ostiary.authn.memory import shared_descriptor
from ostiary.observe.lifecycle import Lifecycle
from ostiary.workers.configuration import Said
from ostiary.workers.ledger import nameless
from ostiary.workers.template import Template
from ostiary.workers.worker import Worker, spawn

log = structlog.get_logger("ostiary.workers")

_STEADY: Final = 10.0
"""Seconds that a worker must live for its death to be an accident, which costs no pause."""
_LONGEST: Final = 30.0
_LAST: Final = 3
"""The signal after which nothing is waited for."""
MOST: Final = 256
"""Workers, at most."""


class Supervisor:
    """Keeps workers running.

    Args:
        command: what the process is started with that workers are copied from.
        count: how many there are.
        life: where it is told how far they are.

    Attributes:
        life: as above.
        deaths: how many workers have died while they should have served.
        said: the configuration that workers take up.
        gone: called with each worker that has ended while others serve on, before it is replaced.
    """

    def __init__(self, command: Sequence[str], count: int, life: Lifecycle | None = None) -> None:
        self.life = life or Lifecycle()
        self.deaths = 0
        self.gone: Callable[[Worker], None] = lambda _: None
        self.said = Said()
        self._template = Template(command)
        self._numbers = range(1, count + 1)
        self._workers: dict[int, Worker] = {}
        self._coming: set[int] = set()
        self._leaving: set[int] = set()
        self._tending = asyncio.TaskGroup()
        self._spare: Worker | None = None
        self._wanted = asyncio.Event()  # a spare worker: the one before serves
        self._signals = 0
        self._stopping = asyncio.Event()
        self._turn = nameless("ostiary-turn")  # as long as we live
        self._memory = shared_descriptor()  # for as long, too

    async def run(self, beside: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> int:
        """Supervise until a signal says stop.

        Args:
            beside: what runs meanwhile: whoever looks for a new configuration, for one.

        Returns:
            The exit code: that of a worker which could not start, or 0 when every worker has ended in order.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        if (code := await self._begin()) is not None:
            return code
        self._look()
        log.info("workers ready", workers=len(self._numbers))
        besides = [loop.create_task(one()) for one in (*beside, self._keep_spare)]
        try:
            codes = await self._serve()
        finally:
            for task in besides:
                task.cancel()
            await asyncio.gather(*besides, return_exceptions=True)
            await self._dismiss()
        return int(any(codes))

    @property
    def workers(self) -> Mapping[int, Worker]:
        """Those that serve, or should, by their numbers."""
        return self._workers

    def pass_on(self, number: signal.Signals) -> None:
        """Send a signal to every worker."""
        for worker in self._workers.values():
            worker.tell(number)

    # --- the life of workers -------------------------------------------------------------------

    async def _serve(self) -> list[int]:
        """Tend every worker, until all have ended; return their exit codes."""
        loop = asyncio.get_running_loop()
        async with self._tending as group:
            tasks = [group.create_task(self._tend(worker)) for worker in self._workers.values()]
            loop.add_signal_handler(signal.SIGTTIN, self._more)
            loop.add_signal_handler(signal.SIGTTOU, self._fewer)
            await self._stopping.wait()
        return [task.result() for task in tasks]

    def _more(self) -> None:
        """Have one worker more."""
        taken = self._workers.keys() | self._coming
        free = next(number for number in range(1, MOST + 2) if number not in taken)
        if free > MOST or self._stopping.is_set():
            log.warning("there is no worker more", workers=len(self._workers))
            return
        log.info("one worker more", number=free)
        self._coming.add(free)
        self._tending.create_task(self._join(free))

    async def _join(self, number: int) -> None:
        worker = await self._successor(number)
        self._coming.discard(number)
        if worker is None:
            return
        asyncio.get_running_loop().create_task(self._greet(worker))
        await self._tend(worker)

    def _fewer(self) -> None:
        """Let the last one go, in order."""
        staying = self._workers.keys() - self._leaving
        if len(staying) <= 1 or self._stopping.is_set():
            log.warning("there is no worker fewer", workers=len(staying))
            return
        number = max(staying)
        log.info("one worker fewer", number=number)
        self._leaving.add(number)
        self._workers[number].tell(signal.SIGTERM)

    async def _begin(self) -> int | None:
        """Start every worker, the first one ahead: what is wrong for one is wrong for all, and is said once."""
        for numbers in (self._numbers[:1], self._numbers[1:]):
            started = [await self._employ(number) for number in numbers]
            serving = await asyncio.gather(*(worker.ready() for worker in started))
            failed = [worker for worker, serves in zip(started, serving, strict=True) if not serves]
            if failed:
                code = await failed[0].ended()
                await self._give_up()
                return 0 if self._stopping.is_set() else abs(code)  # a Ctrl-C comes early, and is no failure
        return None

    async def _give_up(self) -> None:
        self.pass_on(signal.SIGTERM)
        await asyncio.gather(*(worker.ended() for worker in self._workers.values()))
        await self._template.end()

    async def _keep_spare(self) -> None:
        """Have one worker more than serve, and another one as soon as that one serves as well."""
        failures = 0
        while True:
            self._wanted.clear()
            try:
                self._spare = spare = self._spare or await self._spawn()
            except OSError:  # it is wanted only when another one dies, and that is told then
                failures += 1
                await asyncio.sleep(pause_after(failures + 1))
                continue
            died, wanted = (asyncio.ensure_future(one) for one in (spare.process.wait(), self._wanted.wait()))
            await asyncio.wait((died, wanted), return_when=asyncio.FIRST_COMPLETED)
            for task in (died, wanted):
                task.cancel()
            if self._spare is not spare:  # it serves
                failures = 0
            elif spare.process.returncode is not None:
                failures, self._spare = failures + 1, None
                await spare.ended()
            await asyncio.sleep(pause_after(failures))

    async def _dismiss(self) -> None:
        if self._spare is not None:
            self._spare.tell(signal.SIGTERM)
            await self._spare.ended()
        await self._template.end()

    async def _employ(self, number: int) -> Worker:
        """Let the spare worker serve, or else a new one."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.process.returncode is not None:
            await spare.ended()
            spare = None
        spare = spare or await self._spawn()
        self._workers[number] = spare
        spare.begin(number)
        if self._stopping.is_set():
            spare.tell(signal.SIGTERM)
        return spare

    async def _spawn(self) -> Worker:
        return await spawn(self._template, self._turn, self._memory, self.said.descriptor)

    async def _tend(self, worker: Worker) -> int:
        """Start a worker anew whenever it dies; return the exit code that it ends with when all of them end."""
        number, failures = worker.number, 0
        while True:
            code = await worker.ended()
            if self._stopping.is_set():
                return code
            if number in self._leaving:
                self._part(worker)
                return code
            self._bury(worker)
            lived = time.monotonic() - worker.born
            failures = 0 if lived >= _STEADY else failures + 1
            pause = pause_after(failures)
            facts = {"pid": worker.process.pid, "lived_seconds": round(lived, 1), "pause_seconds": pause}
            log.error("worker died, it is started anew", number=number, **how(code), **facts)
            if await self._told_to_stop(pause):
                return 0
            successor = await self._successor(number)
            if successor is None:
                return 0
            worker = successor
            asyncio.get_running_loop().create_task(self._greet(worker))

    async def _successor(self, number: int) -> Worker | None:
        """Let another worker serve, as soon as the machine has room for one; None: it is all over before."""
        failures = 1
        while True:
            try:
                return await self._employ(number)
            except OSError as error:  # no memory, no process, no descriptor: those who serve go on serving
                failures += 1
                pause = pause_after(failures)
                log.error("no worker can be started", number=number, detail=error.strerror, pause_seconds=pause)  # noqa: TRY400 - no programming error
                if await self._told_to_stop(pause):
                    return None

    async def _greet(self, worker: Worker) -> None:
        if await worker.ready():
            self._look()
            log.info("worker ready", number=worker.number, pid=worker.process.pid)
        self._wanted.set()

    def _bury(self, worker: Worker) -> None:
        self.deaths += 1
        self._look()
        self.gone(worker)

    def _part(self, worker: Worker) -> None:
        """A worker has left that was told to."""
        self._leaving.discard(worker.number)
        del self._workers[worker.number]
        self._look()
        self.gone(worker)
        log.info("worker left", number=worker.number, pid=worker.process.pid)

    def _look(self) -> None:
        """Requests may be sent here while one worker serves."""
        self.life.ready = any(worker.serving for worker in self._workers.values())

    async def _told_to_stop(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _stop(self) -> None:
        """Pass the end on: the first time it is in order, then fast, then at once."""
        self._signals += 1
        self.life.draining = True
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
