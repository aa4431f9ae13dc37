"""The status of a gateway as text. A function of the facts, in the words of the status page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ostiary.admin.rows import Table, Urgent, numbers, since, state, tables, troubles
from ostiary.cli.terminal import harmless

_BOLD, _YELLOW, _PLAIN = "\x1b[1m", "\x1b[33m", "\x1b[0m"


def shown(facts: dict[str, Any], *, colour: bool) -> str:
    """Return the facts of `/status.json` as lines; what is urgent has a mark of its own, and not only a colour."""
    lines = ((style, harmless(text)) for style, text in _lines(facts))
    return "\n".join(f"{style}{text}{_PLAIN}" if colour and style else text for style, text in lines)


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield _BOLD, f"Ostiary {facts['version']} is {state(facts)}"
    yield "", since(facts)
    yield "", ", ".join(f"{value} {word}" for word, value in numbers(facts))
    yield from ((_YELLOW, f"! {one}") for one in troubles(facts))
    for table in tables(facts):
        yield "", ""
        yield _BOLD, table.title
        yield from _drawn(table)


def _drawn(table: Table) -> Iterator[tuple[str, str]]:
    every: list[Sequence[str]] = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for cells in every:
        urgent = any(isinstance(cell, Urgent) for cell in cells)
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        yield (_YELLOW, f"! {line}") if urgent else ("", f"  {line}")
