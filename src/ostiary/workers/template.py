"""The process that workers are copied from, as their supervisor sees it; see `forkserver.py`."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ostiary.workers.forkserver import UNKNOWN, VARIABLE

_LONGEST: Final = 64


class Copy:
    """A process that was copied: as much of `asyncio.subprocess.Process` as a worker needs.

    Args:
        pid: its number.
        over: a pipe whose other end is its own, and ends with it.
        template: what it was copied from.

    Attributes:
        pid: as above.
        returncode: its exit code, when it has ended; negative: the signal that ended it.
    """

    def __init__(self, pid: int, over: int, template: Template) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._over: int | None = over
        self._end = asyncio.get_running_loop().create_task(self._watched(template))

    async def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        return await asyncio.shield(self._end)

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self._over is not None:  # until then it is not reaped, and its number is its own
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _watched(self, template: Template) -> int:
        assert self._over is not None  # noqa: S101 - it has just begun
        await _readable(self._over)
        over, self._over = self._over, None
        os.close(over)
        self.returncode = await template.reap(self.pid)
        return self.returncode


def _made(answer: int) -> int:
    """Return the process id that an answer tells; minus an error is none."""
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)


class Template:
    """Starts workers: the first one takes as long as the loading of programs, the others a moment.

    Args:
        command: what it is started with itself. It is started when it is needed, and anew when it has died.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self._line: socket.socket | None = None
        self._asking = asyncio.Lock()
        self._questions = 0

    async def copy(self, given: Sequence[int]) -> Copy:
        """Return a copy that has these descriptors, in their order, as `Channel` names them.

        Raises:
            OSError: the machine has no room for one.
        """
        over, theirs = os.pipe()
        try:
            pid = _made(await self._ask("copy", (*given, theirs)))
        except BaseException:
            os.close(over)
            raise
        finally:
            os.close(theirs)
        return Copy(pid, over, self)

    async def reap(self, pid: int) -> int:
        """Return the exit code of a copy that has ended."""
        try:
            return await self._ask(f"reap {pid}")
        except OSError:
            return UNKNOWN

    async def end(self) -> None:
        """Let it end, if it has begun."""
        process, self._process = self._process, None
        if self._line is not None:
            self._line.close()
            self._line = None
        if process is not None:
            await process.wait()

    async def _ask(self, what: str, given: Sequence[int] = ()) -> int:
        async with self._asking:
            line = self._line or await self._begun()
            self._questions += 1
            try:
                socket.send_fds(line, [f"{self._questions} {what}".encode()], given)
                return await self._answer(line)
            except ConnectionError:
                await self.end()
                raise

    async def _answer(self, line: socket.socket) -> int:
        while True:  # answers to earlier questions, which nobody waits for any more, come first
            told = await asyncio.get_running_loop().sock_recv(line, _LONGEST)
            if not told:
                raise ConnectionResetError(errno.ECONNRESET, "the process that workers are copied from has ended")
            number, answer = map(int, told.split())
            if number == self._questions:
                return answer

    async def _begun(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env={**os.environ, VARIABLE: str(theirs.fileno())},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # a Ctrl-C is ours to pass on, once
                )
        except BaseException:
            ours.close()
            raise
        self._line = ours
        return ours
