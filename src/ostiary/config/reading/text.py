"""From octets to YAML nodes, or to the one thing that keeps them from being YAML."""

from __future__ import annotations

import re
import warnings
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import Node

from ostiary.config.problem import Mark, Problem

LARGEST: Final = 2 << 20
MOST_ALIASES: Final = 100

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
_ALIAS: Final = re.compile(r"(?:^|[\s\[,:-])\*[A-Za-z0-9_-]+")

# What the reader says, and what a person would say.
_SENTENCES: Final = (
    ("mapping values are not allowed", "a second ':' on one line: put text with ': ' in quotes, or check the indent"),
    ("expected <block end>", "this line is not indented like the ones it belongs to"),
    ("expected ',' or ']'", "a list that was opened with [ is not closed, or lacks a comma"),
    ("expected ',' or '}'", "a block that was opened with { is not closed, or lacks a comma"),
    ("could not find expected ':'", "a key without ': ' and a value"),
    ("unexpected end of stream", "a quote that was opened is not closed"),
    ("undefined alias", "this alias has no anchor before it"),
    ("expected a single document", "there is a second document; a file holds one"),
    ("expected the node content", "a value is missing before this"),
    ("did not find expected <document start>", "this stands outside the document: check the indent"),
    ("unknown escape character", "an unknown escape in a text in double quotes: write \\\\ or use single quotes"),
    ("undefined tag handle", "tags are not accepted"),
)


def read(data: bytes) -> tuple[str, Problem | None]:
    """Return the text of a file, and what is wrong with it as text."""
    if len(data) > LARGEST:
        return "", Problem("C110", f"the file is larger than {LARGEST >> 20} MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        mark = _mark_at(data[: error.start].decode("utf-8"), error.start)
        return "", Problem("C116", "the file is not UTF-8", mark, facts=(("help", "save it as UTF-8"),))
    text = text.removeprefix("\ufeff")
    if control := _CONTROL.search(text):
        mark = _mark_at(text, control.start())
        return text, Problem("C116", f"there is a control character, U+{ord(control[0]):04X}", mark)
    return text, None


def _mark_at(text: str, index: int) -> Mark:
    before = text[:index]
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def compose(text: str) -> Node | Problem:
    """Return the document of a text as nodes, or why it has none."""
    if len(_ALIAS.findall(text)) > MOST_ALIASES:
        return Problem("C110", f"the file has more than {MOST_ALIASES} aliases")
    reader = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ReusedAnchorWarning)
            node: Node | None = reader.compose(text)
    except RecursionError:
        return Problem("C110", "the file is nested too deep")
    except MarkedYAMLError as error:
        return _not_yaml(text, error)
    except ReusedAnchorWarning:
        return Problem("C118", "an anchor is defined twice")
    except (YAMLError, ValueError):
        return Problem("C100", "this cannot be read as YAML")
    return node or Problem("C115", "the file is empty", facts=(("help", "a file begins with `version: 1`"),))


def _not_yaml(text: str, error: MarkedYAMLError) -> Problem:
    """Return a syntax error in our words. The reader's own are never shown: they may quote the file."""
    said = f"{error.context or ''} {error.problem or ''}"
    unclosed_quote = "end of stream" in said and error.context_mark
    where = error.context_mark if unclosed_quote else error.problem_mark or error.context_mark
    lines = text.split("\n")
    line, column = (where.line, where.column) if where else (0, 0)
    line, column = _in_text(lines, line, column)
    mark = Mark(line + 1, column + 1)
    if lines[line][column : column + 1] == "\t" or re.match(r" *\t", lines[line]):
        tab = Mark(line + 1, lines[line].index("\t") + 1)
        return Problem("C106", "a tab where YAML wants spaces", tab, facts=(("help", "indent with spaces"),))
    if "undefined alias" in said or "undefined tag handle" in said:
        return Problem("C109" if "tag" in said else "C118", _sentence(said), mark)
    if "single document" in said:
        return Problem("C115", _sentence(said), mark)
    opened = error.context_mark
    unclosed = "stream end" in said or "end of stream" in said or "expected ','" in said
    facts = (("opened", f"line {opened.line + 1}, column {opened.column + 1}"),) if opened and unclosed else ()
    return Problem("C100", _sentence(said), mark, facts=facts)


def _in_text(lines: list[str], line: int, column: int) -> tuple[int, int]:
    """Return a position that exists: the end of the text is the end of its last line with anything on it."""
    if line < len(lines) and (lines[line].strip() or column):
        return line, column
    while line >= len(lines) or (line > 0 and not lines[line].strip()):
        line -= 1
    return line, max(len(lines[line].rstrip()) - 1, 0)


def _sentence(said: str) -> str:
    if "cannot start any token" in said:
        return "this character cannot begin a value: put the text in quotes"
    return next((ours for theirs, ours in _SENTENCES if theirs in said), "this cannot be read as YAML")
