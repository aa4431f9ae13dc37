"""How long does a worker stay dead, how is its end told, and what if there is no room for another one?"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from ostiary.workers import Supervisor, how, pause_after
from ostiary.workers import supervisor as module
from ostiary.workers.channel import READY
from ostiary.workers.worker import Worker


def test_an_accident_costs_no_pause_and_a_series_ever_longer_ones():
    pauses = [pause_after(failures) for failures in range(12)]
    assert pauses[:6] == [0, 0, 0.5, 1, 2, 4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause_after(100_000) == 30


def test_the_end_of_a_process_is_told_in_words():
    assert how(3) == {"exit_code": 3}
    assert how(-signal.SIGKILL) == {"signal": "SIGKILL"}
    assert how(-63) == {"signal": 63}


# --- while the machine has no room ---------------------------------------------------------------


class Life:
    """A process that ends when the test says so."""

    def __init__(self) -> None:
        self.pid = 1
        self.returncode: int | None = None
        self.over = asyncio.get_running_loop().create_future()

    async def wait(self) -> int:
        self.returncode = await asyncio.shield(self.over)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if not self.over.done():
            self.over.set_result(-number)


class Machine:
    """Starts processes, unless it has no room."""

    def __init__(self) -> None:
        self.full = False
        self.slow = False
        self.asked = 0
        self.lives: list[Life] = []
        self.ends: list[socket.socket] = []

    async def spawn(self, *_: object) -> Worker:
        self.asked += 1
        if self.full:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.lives.append(Life())
        if self.slow:  # it ends before it says that it serves
            self.lives[-1].over.add_done_callback(lambda _: theirs.close())
        else:
            theirs.send(READY)
            self.ends.append(theirs)
        return Worker(self.lives[-1], ours)  # type: ignore[arg-type]  # as far as it is used


@pytest.fixture
async def machine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Machine]:
    one = Machine()
    monkeypatch.setattr(module, "spawn", one.spawn)
    monkeypatch.setattr(module, "pause_after", lambda failures: min(0.01 * failures, 0.05))
    yield one
    for end in one.ends:
        end.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.005)


async def ended(supervisor: Supervisor, running: asyncio.Task[int]) -> None:
    supervisor._stop()
    await asyncio.wait_for(running, 5)
    os.close(supervisor._turn)
    os.close(supervisor._memory)
    supervisor.said.close()


async def test_a_machine_without_room_ends_nobody_who_serves_and_is_asked_again(machine: Machine) -> None:
    supervisor = Supervisor(("nothing",), 2)
    running = asyncio.create_task(supervisor.run([]))
    await until(lambda: len(machine.lives) == 3)  # two, and a spare one
    machine.full = True
    for life in (machine.lives[2], machine.lives[0]):  # the spare one, and one that serves
        life.send_signal(signal.SIGKILL)
        asked = machine.asked
        await until(lambda asked=asked: machine.asked > asked + 1)
    assert not running.done()
    assert [number for number, worker in supervisor.workers.items() if worker.serving] == [2]

    machine.full = False
    await until(lambda: all(worker.serving for worker in supervisor.workers.values()))
    assert supervisor.deaths == 1
    await ended(supervisor, running)


async def test_however_many_more_at_once_there_is_one_spare(machine: Machine) -> None:
    supervisor = Supervisor(("nothing",), 1)
    running = asyncio.create_task(supervisor.run([]))
    await until(lambda: len(machine.lives) == 2)
    for _ in range(3):
        supervisor._more()
    await until(lambda: [worker.serving for worker in supervisor.workers.values()] == [True] * 4)
    await until(lambda: len(machine.lives) == 5)
    await asyncio.sleep(0.2)
    assert len(machine.lives) == 5, "nobody is started whom nobody knows"
    await ended(supervisor, running)


async def test_one_more_that_cannot_be_started_yet_comes_later(machine: Machine) -> None:
    supervisor = Supervisor(("nothing",), 1)
    running = asyncio.create_task(supervisor.run([]))
    await until(lambda: len(machine.lives) == 2)
    machine.lives[1].send_signal(signal.SIGKILL)  # the spare one
    machine.full = True
    supervisor._more()
    asked = machine.asked
    await until(lambda: machine.asked > asked + 1)
    machine.full = False
    await until(lambda: [worker.serving for worker in supervisor.workers.values()] == [True, True])
    supervisor._fewer()
    await until(lambda: list(supervisor.workers) == [1])
    supervisor._fewer()
    assert list(supervisor.workers) == [1], "the last one stays"
    await ended(supervisor, running)


# --- when it is told to stop before it has begun ----------------------------------------------------


async def test_a_ctrl_c_before_anybody_serves_is_no_failure(machine: Machine) -> None:
    machine.slow = True
    supervisor = Supervisor(("nothing",), 2)
    running = asyncio.create_task(supervisor.run([]))
    await until(lambda: machine.lives and supervisor.workers)
    await ended(supervisor, running)
    assert running.result() == 0


async def test_a_worker_that_cannot_begin_is_one(machine: Machine) -> None:
    machine.slow = True
    supervisor = Supervisor(("nothing",), 2)
    running = asyncio.create_task(supervisor.run([]))
    await until(lambda: machine.lives and supervisor.workers)
    machine.lives[0].send_signal(-3)
    assert await asyncio.wait_for(running, 5) == 3
    await ended(supervisor, running)
