"""What stands in the pages of the documentation: their blocks, and the commands of ours that they name."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md"), *ROOT.glob("*/README.md")]
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(ostiary [^`]+)`")
INDENTED = re.compile(r"^(?: {4}|\$ |# +)(?:\S.*\| )?(ostiary .*)$", re.MULTILINE)
ENDS = ("|", "||", "&", "&&", ";", ">", ">>", "<", ">&", "2>")


@dataclass(frozen=True, slots=True)
class Place:
    """Something that a page says.

    Attributes:
        page: its path, from the root of the tree.
        line: where it begins, from 1.
        text: what stands there.
    """

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def named(path: Path) -> str:
    """Return a file's path from the root of the tree."""
    return str(path.relative_to(ROOT))


def blocks(language: str, pages: list[Path]) -> list[Place]:
    """Return the fenced blocks of a language."""
    found = []
    for page in pages:
        text = page.read_text()
        hits = (hit for hit in BLOCK.finditer(text) if hit[1] == language)
        found += [Place(named(page), text.count("\n", 0, hit.start(2)) + 1, hit[2]) for hit in hits]
    return found


def commands() -> list[Place]:
    """Return what the pages, the comments of files and the texts of the program tell somebody to type."""
    files = [*PAGES, *(ROOT / "examples").glob("*.yaml"), *(ROOT / "config").glob("*.yaml")]
    found = [one for path in files for one in _written(named(path), path.read_text())]
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "`ostiary " in node.value:
                found += [Place(named(path), node.lineno, one.text) for one in _inline("", node.value)]
    return found


def _written(page: str, text: str) -> Iterator[Place]:
    yield from _inline(page, text)
    for hit in INDENTED.finditer(text):
        yield Place(page, text.count("\n", 0, hit.start(1)) + 1, re.split(r" {2,}|\s#\s", hit[1])[0])


def _inline(page: str, text: str) -> Iterator[Place]:
    for hit in INLINE.finditer(text):
        yield Place(page, text.count("\n", 0, hit.start(1)) + 1, hit[1])


def words(command: str) -> list[str]:
    """Return the words of the first command of a line, without the program's name."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    found = []
    for word in lexer:
        if word in ENDS:
            break
        found.append(word)
    return found[1:]
