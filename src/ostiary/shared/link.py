"""The one line of a process to Redis.

    asked -> queue -> one trip at a time, with everybody who waits -> answered
                      trip fails -> away: whoever asks is refused at once -> connect, with pauses -> here

While Redis is away nobody waits for it: the first who notices pays the time-out, and everybody else is told at once.
What waits when a connection breaks goes with the next one, once; so whoever asks must be able to ask twice.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

import structlog

from ostiary.errors import ConfigError, GatewayError, SharedUnavailable
from ostiary.shared.question import Connect, Connection, Question, Tally

log = structlog.get_logger("ostiary.shared")

_MOST: Final = 4096
_TOGETHER: Final = 256
_PULSE: Final = 5.0
"""Seconds of silence after which the server is asked whether it is there."""
_SLOWEST: Final = 10.0
"""Longest pause between two tries to connect, in seconds."""
HANDSHAKE: Final = 4
"""Time-outs that a connection may take to be made: TLS, login and two questions."""


@dataclass(slots=True, eq=False)
class Link:
    """The line; a part of the gateway.

    Attributes:
        name: of the part.
        connect: makes a connection, and judges whether it can be believed.
        timeout: seconds that one trip may take.
        handshake: time-outs that a connection may take to be made.
        tally: what became of the questions.
        failure: why it is away, "" while it is here.
    """

    connect: Connect
    timeout: float
    handshake: int = HANDSHAKE
    name: str = "redis"
    tally: Tally = field(default_factory=Tally)
    failure: str = "not connected yet"
    since: float = 0.0
    _queue: deque[Question] = field(default_factory=deque, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _tried: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _keeper: asyncio.Task[None] | None = field(default=None, init=False)
    _next: float = field(default=0.0, init=False)
    _left: bool = field(default=False, init=False)

    @property
    def here(self) -> bool:
        """Whether it answers."""
        return not self.failure

    async def start(self) -> None:
        """Connect; when that does not work now, go on trying.

        Raises:
            ConfigError: it can never work as configured.
        """
        self._keeper = asyncio.create_task(self._keep())
        tried = asyncio.ensure_future(self._tried.wait())
        await asyncio.wait((tried, self._keeper), return_when=asyncio.FIRST_COMPLETED)
        tried.cancel()
        if self._keeper.done():
            self._keeper.result()

    async def aclose(self) -> None:
        """End the connection; whoever waits is refused."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        self._refuse("the gateway is stopping")

    async def ask(self, *command: bytes | str | int) -> Any:
        """Return the server's answer to one command. It may reach the server twice.

        Raises:
            SharedUnavailable: there is none in time, or a refusal.
        """
        if self.failure:
            self.tally.failed += 1
            raise self._refusal()
        if len(self._queue) >= _MOST:
            raise SharedUnavailable("too many questions wait", retry_after=1)
        question = Question(command, asyncio.get_running_loop().create_future())
        self._queue.append(question)
        self._wake.set()
        return await question.answer

    def leave(self, why: str) -> None:
        """Give the connection up, though it works: whoever asks is refused until there is another one.

        Args:
            why: for the log and those who are refused.
        """
        self._left = True
        self._away(why)
        self._wake.set()

    def _refusal(self) -> SharedUnavailable:
        left = self._next - asyncio.get_running_loop().time()
        return SharedUnavailable(self.failure, retry_after=max(1, ceil(left)))

    # --- keeping it up -------------------------------------------------------------------------

    async def _keep(self) -> None:
        """Connect, carry, and connect again, until it is cancelled."""
        failures = 0
        while True:
            connection = await self._connected()
            if connection is None:
                failures += 1
                await self._pause(failures)
                continue
            failures = 0
            try:
                await self._carry(connection)
            finally:
                with suppress(Exception):  # it is broken, and says so in many ways
                    await connection.aclose()

    async def _pause(self, failures: int) -> None:
        pause = min(0.25 * 2.0 ** min(failures, 8), _SLOWEST) * random.uniform(0.5, 1.0)  # noqa: S311 - spread only
        self._next = asyncio.get_running_loop().time() + pause
        await asyncio.sleep(pause)

    async def _connected(self) -> Connection | None:
        """Return a connection; None when there is none to be had now."""
        try:
            async with asyncio.timeout(self.handshake * self.timeout):
                connection = await self.connect()
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - a server may say what nobody expects: the trying goes on
            self._away(error.detail if isinstance(error, GatewayError) else _named(error))
            return None
        finally:
            self._tried.set()
        self._here(connection)
        return connection

    def _here(self, connection: Connection) -> None:
        if self.failure:
            log.info("redis answers", remembers_since=connection.since)
        self.failure, self.since, self._left = "", connection.since, False
        self.tally.connected += 1

    def _away(self, why: str) -> None:
        if why != self.failure:
            log.error("redis is away: what needs it is refused", why=why)
        self.failure = why
        self._refuse(why)

    def _refuse(self, why: str) -> None:
        waiting, self._queue = self._queue, deque()
        self._lose(waiting, why)

    def _lose(self, questions: Iterable[Question], why: str) -> None:
        for question in questions:
            self._fail(question, why)

    def _fail(self, question: Question, why: str) -> None:
        self.tally.failed += 1
        if not question.answer.done():
            question.answer.set_exception(SharedUnavailable(why, retry_after=1))

    # --- carrying ------------------------------------------------------------------------------

    async def _carry(self, connection: Connection) -> None:
        """Make trips until one fails, or the connection is given up."""
        while not self._left:
            await self._wait()
            batch = [self._queue.popleft() for _ in range(min(_TOGETHER, len(self._queue)))]
            if not await self._trip(connection, batch):
                return

    async def _wait(self) -> None:
        """Return when somebody asks, or nobody has for a while."""
        if not self._queue:
            self._wake.clear()
            with suppress(
                TimeoutError
            ):  # not `wait_for`: until CPython 3.12 it forgets a cancellation that meets the answer
                async with asyncio.timeout(_PULSE):
                    await self._wake.wait()

    async def _trip(self, connection: Connection, batch: list[Question]) -> bool:
        """Carry questions there and answers back. False: the connection is of no use any more."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self.timeout):
                answers = await connection.trip([one.command for one in batch] or [("PING",)])
        except asyncio.CancelledError:
            self._lose(batch, "the gateway is stopping")
            raise
        except Exception as error:  # noqa: BLE001 - OSError, or a bug, of which nobody must wait for the end
            self._broken(batch, error)
            return False
        self.tally.trips += 1
        self.tally.seconds += loop.time() - began
        return self._answered(batch, answers)

    def _broken(self, batch: list[Question], error: Exception) -> None:
        """A connection that broke is made anew, once; a server that hangs is not asked again."""
        why, broke = _named(error), isinstance(error, ConnectionError)
        again = [one for one in batch if broke and not one.again]
        self._lose((one for one in batch if one not in again), why)
        for question in reversed(again):
            question.again = True
            self._queue.appendleft(question)
        if not broke:
            self._away(why)

    def _answered(self, batch: list[Question], answers: list[Any]) -> bool:
        refusals = [one for one in answers if isinstance(one, Exception)]
        for question, answer in zip(batch, answers, strict=False):
            if isinstance(answer, Exception):
                self._fail(question, f"refused: {_word(answer)}")
            elif not question.answer.done():
                self.tally.answered += 1
                question.answer.set_result(answer)
        if refusals:
            self._away(f"refused: {_word(refusals[0])}")
        return not refusals


def _named(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) if isinstance(error, ConnectionError) and str(error) else type(error).__name__


def _word(error: Exception) -> str:
    """Return the server's word for a refusal, which has no secret in it: READONLY, OOM, NOPERM."""
    word = str(error).partition(" ")[0]
    return word if word.isupper() else type(error).__name__
