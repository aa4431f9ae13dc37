"""From YAML nodes to plain data that remembers where everything stands.

The language is YAML 1.2 without its surprises: no tags, no merge keys, no empty values, no value that
another YAML version reads differently, every key once, and only as many aliases as a person writes.
What is refused is collected, so that the rest of the file can be judged in the same breath.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ostiary.config.messages.consequences import NOTES
from ostiary.config.problem import Mark, Path, Problem
from ostiary.config.reading.tree import Fraction, Tree

MOST_NODES: Final = 200_000
DEEPEST: Final = 32

_TRAPS: Final = re.compile(r"(?i:y|n|yes|no|on|off)")
_OWN_WORDS: Final = frozenset((("mode", "off"),))  # where `off` is a word of ours, every YAML gives us the same
_NULL: Final = re.compile(r"~|null|Null|NULL|")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOLEAN: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_TWO_WAYS: Final = re.compile(r"[-+]?(0[0-9]+|[0-9][0-9_]*_[0-9_]*|[0-9]+(:[0-5]?[0-9])+)")
_TAGGED: Final = re.compile(r"(?:&\S+\s+)?(![^\s,\]}]*)")  # no value without quotes begins with ! or &
_PLACE: Final = re.compile(r"(principal|request)\.\S+")


class TooMuch(Exception):
    """The document is larger, once its aliases are followed, than any real configuration."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark = mark


def tree_of(root: Node, text: str) -> Tree:
    """Return the tree of a document.

    Args:
        root: its nodes.
        text: what they were read from.

    Raises:
        TooMuch: it is too deep, too large, or an alias holds itself.
    """
    return _Builder(text).built(root)


class _Builder:
    def __init__(self, text: str) -> None:
        self.tree = Tree()
        self._lines = text.split("\n")
        self._nodes = 0

    def built(self, root: Node) -> Tree:
        self.tree.data = self._value(root, ())
        return self.tree

    def _value(self, node: Node, path: Path) -> Any:
        mark = mark_of(node)
        self._bound(mark, path)
        self.tree.values[path] = mark
        self.tree.ends[path] = (node.end_mark.line + 1, node.end_mark.column + 1)
        if tag := _TAGGED.match(self._lines[mark.line - 1], mark.column - 1):
            self._aside(node, path)
            self._refuse("C109", f"the tag {tag[1]} is not accepted", mark, path, help="write plain values")
            return None
        return self._grown(node, path, mark)

    def _grown(self, node: Node, path: Path, mark: Mark) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        return self._scalar(str(node.value), path, mark, quoted=bool(getattr(node, "style", None)))

    def _aside(self, node: Node, path: Path) -> None:
        """Note where everything of a refused value stands, so that it can be starred; say no more of it."""
        said, refused = len(self.tree.problems), set(self.tree.refused)
        self._grown(node, path, mark_of(node))
        del self.tree.problems[said:]
        self.tree.refused = refused

    def _bound(self, mark: Mark, path: Path) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise TooMuch(mark, f"the file has more than {MOST_NODES} values once its aliases are followed")
        if len(path) > DEEPEST:
            raise TooMuch(mark, f"the file is nested more than {DEEPEST} deep, or an alias holds itself")

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                self._value_aside(value_node, (*path, f"(refused at line {mark_of(key_node).line})"))
                continue
            here = (*path, key)
            if key in data or here in self.tree.refused:
                self._twice(key_node, here)
                self._value_aside(value_node, (*here, f"(again at line {mark_of(key_node).line})"))
                continue
            self.tree.keys[here] = mark_of(key_node)
            data[key] = self._value(value_node, here)
        return data

    def _value_aside(self, node: Node, path: Path) -> None:
        self.tree.values[path] = mark_of(node)
        self.tree.ends[path] = (node.end_mark.line + 1, node.end_mark.column + 1)
        self._aside(node, path)

    def _twice(self, node: Node, path: Path) -> None:
        first = self.tree.keys[path]
        self._refuse(
            "C105",
            f"{path[-1]!r} is written twice",
            mark_of(node),
            (*path, "(again)"),
            at=path,
            first=f"line {first.line}",
            note="other programs silently keep one of the two, and not all the same one",
        )

    def _key(self, node: Node, path: Path) -> str | None:
        mark = mark_of(node)
        if not isinstance(node, ScalarNode):
            self._refuse("C112", "a key is one word, not a list or a block", mark, (*path, "(key)"), at=path)
            return None
        text = str(node.value)
        if text == "<<" and not node.style:
            help_ = "write the keys out where they belong"
            self._refuse("C117", "the merge key << is not accepted", mark, (*path, text), at=path, help=help_)
            return None
        if node.style or not (_TRAPS.fullmatch(text) or isinstance(_plain(text), int) or _plain(text) is None):
            return text
        self.tree.keys.setdefault((*path, text), mark)
        self._trap(text, mark, (*path, text))
        return None

    def _sequence(self, node: SequenceNode, path: Path) -> list[Any]:
        return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]

    def _scalar(self, text: str, path: Path, mark: Mark, *, quoted: bool) -> Any:
        self.tree.texts[path] = text
        if quoted:
            return text
        own = bool(path) and (path[-1], text) in _OWN_WORDS
        if (_TRAPS.fullmatch(text) and not own) or _TWO_WAYS.fullmatch(text):
            self._trap(text, mark, path)
            return None
        value = _plain(text)
        if value is None:
            self._empty(mark, path)
        return value

    def _empty(self, mark: Mark, path: Path) -> None:
        name = repr(path[-1]) if path and isinstance(path[-1], str) else "an item of the list"
        note = NOTES.get(str(path[-1])) if path else None
        facts = {"note": note} if note else {}
        help_ = "write a value, indent what belongs to it, or leave it out"
        meant = f'"{{{path[-1]}}}"' if path and _PLACE.fullmatch(str(path[-1])) else None
        if meant:
            help_ = "text with a name in braces needs quotes, or YAML takes the braces for a block"
        self._refuse("C103", f"{name} is empty", self.tree.keys.get(path, mark), path, meant, **facts, help=help_)

    def _trap(self, text: str, mark: Mark, path: Path) -> None:
        self._refuse(
            "C108",
            f"{text} is read differently by YAML 1.1 and YAML 1.2",
            mark,
            path,
            suggestion=f'"{text}"',
            help=f'write "{text}" if the text is meant' + ("" if _TRAPS.fullmatch(text) else ", or the plain number"),
        )

    def _refuse(
        self, code: str, message: str, mark: Mark, path: Path, suggestion: str | None = None, **facts: Any
    ) -> None:
        at = facts.pop("at", path)
        self.tree.refused.add(path)
        texts = tuple((label.rstrip("_"), str(text)) for label, text in facts.items())
        self.tree.problems.append(Problem(code, message, mark, at, suggestion=suggestion, facts=texts))


def _plain(text: str) -> str | int | bool | Fraction | None:
    """Return what a scalar without quotes is (YAML 1.2.2, section 10.3.2)."""
    if _NULL.fullmatch(text):
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text, 0)
    return Fraction(text) if _FLOAT.fullmatch(text) else text


def mark_of(node: Node) -> Mark:
    """Return where a node stands, counted from 1; what spans lines is as wide as its first."""
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Mark(start.line + 1, start.column + 1, max(width, 1))
