"""A configuration of nginx as a tree of directives, as far as it takes to look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(
    r'#[^\n]*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[{};]|(?:\$\{|\\.|[^\s{};"\'#\\])+|\n|[^\S\n]+', re.DOTALL
)


@dataclass(slots=True)
class Directive:
    """One directive.

    Attributes:
        name, arguments: without quotes.
        line: where it stands, from 1.
        children: what its block holds.
        parent: whose block holds it, or None.
    """

    name: str
    arguments: tuple[str, ...]
    line: int
    parent: Directive | None = None
    children: list[Directive] = field(default_factory=list)

    def all(self, name: str) -> list[Directive]:
        """Return the directives of that name in the block itself."""
        return [one for one in self.children if one.name == name]

    def walk(self) -> Iterator[Directive]:
        """Return every directive below."""
        for one in self.children:
            yield one
            yield from one.walk()

    def effective(self, name: str) -> Directive | None:
        """Return the directive of that name that is in force here: the block's own, or one of a block around it."""
        block: Directive | None = self
        while block is not None:
            if found := block.all(name):
                return found[-1]
            block = block.parent
        return None


def parse(text: str) -> Directive:
    """Return the file as one block. What is not understood is left out: `nginx -t` judges the syntax."""
    root = block = Directive("", (), 0)
    words: list[str] = []
    line = begin = 1
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in ("{", ";") and words:
            made = Directive(words[0], tuple(words[1:]), begin, block)
            block.children.append(made)
            block = made if piece == "{" else block
            words = []
        elif piece == "}":
            block = block.parent or root
            words = []
        elif not piece.isspace() and not piece.startswith("#") and piece not in "{;":
            begin = line if not words else begin
            words.append(piece[1:-1] if piece[0] in "\"'" else piece)
        line += piece.count("\n")
    return root
