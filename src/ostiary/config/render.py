"""How problems are shown: to people, to programs, to GitHub. One renderer, whoever asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ostiary.config.problem import Mark, Problem, Source, count, errors

Format = Literal["human", "json", "github", "sarif"]
_BEFORE: Final = 2
_CODE_WIDTH: Final = 75
_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Look:
    """How to draw: with colour, and with more than ASCII. Neither bears a meaning of its own.

    Attributes:
        colour, unicode: whether there are these.
        width: of the terminal, in columns; 0 where there is none.
    """

    colour: bool = False
    unicode: bool = True
    width: int = 0

    def paint(self, text: str, colour: str) -> str:
        """Return a text in a colour, where there are colours."""
        return f"{colour}{text}{_PLAIN}" if self.colour else text

    @property
    def bar(self) -> str:
        """The line between numbers and text."""
        return "\u2502" if self.unicode else "|"


def render(problems: Sequence[Problem], source: Source, form: Format = "human", look: Look | None = None) -> str:
    """Return problems as text.

    Args:
        problems: sorted by position.
        source: what they point into, with stars over its secrets.
        form: for people, or for which program.
        look: how to draw for people; plain by default.
    """
    forms: dict[str, Callable[[], str]] = {
        "human": lambda: human(problems, source, look or Look(unicode=False)),
        "json": lambda: json.dumps(as_json(problems, source), indent=2),
        "github": lambda: "\n".join(_github(problem, source) for problem in problems),
        "sarif": lambda: json.dumps(as_sarif(problems, source), indent=2),
    }
    return forms[form]()


def human(problems: Sequence[Problem], source: Source, look: Look) -> str:
    """Return problems for people: what, where, what was meant, what to do."""
    parts = [f"{source.names}: {count(problems)}"]
    parts += ["\n".join(_one(problem, source, look)) for problem in problems]
    if wrong := errors(problems):
        parts.append(f"Nothing was started. `ostiary help {wrong[0].code}` explains a code.")
    return "\n\n".join(parts)


def _one(problem: Problem, source: Source, look: Look) -> Iterator[str]:
    kind = f"{problem.severity}[{problem.code}]"
    place = source.place(problem.mark)
    colour = _RED if problem.severity == "error" else _YELLOW
    used = len(kind) + 1 + len(problem.message)
    said = f"{look.paint(kind, colour)} {look.paint(_printable(problem.message), _BOLD)}"
    column = min(_CODE_WIDTH + 1, (look.width or sys.maxsize) - len(place))
    if look.width and used + 2 > column:
        yield said
        yield f"  --> {place}"
    else:
        yield f"{said}{' ' * max(2, column - used)}{place}"
    yield from _snippet(problem, source.of(problem.mark), look)
    for label, text in (("at", problem.at), *problem.facts):
        if text:
            yield f"     = {label:<7} {_printable(text)}"


def _snippet(problem: Problem, source: Source, look: Look) -> Iterator[str]:
    if problem.lines:
        yield from (f"{number:>4} {look.bar} {_printable(text)}" for number, text in problem.lines)
        return
    mark = problem.mark
    if mark is None or not 0 < mark.line <= len(source.lines):
        return
    for number in _context(source, mark):
        yield f"{number:>4} {look.bar} {_printable(source.lines[number - 1])}"
    line = source.lines[mark.line - 1]
    shown = line[mark.column - 1 :]
    width = len("******") if shown.startswith("******") else max(1, min(mark.width, len(shown)))
    remark = _meant(problem) or problem.remark
    pad = "".join("\t" if character == "\t" else " " for character in line[: mark.column - 1])
    yield f"     {look.bar} {pad}{look.paint('^' * width, _BLUE)} {_printable(remark)}".rstrip()


def _meant(problem: Problem) -> str:
    """Return the guess as a question, quoted once."""
    if problem.suggestion is None:
        return ""
    quoted = problem.suggestion if problem.suggestion.startswith('"') else f"'{problem.suggestion}'"
    return f"did you mean {quoted}?"


def _context(source: Source, mark: Mark) -> Iterator[int]:
    """Return the numbers of the lines to show: the place, and the less indented lines it belongs to."""
    shown = [mark.line]
    indent = _indent(source.lines[mark.line - 1])
    for number in range(mark.line - 1, max(0, mark.line - 12), -1):
        line = source.lines[number - 1]
        if len(shown) > _BEFORE or indent == 0:
            break
        if line.strip() and not line.lstrip().startswith("#") and _indent(line) < indent:
            shown.append(number)
            indent = _indent(line)
    yield from reversed(shown)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _printable(text: str) -> str:
    """Return a text that moves no cursor: what a terminal would obey is shown as its number."""
    return "".join(letter if letter.isprintable() or letter == "\t" else f"\\x{ord(letter):02x}" for letter in text)


def as_json(problems: Sequence[Problem], source: Source) -> dict[str, Any]:
    """Return problems as one document."""
    wrong = len(errors(problems))
    return {
        "file": source.name,
        "overlays": [one.name for one in source.overlays],
        "ok": not wrong,
        "errors": wrong,
        "warnings": len(problems) - wrong,
        "problems": [problem.as_json(source.of(problem.mark).name) for problem in problems],
    }


def _github(problem: Problem, source: Source) -> str:
    """Return a workflow command that marks the line in a pull request."""
    mark = problem.mark or Mark(1, 1)
    file = _property(source.of(mark).name)
    place = f"file={file},line={mark.line},col={mark.column},endColumn={mark.column + mark.width}"
    text = f"{problem.message} {_meant(problem)}".rstrip()
    return f"::{problem.severity} {place},title={problem.code}::{_escaped(text)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Sequence[Problem], source: Source) -> dict[str, Any]:
    """Return problems in SARIF 2.1.0, which code scanners read."""
    rules = [{"id": code} for code in dict.fromkeys(problem.code for problem in problems)]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "ostiary", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": [_sarif(problem, source) for problem in problems],
            }
        ],
    }


def _sarif(problem: Problem, source: Source) -> dict[str, Any]:
    mark = problem.mark or Mark(1, 1)
    region = {"startLine": mark.line, "startColumn": mark.column, "endColumn": mark.column + mark.width}
    return {
        "ruleId": problem.code,
        "level": problem.severity,
        "message": {"text": problem.message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": source.of(mark).name}, "region": region}}],
    }
