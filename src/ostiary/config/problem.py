"""What is wrong with a file: one value for each mistake, whoever finds it and whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from ostiary.errors import ConfigError

Path = tuple[str | int, ...]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text: line and column count from 1, width in characters on that line.

    `file` says in which of several files that are read as one: 0 is the first.
    """

    line: int
    column: int
    width: int = 1
    file: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake.

    Attributes:
        code: what `ostiary help` explains: C1xx shape, C2xx references, C3xx meaning, C4xx safety, C5xx environment.
        message: what was found, and what is the matter with it. Never a literal secret.
        mark: where; None when it is about the whole file.
        path: the field, as keys and positions.
        at: the field in words: `routes[0] "accounts-read" > authenticate > jwt`.
        suggestion: what was probably meant.
        remark: what to write under the place, when there is no suggestion.
        facts: further lines, as (label, text): known, allowed, note, example, help.
        lines: lines to show instead of the place itself, as (number, text).
        severity: an error stops the start, a warning does not.
    """

    code: str
    message: str
    mark: Mark | None = None
    path: Path = ()
    at: str = ""
    suggestion: str | None = None
    remark: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[tuple[int, str], ...] = ()
    severity: Severity = "error"

    def in_file(self, number: int) -> Self:
        """Return the problem as one of the file of that number."""
        return replace(self, mark=replace(self.mark or Mark(1, 1), file=number)) if number else self

    def as_json(self, file: str) -> dict[str, Any]:
        """Return the problem as a record for programs."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": file,
            "line": self.mark.line if self.mark else None,
            "column": self.mark.column if self.mark else None,
            "width": self.mark.width if self.mark else None,
            "at": self.at,
            "suggestion": self.suggestion,
            **dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Source:
    """The text that problems point into, fit to be shown: every literal secret in it is stars.

    Attributes:
        name: the file.
        lines: its lines.
        overlays: the files that are laid over it.
    """

    name: str
    lines: tuple[str, ...] = field(default=(), repr=False)
    overlays: tuple[Source, ...] = ()

    def of(self, mark: Mark | None) -> Source:
        """Return the file that a place is in."""
        return self.overlays[mark.file - 1] if mark is not None and mark.file else self

    def place(self, mark: Mark | None) -> str:
        """Return FILE:LINE:COLUMN, or the file alone."""
        name = self.of(mark).name
        return f"{name}:{mark.line}:{mark.column}" if mark is not None else name

    @property
    def names(self) -> str:
        """Every file: `base.yaml + production.yaml`."""
        return " + ".join((self.name, *(one.name for one in self.overlays)))


class ConfigInvalid(ConfigError):
    """The file has mistakes. All of them are here, sorted by position.

    Attributes:
        problems: the mistakes, and the warnings among them.
        source: the text they point into.
    """

    def __init__(self, problems: Iterable[Problem], source: Source) -> None:
        self.problems = in_order(problems)
        self.source = source
        first = next(problem for problem in self.problems if problem.severity == "error")
        super().__init__(f"{source.place(first.mark)}: {first.message} [{first.code}] ({count(self.problems)})")


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems by file and position; those about the whole file come first."""
    return tuple(sorted(problems, key=_position))


def _position(problem: Problem) -> tuple[int, int, int, str]:
    mark = problem.mark or Mark(0, 0)
    return mark.file, mark.line, mark.column, problem.code


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Return the ones that stop the start."""
    return [problem for problem in problems if problem.severity == "error"]


def count(problems: Sequence[Problem]) -> str:
    """Return `3 errors, 1 warning`, or `no problems`."""
    wrong = len(errors(problems))
    words = [
        f"{number} {word}{'s' if number > 1 else ''}"
        for number, word in ((wrong, "error"), (len(problems) - wrong, "warning"))
        if number
    ]
    return ", ".join(words) or "no problems"
