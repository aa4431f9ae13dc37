"""A call, repeated and timed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

REPEATS: Final = 7
ENOUGH: Final = 0.05
"""CPU seconds that one repeat takes, at least."""


def step(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that does not suspend, as an event loop would, less the loop.

    Raises:
        RuntimeError: it suspends, so that what would be timed is not what it does.
    """
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("it waits for something: nothing on the hot path may")


def microseconds(call: Callable[[], object]) -> float:
    """Return the CPU time of one call: the best of REPEATS, because noise only ever adds."""
    times = 1
    while _seconds(call, times) < ENOUGH:
        times *= 2
    return min(_seconds(call, times) for _ in range(REPEATS)) / times * 1e6


def _seconds(call: Callable[[], object], times: int) -> float:
    gc.collect()
    gc.disable()
    try:
        begun = time.process_time()
        for _ in range(times):
            call()
        return time.process_time() - begun
    finally:
        gc.enable()
