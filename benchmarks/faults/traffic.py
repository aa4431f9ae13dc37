"""Callers who do everything right, at a fixed rate, while something else goes wrong."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from benchmarks.load.clients import Caller, Connection
from benchmarks.load.said import percentile

PATIENCE: Final = 30.0
"""Seconds that a caller waits for an answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request.

    Attributes:
        due: when it was to be made; seconds of the loop's clock.
        seconds: from then to the whole answer, or to the failure.
        status: of the answer; 0 without one.
        failure: what happened instead of an answer.
    """

    due: float
    seconds: float
    status: int
    failure: str = ""


@dataclass(slots=True)
class Traffic:
    """What callers have seen so far.

    Attributes:
        caller: the right one.
        path: what is asked for.
        tokens: makes the token of the next request; by default the caller's.
        seen: in the order in which it ended.
    """

    caller: Caller
    path: str = "/small"
    tokens: Callable[[], str | None] | None = None
    seen: list[Seen] = field(default_factory=list)
    _free: deque[Connection] = field(default_factory=deque)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, rate: float) -> None:
        """Ask at a fixed rate, until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += 1 / rate
            await asyncio.sleep(due - loop.time())
            task = loop.create_task(self._one(due))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _one(self, due: float) -> None:
        status, failure = 0, ""
        try:
            async with asyncio.timeout(PATIENCE):
                connection = await self._connection()
                if self.tokens is not None:
                    connection.token = self.tokens()
                answer = await connection.ask(self.path)
            status = answer.status
            if answer.headers.get("connection", "").lower() == "close":
                connection.abort()
            else:
                self._free.append(connection)
        except (OSError, EOFError, ValueError) as error:
            failure = repr(error)
        self.seen.append(Seen(due, time.monotonic() - due, status, failure))  # a loop's clock counts milliseconds

    async def _connection(self) -> Connection:
        """Return a kept connection that the gateway has not ended, as a caller would, or a new one."""
        while self._free:
            connection = self._free.popleft()
            if connection.open:
                return connection
            connection.abort()
        return await self.caller.connect()

    @property
    def under_way(self) -> tuple[asyncio.Task[None], ...]:
        """The requests that have not been answered yet."""
        return tuple(self._tasks)

    async def end(self) -> None:
        """Wait for what is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
        while self._free:
            self._free.pop().abort()

    def statuses(self) -> Counter[int]:
        """Return how often each status was seen; 0 is no answer."""
        return Counter(one.status for one in self.seen)

    def failed(self) -> int:
        """Return how many requests did not get a 200."""
        return sum(one.status != 200 for one in self.seen)

    def told(self) -> str:
        """Return the failures in a few words."""
        return "; ".join(sorted({f"{one.status} {one.failure}".strip() for one in self.seen if one.status != 200})[:3])

    def p99(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the p99 of what was due within that time; seconds."""
        return percentile(sorted(one.seconds for one in self.seen if since <= one.due < until) or [0.0], 0.99)


@asynccontextmanager
async def traffic(
    caller: Caller, rate: float, path: str = "/small", tokens: Callable[[], str | None] | None = None
) -> AsyncIterator[Traffic]:
    """Let good callers work while the block runs."""
    going = Traffic(caller, path, tokens)
    task = asyncio.create_task(going.run(rate))
    try:
        yield going
    finally:
        task.cancel()
        await asyncio.wait({task})
        await going.end()
    if task.done() and not task.cancelled() and (error := task.exception()):
        raise error


async def quiet(caller: Caller, rate: float, seconds: float) -> Traffic:
    """Return what good callers see while nothing else goes on."""
    async with traffic(caller, rate) as going:
        await asyncio.sleep(seconds)
    return going
