"""What travels on the line to Redis, what carries it, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Command: TypeAlias = tuple[bytes | str | int, ...]


class Connection(Protocol):
    """A connection that is believed.

    Attributes:
        since: from when on the server remembers everything, epoch seconds.
    """

    since: float

    async def trip(self, commands: Sequence[Command]) -> list[Any]:
        """Return what the server says to each; a refusal stands among the answers.

        Raises:
            OSError: the connection has broken.
        """

    async def aclose(self) -> None:
        """End it."""


Connect: TypeAlias = Callable[[], Awaitable[Connection]]


@dataclass(slots=True, eq=False)
class Question:
    """A command, and who waits for its answer."""

    command: Command
    answer: asyncio.Future[Any]
    again: bool = False


@dataclass(slots=True)
class Tally:
    """What became of the questions.

    Attributes:
        answered, failed: how many.
        trips, seconds: how many trips there were, and how long they took together.
        connected: how often a connection was made.
        alone: how often somebody was counted here because it is away.
    """

    answered: int = 0
    failed: int = 0
    trips: int = 0
    seconds: float = 0.0
    connected: int = 0
    alone: int = 0
