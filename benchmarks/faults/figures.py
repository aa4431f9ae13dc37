"""A figure: what was to hold, what held, and the word for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Word = Literal["met", "missed", "skipped"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: was looked at.
        target: what is to hold.
        measured: what held; for what was skipped, why.
        word: the verdict.
        timing: the figure depends on how busy the machine is; a test does not fail for it.
    """

    what: str
    target: str
    measured: str
    word: Word
    timing: bool = False


def at_most(what: str, value: float, bound: float, unit: str, *, slack: float = 0.0, timing: bool = False) -> Figure:
    """Return a figure that must not exceed a bound.

    Args:
        what: was looked at.
        value: what it is.
        bound: what it may be.
        unit: of both.
        slack: how far above the bound is still met, since clocks tick; in the same unit.
        timing: the figure depends on how busy the machine is.
    """
    word: Word = "met" if value <= bound + slack else "missed"
    told = f" (+{slack:g})" if slack else ""
    return Figure(what, f"<= {_number(bound)} {unit}{told}".rstrip(), f"{_number(value)} {unit}".rstrip(), word, timing)


def exactly(what: str, value: object, wanted: object) -> Figure:
    """Return a figure that must be one value."""
    return Figure(what, str(wanted), str(value), "met" if value == wanted else "missed")


def skipped(what: str, target: str, reason: str) -> Figure:
    """Return a figure that cannot be had, and why."""
    return Figure(what, target, reason, "skipped")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"
