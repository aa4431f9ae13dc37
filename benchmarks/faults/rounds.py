"""A machine that does something else as well makes figures worse, never better: the best of some rounds counts.

Only for figures of time. What must hold must hold in each round.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmarks.faults.figures import Figure

Play = Callable[[], list[Figure]]


def best_of(play: Play, rounds: int, end: float) -> list[Figure]:
    """Play a scenario, and again while nothing but figures of time are missed.

    Args:
        play: plays it once.
        rounds: how often at most.
        end: when there is no time for another round, on the monotonic clock.
    """
    begun = time.monotonic()
    best = play()
    took = time.monotonic() - begun
    for number in range(2, rounds + 1):
        if not _worth_another(best) or time.monotonic() + took > end:
            break
        best = merged(best, play(), number)
    return best


def merged(before: Iterable[Figure], now: Iterable[Figure], number: int) -> list[Figure]:
    """Return the better of each figure of time, the worse of each other one.

    Args:
        before: of the rounds so far.
        now: of one more, in the same order.
        number: of that one.
    """
    found = {figure.what: figure for figure in now}
    return [_of_two(figure, found.get(figure.what, figure), number) for figure in before]


def _of_two(before: Figure, now: Figure, number: int) -> Figure:
    counts = "met" if before.timing else "missed"
    if before.word == counts or now.word != counts:
        return before
    return replace(now, measured=f"{now.measured} (round {number})")


def _worth_another(figures: list[Figure]) -> bool:
    missed = [figure for figure in figures if figure.word == "missed"]
    return bool(missed) and all(figure.timing for figure in missed)
