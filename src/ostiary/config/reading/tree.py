"""Plain data that remembers where everything stands. `nodes.py` makes it from YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ostiary.config.problem import Mark, Path, Problem


@dataclass(frozen=True, slots=True)
class Fraction:
    """A number with a fraction. The language has none, so it is a mistake wherever it stands."""

    text: str


@dataclass(slots=True, repr=False)  # what was read may hold what should not have been written
class Tree:
    """A document as plain data.

    Attributes:
        data: dicts, lists, strings, integers, booleans, fractions.
        keys: where the key of a path stands.
        values: where its value begins.
        ends: the line and column behind its last character.
        texts: how a scalar was written.
        problems: what was refused on the way.
        refused: the paths that this was about; nothing more needs to be said of them.
        names: the files that it was read from, by the number that marks have.
    """

    data: Any = None
    keys: dict[Path, Mark] = field(default_factory=dict)
    values: dict[Path, Mark] = field(default_factory=dict)
    ends: dict[Path, tuple[int, int]] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)
    names: tuple[str, ...] = ()

    def line(self, path: Path) -> str:
        """Return where something stands, in words: `line 7`, or `line 7 of production.yaml`."""
        mark = self.values[path] if path and isinstance(path[-1], int) else self.keys[path]
        return f"line {mark.line}" + (f" of {self.names[mark.file]}" if mark.file else "")

    def mark(self, path: Path) -> Mark | None:
        """Return where a path stands: its key, or for an item of a list its beginning."""
        while path and path not in self.keys and path not in self.values:
            path = path[:-1]
        return self.keys.get(path) or self.values.get(path)


def at(path: Path, data: Any) -> str:
    """Return a path in words: `routes[0] "accounts-read" > match > path`."""
    words: list[str] = []
    for position, step in enumerate(path):
        data = _below(data, step)
        if isinstance(step, int) and words:
            words[-1] += f"[{step}]"
            if position == 1 and isinstance(data, dict) and isinstance(data.get("name"), str):
                words[-1] += f' "{data["name"]}"'
        else:
            words.append(str(step))
    return " > ".join(words)


def _below(data: Any, step: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return None
