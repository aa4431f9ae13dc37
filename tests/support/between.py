"""A TCP proxy that a test lets behave badly: it delays, resets, and gives half an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Between:
    """What stands between two ends now.

    Attributes:
        delay: seconds before an answer is passed on.
        most: octets of an answer that are passed on before the connection is reset; None for all.
        deaf: connections are reset at once, and those that there are with the next answer.
        taken: how many connections were accepted.
    """

    port: int = 0
    delay: float = 0.0
    most: int | None = None
    deaf: bool = False
    taken: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.taken += 1
        far = None
        try:
            if not self.deaf:
                answers, far = await asyncio.open_connection("127.0.0.1", target)
                ways = asyncio.gather(self._ask(reader, far), self._answer(answers, writer))
                try:
                    await ways
                finally:
                    ways.cancel()
        except (OSError, _Cut, asyncio.CancelledError):
            pass
        finally:
            for end in filter(None, (writer, far)):
                end.transport.abort()
            self._tasks.discard(task)

    async def aclose(self) -> None:
        """End every connection."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            far.write(data)
        raise _Cut

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await answers.read(65536):
            await asyncio.sleep(self.delay)
            if self.deaf:
                break
            if self.most is not None:
                writer.write(data[: self.most])
                with suppress(ConnectionError):
                    await writer.drain()
                break
            writer.write(data)
        raise _Cut


class _Cut(Exception):
    """The connection ends here."""


@asynccontextmanager
async def between(target: int) -> AsyncIterator[Between]:
    """Stand before a port of this machine."""
    one = Between()
    server = await asyncio.start_server(lambda reader, writer: one.carry(target, reader, writer), "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await one.aclose()
