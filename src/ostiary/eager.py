"""Coroutines that are run at once, and become a task only when they have to wait.

Most requests never wait: everything they need is in memory. A task for each would cost more than the
whole pipeline. So the first steps are taken by hand; what waits goes on as a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


def begin(begun: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop) -> asyncio.Task[None] | None:
    """Run a coroutine up to where it first waits; from there on it is a task. Not to be called within a task.

    Returns:
        The task, or None when the coroutine has ended.
    """
    try:
        awaited = begun.send(None)
    except StopIteration:
        return None
    return loop.create_task(_Begun(begun, awaited))


@coroutine
def in_a_task() -> Generator[None, None, None]:
    """Go on as a task: for what wants to know its task, such as `asyncio.timeout` and anyio.

    To be awaited in front of it by whatever may run within `begin`. Costs nothing in a task.
    """
    if asyncio.current_task() is None:
        yield


class _Begun(Coroutine[Any, Any, None]):
    """The rest of a coroutine that was begun by hand, as a task drives it."""

    __slots__ = ("_awaited", "_coroutine", "_first")

    def __init__(self, begun: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = begun
        self._awaited = awaited
        self._first = True

    def send(self, value: None) -> Any:
        """Hand over what the coroutine waits for already; from then on, go on with it."""
        if self._first:
            self._first = False
            return self._awaited
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Pass it on. A task cancelled before it began cancels what it awaits, as it would later."""
        if self._first:
            self._first = False
            if self._awaited is not None:
                self._awaited.cancel()
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Pass it on."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        """A task drives it; nobody awaits it."""
        raise NotImplementedError
